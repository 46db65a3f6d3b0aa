import Adapters
public import LinearAlgebra

/// All LoRAs of one layer in the coordinates they share, where nothing is lost and everything is small.
///
/// With `B = [s₁U₁ … s_N U_N] = Q_B R_B`, `[out, p]`, and `A = [D₁; …; D_N] = R_Aᵀ Q_A`, `[q, in]`, each
/// `ΔWᵢ = Q_B Mᵢ Q_A` with the core `Mᵢ = R_Bᵢ R_Aᵢᵀ`, `[p, q]`, exactly (Core Space, NeurIPS 2025). Norms, inner
/// products and singular values of the cores are those of the ΔW.
public struct CoreLayer: Sendable {
  /// The factors side by side, scales folded in but not strengths, `[out, Σr]`.
  public var up: Matrix
  /// The factors stacked, `[Σr, in]`.
  public var down: Matrix
  /// The rank of each LoRA here.
  public var ranks: [Int]
  /// The scale `alpha / rank` of each, where it is a plain pair of factors; else 1, with the scale folded in.
  public var scales: [Double]
  /// `Q_B`, `[out, p]` with orthonormal columns, not formed.
  var outputs: ThinFactor
  /// `Q_A`, `[q, in]` with orthonormal rows, not formed.
  var inputs: ThinFactor
  /// `Mᵢ`, `[p, q]`, at strength 1; one for each LoRA that trains the layer.
  public var cores: [Matrix]
  /// Their strengths here.
  public var strengths: [Double]
  /// Their positions among the merge's sources.
  public var sources: [Int]
  /// The strengths of all the merge's sources, whether or not they train the layer.
  public var allStrengths: [Double]
  /// The layer's name, from which random masks are seeded.
  public var name: String
  /// What the LoRAs' inputs look like here; nil unless the method needs it.
  public var covariances: LayerCovariances?

  /// Decomposes a layer's factors.
  init(_ layer: MergePlan.Layer, _ recipe: MergeRecipe) throws {
    var covariances: LayerCovariances?
    if recipe.needsCovariances { covariances = try recipe.covariances?.covariances(of: layer) }
    var up = [Double](repeating: 0, count: layer.outputs * layer.fullRank)
    var down = [Double](repeating: 0, count: layer.fullRank * layer.inputs)
    try Stacking.fill(layer, recipe, rank: layer.fullRank, up: &up, down: &down) {
      $0.module.isPair ? $0.module.scale : 1
    }
    try self.init(
      up: Matrix(rows: layer.outputs, columns: layer.fullRank, elements: up),
      down: Matrix(rows: layer.fullRank, columns: layer.inputs, elements: down),
      ranks: layer.parts.map(\.module.exactRank), scales: layer.parts.map { $0.module.isPair ? $0.module.scale : 1 },
      strengths: layer.parts.map { recipe.sources[$0.source].strength(at: layer.path) },
      sources: layer.parts.map(\.source),
      allStrengths: recipe.sources.map(\.strength), name: layer.path.description)
    self.covariances = covariances
  }

  /// Decomposes stacked factors, `[out, Σr]` and `[Σr, in]`.
  init(
    up: Matrix, down: Matrix, ranks: [Int], scales: [Double], strengths: [Double], sources: [Int],
    allStrengths: [Double], name: String
  ) throws {
    self.up = up
    self.down = down
    self.ranks = ranks
    self.scales = scales
    let left = try ThinFactor.ofColumns(up)
    let right = try ThinFactor.ofRows(down)
    outputs = left
    inputs = right
    cores = []
    var first = 0
    for rank in ranks {
      let columns = first..<first + rank
      cores.append(
        left.r.block(rows: 0..<left.r.rows, columns: columns)
          .timesTransposed(right.r.block(rows: 0..<right.r.rows, columns: columns)))
      first += rank
    }
    self.strengths = strengths
    self.sources = sources
    self.allStrengths = allStrengths
    self.name = name
  }

  /// `wᵢ Mᵢ`.
  var weighted: [Matrix] { zip(cores, strengths).map { $0.scaled(by: $1) } }

  /// `Σ wᵢ Mᵢ`, the plain sum.
  var sum: Matrix {
    zip(cores, strengths).reduce(Matrix(rows: outputs.count, columns: inputs.count)) {
      $0 + $1.0.scaled(by: $1.1)
    }
  }

  /// The stored factors of each LoRA without their scales, for methods that combine factors instead of products.
  ///
  /// - Parameter method: who asks, for the error.
  /// - Throws: ``LayerMethodError`` unless all have one rank.
  func plainFactors(for method: String) throws(LayerMethodError) -> (ups: [Matrix], downs: [Matrix]) {
    guard ranks.allSatisfy({ $0 == ranks[0] }) else {
      throw LayerMethodError("\(method) combines factors, which needs one rank per layer; the ranks are \(ranks)")
    }
    let parts = ranks.indices.map { $0 * ranks[0]..<($0 + 1) * ranks[0] }
    return (
      zip(parts, scales).map { part, scale in
        // `up` holds the scale; a scale of 0 leaves nothing to take it out of.
        up.block(rows: 0..<up.rows, columns: part).scaled(by: scale == 0 ? 0 : 1 / scale)
      }, parts.map { down.block(rows: $0, columns: 0..<down.columns) }
    )
  }
}
