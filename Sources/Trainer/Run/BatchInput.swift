internal import Diffusion
internal import Torch

/// Samples of one size in one batch: noisy latents, times, targets and masks.
struct BatchInput {
  let samples: [TrainingSample]
  /// What the UNet is given, `[batch, channels, height, width]` in F32.
  let noisy: Tensor
  /// The noise or velocity, of the same shape.
  let target: Tensor
  /// `[batch]`.
  let times: Tensor
  /// `[batch, 1, height, width]`, 1 everywhere for samples without a mask; nil when none has one.
  let mask: Tensor?

  /// Puts samples together.
  init(_ samples: [TrainingSample], _ schedule: NoiseSchedule, on device: Device) throws {
    let clean = try Tensor.concatenated(samples.map(\.latents)).to(device)
    let times = samples.map { Double($0.time) }
    self.samples = samples
    noisy = try schedule.noisy(clean, noise: Tensor.concatenated(samples.map(\.noise.input)).to(device), times: times)
    target = try schedule.target(
      clean, noise: Tensor.concatenated(samples.map(\.noise.target)).to(device), times: times)
    self.times = try Tensor(times.map(Float.init)).to(device)
    mask = try Self.mask(samples, height: clean.size(2), width: clean.size(3), on: device)
  }

  private init(_ samples: [TrainingSample], _ noisy: Tensor, _ target: Tensor, _ times: Tensor, _ mask: Tensor?) {
    (self.samples, self.noisy, self.target, self.times, self.mask) = (samples, noisy, target, times, mask)
  }

  /// Masks at the latents' size, so that those of different pictures fit together.
  private static func mask(_ samples: [TrainingSample], height: Int, width: Int, on device: Device) throws -> Tensor? {
    guard samples.contains(where: { $0.mask != nil }) else { return nil }
    return try Tensor.concatenated(
      samples.map { sample in
        try sample.mask?.areaResized(height: height, width: width) ?? Tensor.ones([1, 1, height, width])
      }
    ).to(device)
  }

  /// Some of the samples.
  func selected(_ members: [Int]) throws -> BatchInput {
    if members.count == samples.count { return self }
    let rows = try Tensor(members.map(Int64.init)).to(noisy.device)
    return BatchInput(
      samples.picked(members), try noisy.selected(0, rows), try target.selected(0, rows), try times.selected(0, rows),
      try mask.map { try $0.selected(0, rows) })
  }

  private static let copyRows = Operator("aten::index_copy")

  /// A tensor with some rows replaced.
  func replacing(_ tensor: Tensor, at members: [Int], by rows: Tensor) throws -> Tensor {
    let places = try Tensor(members.map(Int64.init)).to(tensor.device)
    return try Self.copyRows(.tensor(tensor), .int(0), .tensor(places), .tensor(rows.to(tensor.scalarType)))
  }
}
