public import LinearAlgebra

/// What a layer of an adapter does to the base model's weight, read and ready to compute with.
///
/// The weight is `W [out, in · kernel]`, and `s` the strength the adapter is used at. At `s = 0` the result is `W`, at 1
/// what was trained. Between them each case follows the tool its variant comes from; what differs from it is said.
public enum WeightChange: Sendable {
  /// `W + s ΔW`: every variant whose change is known without the base model.
  case added(LowRank)
  /// DoRA: ``DoRA`` tells how strengths are understood.
  case renormalised(LowRank, magnitudes: [Double], axis: MagnitudeAxis)
  /// OFT and BOFT.
  case rotated(Rotation)
  /// (IA)³: `W · (1 + s w)` along outputs or input channels; LyCORIS stores `w`, PEFT `1 + w`.
  case scaled(factors: [Double], axis: MagnitudeAxis)
  /// GLoRA: `W + s (W · A + B)`, where `A` `[in, in]` mixes input channels and `B` is an ordinary change; the file's
  /// scale is in both.
  case mixed(channels: LowRank, added: LowRank)
  /// T-LoRA: `W + s (P diag(λ) Q - start(W))`, the file's scale in both.
  case departed(LowRank, from: SingularStart, scale: Double)
  /// A weight in place of the base model's (`set_weight`): `W + s (T - W)`. ComfyUI sets it whole at every strength.
  case replaced(Matrix)

  /// The changed weight.
  ///
  /// - Parameters:
  ///   - weight: `[out, in · kernel]`, in the shape of the layer.
  ///   - geometry: the layer's shape, which the change was read for.
  ///   - strength: `s`.
  /// - Throws: `LinearAlgebraError` for a weight that is not finite.
  public func applied(
    to weight: Matrix, _ geometry: LayerGeometry, strength: Double
  ) throws(LinearAlgebraError) -> Matrix {
    switch self {
    case .added(let product):
      return weight + product.dense.scaled(by: strength)
    case .renormalised(let product, let magnitudes, let axis):
      var elements = (weight + product.dense.scaled(by: strength)).elements
      DoRA.renormalise(
        &elements, outputs: geometry.outputs, channels: geometry.channels, magnitudes: magnitudes, axis: axis,
        strength: strength)
      return Matrix(rows: weight.rows, columns: weight.columns, elements: elements)
    case .rotated(let rotation):
      return rotation.applied(to: weight, strength: strength)
    case .scaled(let factors, let axis):
      let own = factors.map { 1 + strength * $0 }
      if axis == .outputs { return weight.scalingRows(by: own) }
      let kernel = geometry.kernelSize
      return weight.scalingColumns(by: own.flatMap { Array(repeating: $0, count: kernel) })
    case .mixed(let channels, let added):
      let mixed = GLoRA.mixed(weight, by: channels, geometry)
      return weight + (mixed.dense + added.dense).scaled(by: strength)
    case .departed(let product, let start, let scale):
      let began = try start.matrix(of: weight).scaled(by: scale)
      return weight + (product.dense - began).scaled(by: strength)
    case .replaced(let target):
      return weight + (target - weight).scaled(by: strength)
    }
  }
}
