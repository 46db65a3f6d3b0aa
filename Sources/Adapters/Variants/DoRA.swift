/// The second step of DoRA: every vector of the changed weight gets a learned length.
///
/// `V = W + strength · ΔW`, `W'' = V · (strength · (m / ‖V‖ - 1) + 1)`: at strength 1 the vectors have the learned length
/// `m` exactly, at 0 the base model stays as it is. The factor is LyCORIS' (`apply_weight_decompose` with a multiplier);
/// there ΔW itself keeps its full strength, so that other strengths than 1 differ, and 0 would not be the base model.
package enum DoRA {
  /// Renormalises a weight in place.
  ///
  /// - Parameters:
  ///   - weight: `V`, `[outputs, channels · kernel]`, row after row.
  ///   - outputs: the output features.
  ///   - channels: the input channels.
  ///   - magnitudes: `m`, one for each output or each channel.
  ///   - axis: which of the two.
  ///   - strength: how much of the change is wanted. A vector of zeros stays zero.
  package static func renormalise<Number: BinaryFloatingPoint>(
    _ weight: inout [Number], outputs: Int, channels: Int, magnitudes: [Double], axis: MagnitudeAxis, strength: Double
  ) {
    guard outputs > 0, channels > 0 else { return }
    let width = weight.count / outputs
    let kernel = width / channels
    var squares = [Double](repeating: 0, count: magnitudes.count)
    for i in 0..<outputs {
      switch axis {
      case .outputs:
        var sum = 0.0
        for j in 0..<width { sum += Double(weight[i * width + j]) * Double(weight[i * width + j]) }
        squares[i] = sum
      case .inputs:
        for j in 0..<width { squares[j / kernel] += Double(weight[i * width + j]) * Double(weight[i * width + j]) }
      }
    }
    let factors = zip(squares, magnitudes).map { square, magnitude in
      square > 0 ? Number(strength * (magnitude / square.squareRoot() - 1) + 1) : 1
    }
    for i in 0..<outputs {
      for j in 0..<width { weight[i * width + j] *= factors[axis == .outputs ? i : j / kernel] }
    }
  }
}
