public import ArgumentParser
public import Merge

/// The method of a merge and its parameters.
struct MethodOptions: ParsableArguments {
  /// The methods by name.
  enum Name: String, ExpressibleByArgument, CaseIterable {
    case concat, svd, average, slerp, nuslerp
    case ties, dare
    case dareTies = "dare-ties"
    case della, breadcrumbs, sce
    case magnitudePrune = "magnitude-prune"
    case tsv
    case knotsTies = "knots-ties"
    case isoC = "iso-c"
    case isoCts = "iso-cts"
    case np, orthogonalise, wudi, regmean
    case kohyaCompat = "kohya-compat"
  }

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How ΔW are combined; docs/merge-methods.md explains each. Default: svd when --rank is given, else concat.",
      valueName: "name"))
  var method: Name?

  @Option(
    name: .long,
    help: ArgumentHelp("The rank of the result: the closest of this rank. Default: all that it has.", valueName: "rank")
  )
  var rank: Int?

  @Option(name: .long, help: ArgumentHelp("The rank of convolutions. Default: --rank.", valueName: "rank"))
  var convRank: Int?

  @Option(name: .long, help: ArgumentHelp("Multiply the whole result. Default: 1.", valueName: "λ"))
  var lambda: Double?

  @Flag(name: .long, help: "Bring each layer to the energy of a single LoRA, the mean of those that went in.")
  var normalise = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "ties, dare, dare-ties, della, magnitude-prune, knots-ties: the share of elements that stay (0.5); breadcrumbs (0.9).",
      valueName: "share"))
  var density: Double?

  @Option(name: .long, help: ArgumentHelp("breadcrumbs: the share of the largest to drop (0.01).", valueName: "share"))
  var gamma: Double?

  @Option(name: .long, help: ArgumentHelp("della: half the spread of keeping probabilities (0.1).", valueName: "share"))
  var epsilon: Double?

  @Option(name: .long, help: ArgumentHelp("sce: the share of elements that are selected (1).", valueName: "share"))
  var selectTopk: Double?

  @Option(name: .long, help: ArgumentHelp("ties and its kin: elect signs by total (default) or frequency."))
  var sign: SignElection?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Elementwise methods: core (default, exact, of the rank of the inputs), dense (as published: full rank, so --rank cuts off about half of a ties, and slow) or factors (PEFT's types without _svd: one rank, mostly cross terms)."
    ))
  var space: ElementSpace?

  @Option(name: .long, help: ArgumentHelp("dare, dare-ties, della: decides the masks (0).", valueName: "number"))
  var seed: UInt64?

  @Option(
    name: .customLong("t"),
    help: ArgumentHelp("slerp: the way from the first, 0, to the second, 1.", valueName: "share"))
  var way: Double?

  @Option(
    name: .long, help: ArgumentHelp("tsv: the share of each LoRA's directions that is kept (1).", valueName: "share"))
  var keep: Double?

  @Option(name: .long, help: ArgumentHelp("iso-cts: the share of common directions (0.8).", valueName: "share"))
  var common: Double?

  @Option(name: .long, help: ArgumentHelp("np: which file is protected, from 1 (1).", valueName: "position"))
  var protect: Int?

  @Option(name: .long, help: ArgumentHelp("np: how softly the others are projected (0.5).", valueName: "μ"))
  var mu: Double?

  @Flag(name: .long, help: "np: project the others completely.")
  var hard = false

  @Option(
    name: .long,
    help: ArgumentHelp("wudi, regmean: the ridge, as a part of the mean eigenvalue (1e-6).", valueName: "share"))
  var ridge: Double?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "regmean: the covariances of the layers' inputs, keys <n>.<layer>.covariance or .inputs.",
      valueName: "file.safetensors"))
  var covariances: String?
}

extension SignElection: ExpressibleByArgument {}
extension ElementSpace: ExpressibleByArgument {}

