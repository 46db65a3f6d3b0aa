import LinearAlgebra

extension Inspection {
  /// How much a set of layers changes the base model, and in how many directions.
  public struct Strength: Sendable, Codable, Equatable {
    /// The Frobenius norm of all ΔW together; nil when no layer's is known.
    @Explicit public var norm: Double?
    /// The mean effective rank, each layer weighted by its energy.
    @Explicit public var effectiveRank: Double?
    /// The share of the energy that lies in each layer's first direction.
    @Explicit public var leadingShare: Double?
    /// The share of the energy in the n-th direction of each layer, at most 16 directions.
    public var spectrum: [Double]

    /// Sums up measured layers.
    init(_ layers: some Collection<LayerMeasure>) {
      let energies = layers.compactMap(\.energy)
      let total = energies.reduce(0, +)
      norm = energies.isEmpty || !total.isFinite ? nil : total.squareRoot()
      let spectra = layers.compactMap(\.spectrum)
      let known = spectra.reduce(0) { $0 + $1.energy }
      guard known > 0, known.isFinite else {
        effectiveRank = nil
        leadingShare = nil
        spectrum = []
        return
      }
      effectiveRank = spectra.reduce(0) { $0 + $1.effectiveRank * $1.energy } / known
      leadingShare = spectra.reduce(0) { $0 + $1.leadingShare * $1.energy } / known
      let length = Swift.min(16, spectra.map(\.values.count).max() ?? 0)
      spectrum = (0..<length).map { n in
        spectra.reduce(0) { $0 + ($1.values.count > n ? $1.values[n] * $1.values[n] : 0) } / known
      }
    }
  }

  /// The layers of one network of the pipeline.
  public struct Part: Sendable, Codable, Equatable {
    /// The network.
    public var part: ModelPart
    /// How many layers are changed.
    public var modules: Int
    /// Their ranks.
    public var rank: RankSpread
    /// The Frobenius norm of their ΔW together.
    @Explicit public var norm: Double?
    /// Their share of the whole file's energy, from 0 to 1.
    @Explicit public var energyShare: Double?
    /// Their mean effective rank, weighted by energy.
    @Explicit public var effectiveRank: Double?
    /// The share of their energy in each layer's first direction.
    @Explicit public var leadingShare: Double?
    /// The share of their energy in the n-th direction of each layer.
    public var spectrum: [Double]
  }

  /// One layer.
  public struct Layer: Sendable, Codable, Equatable {
    /// The network.
    public var part: ModelPart
    /// The block it belongs to, such as `down1`.
    public var block: String
    /// Its dotted path within the network.
    public var name: String
    /// The stem its keys share in the file.
    public var stem: String
    /// How the change is stored.
    public var variant: Variant
    /// The rank; 0 for variants without one.
    public var rank: Int
    /// The alpha.
    public var alpha: Double
    /// Where the alpha came from.
    public var alphaSource: Alpha.Source
    /// What the stored product is multiplied by.
    public var scale: Double
    /// The output features; 0 where the tensors do not tell.
    public var outputs: Int
    /// The input features, channels times kernel size; 0 where the tensors do not tell.
    public var inputs: Int
    /// The kernel of a convolution.
    public var kernel: [Int]
    /// The Frobenius norm of ΔW.
    @Explicit public var norm: Double?
    /// The share of the whole file's energy.
    @Explicit public var energyShare: Double?
    /// The effective rank.
    @Explicit public var effectiveRank: Double?
    /// The share of the energy in the first direction.
    @Explicit public var leadingShare: Double?
  }
}
