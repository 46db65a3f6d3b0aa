/// The squared norms of one layer that was read back: of what is stored beside the exact change, and of that change.
struct LayerResidual: Sendable {
  var module: String
  var residual = 0.0
  var energy = 0.0

  /// 1 where something stands instead of nothing.
  var relative: Double { energy > 0 ? (residual / energy).squareRoot() : residual > 0 ? 1 : 0 }

  /// All layers together.
  static func total(_ layers: [LayerResidual]) -> LayerResidual {
    layers.reduce(into: LayerResidual(module: "")) {
      $0.residual += $1.residual
      $0.energy += $1.energy
    }
  }
}
