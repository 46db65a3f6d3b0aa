public import Torch

/// Where a model computes, and in which number format.
public struct Precision: Sendable, Hashable {
  /// The device.
  public let device: Device
  /// The format of the UNet and the text encoders.
  public let type: ScalarType

  /// Takes what is asked for, and chooses the rest for this machine.
  ///
  /// The first CUDA device comes before MPS, and both before the CPU. Both compute in F16; the CPU in BF16 where that is
  /// faster than F32 by half or more, as with AMX and AVX-512 BF16, else in F32.
  /// - Throws: ``DiffusionError`` for a device that is not there and for F16 on the CPU; `TorchError` without libtorch.
  public init(device: Device? = nil, type: ScalarType? = nil) throws {
    let devices = try Engine.shared.get().devices
    let device = device ?? devices.first ?? .cpu
    guard devices.contains(device) else {
      throw DiffusionError(
        "this libtorch has no device \(device) here; there are: \(devices.map(\.description).joined(separator: ", "))")
    }
    if let type, ![.f32, .bf16, .f16].contains(type) {
      throw DiffusionError("models compute in f32, bf16 or f16, not in \(type.rawValue)")
    }
    if device.kind == .cpu, type == .f16 {
      throw DiffusionError("the CPU does not compute in f16; take bf16 or f32")
    }
    self.device = device
    self.type = try type ?? (device.kind != .cpu ? .f16 : Self.cpuPrefersHalf() ? .bf16 : .f32)
  }

  /// The VAE's format.
  ///
  /// BF16 would show as bands in skies, and a VAE is a hundredth of the work: it computes in F32 beside it, and in F16
  /// only where it is known not to overflow.
  func vaeType(_ configuration: VAEConfiguration) -> ScalarType {
    type == .f16 && !configuration.needsRange ? .f16 : .f32
  }

  /// Whether a matrix product in BF16 takes less than two thirds of the time of one in F32.
  ///
  /// Measured, because every libtorch and every processor has its own answer: without instructions of its own BF16 is
  /// slower than F32 by far, with them faster by far. The best of three runs of some milliseconds each.
  private static func cpuPrefersHalf() throws -> Bool {
    func time(_ type: ScalarType) throws -> Duration {
      let matrix = try Tensor.full([640, 640], 0.5, type)
      _ = try matrix.matrixProduct(matrix)
      return try (0..<3).map { _ in try ContinuousClock().measure { _ = try matrix.matrixProduct(matrix) } }.min()
        ?? .zero
    }
    return try time(.bf16) * 3 < time(.f32) * 2
  }
}