extension MethodOptions {
  func validate() throws {
    if let rank, !(1...4096).contains(rank) { throw ValidationError("--rank must be from 1 to 4096.") }
    if let convRank, !(1...4096).contains(convRank) { throw ValidationError("--conv-rank must be from 1 to 4096.") }
    if let lambda, !lambda.isFinite { throw ValidationError("--lambda must be a number.") }
    if method == .svd, rank == nil { throw ValidationError("--method svd needs --rank.") }
    if method == .concat, rank != nil {
      throw ValidationError("--rank goes with --method svd; concat keeps every rank.")
    }
    if convRank != nil, rank == nil { throw ValidationError("--conv-rank goes with --rank.") }
    if space == .dense, rank == nil {
      throw ValidationError("--space dense needs --rank: a dense result has the full rank of every layer.")
    }
    for (option, methods) in misplaced where !methods.contains(name) {
      let goes = methods.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--\(option) goes with --method \(goes), not with \(name.rawValue).")
    }
  }

  /// The method by name, with the default where none was given.
  var name: Name { method ?? (rank == nil ? .concat : .svd) }

  /// The options that were given and the methods that know them.
  private var misplaced: [(String, [Name])] {
    let elementwise: [Name] = [.ties, .dare, .dareTies, .della, .breadcrumbs, .sce, .magnitudePrune]
    let all: [(String, Bool, [Name])] = [
      ("density", density != nil, [.ties, .dare, .dareTies, .della, .magnitudePrune, .knotsTies, .breadcrumbs]),
      ("gamma", gamma != nil, [.breadcrumbs]), ("epsilon", epsilon != nil, [.della]),
      ("select-topk", selectTopk != nil, [.sce]),
      ("sign", sign != nil, [.ties, .dareTies, .della, .knotsTies]), ("space", space != nil, elementwise),
      ("seed", seed != nil, [.dare, .dareTies, .della]), ("t", way != nil, [.slerp]), ("keep", keep != nil, [.tsv]),
      ("common", common != nil, [.isoCts]), ("protect", protect != nil, [.np]), ("mu", mu != nil, [.np]),
      ("hard", hard, [.np]), ("ridge", ridge != nil, [.wudi, .regmean]),
      ("covariances", covariances != nil, [.regmean]),
    ]
    return all.filter(\.1).map { ($0.0, $0.2) }
  }

  /// The method with its parameters.
  var merge: MergeMethod {
    guard let layered else {
      return rank.map { .svd(rank: $0, convolutionRank: convRank ?? $0) } ?? .concat
    }
    return .layered(layered, rank: rank, convolutionRank: convRank)
  }

  /// The method when it is neither concat nor svd, or when these are to be normalised.
  private var layered: (any LayerMethod)? {
    let density = density ?? 0.5
    let (sign, space, seed) = (sign ?? .total, space ?? .core, seed ?? 0)
    switch name {
    case .concat, .svd: return normalise ? PlainSum() : nil
    case .average: return Average()
    case .slerp: return Slerp(t: way)
    case .nuslerp: return NuSlerp()
    case .ties: return Ties(density: density, election: sign, space: space)
    case .dare: return Dare(density: density, seed: seed, space: space)
    case .dareTies: return DareTies(density: density, election: sign, seed: seed, space: space)
    case .della: return Della(density: density, epsilon: epsilon ?? 0.1, election: sign, seed: seed, space: space)
    case .breadcrumbs: return Breadcrumbs(density: self.density ?? 0.9, gamma: gamma ?? 0.01, space: space)
    case .sce: return Sce(topK: selectTopk ?? 1, space: space)
    case .magnitudePrune: return MagnitudePrune(density: density, space: space)
    case .tsv: return Tsv(keep: keep ?? 1)
    case .knotsTies: return KnotsTies(density: density, election: sign)
    case .isoC: return IsoC()
    case .isoCts: return IsoCts(common: common ?? 0.8)
    case .np: return NullSpace(protected: (protect ?? 1) - 1, mu: mu ?? 0.5, isHard: hard)
    case .orthogonalise: return Orthogonalise()
    case .wudi: return Wudi(ridge: ridge ?? 1e-6)
    case .regmean: return RegMean(ridge: ridge ?? 1e-6)
    case .kohyaCompat: return KohyaCompat()
    }
  }
}
