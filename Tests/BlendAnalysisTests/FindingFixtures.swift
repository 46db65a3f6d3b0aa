import Adapters
import LinearAlgebra

@testable import BlendAnalysis

/// Reports with just the numbers a rule looks at.
enum MadeReport {
  /// Measures with these ratios, over ten layers of energy 1 in sum.
  static func measures(
    cosine: Double = 0, cosineZ: Double = 0, reads: (excess: Double, z: Double) = (0, 0),
    writes: (excess: Double, z: Double) = (0, 0), modules: Int = 10
  ) -> Measures {
    var terms = PairTerms()
    terms.modules = modules
    terms.inner = cosine
    terms.innerVariance = cosineZ == 0 ? 0 : (cosine / cosineZ) * (cosine / cosineZ)
    terms.omegaIn = overlap(reads)
    terms.omegaOut = overlap(writes)
    var own = SelfTerms()
    (own.t, own.q, own.modules) = (1, 1, modules)
    return Measures(terms, a: own, b: own)
  }

  /// Of a greatest value 1 and a chance level 0.01.
  private static func overlap(_ wanted: (excess: Double, z: Double)) -> OverlapTerms {
    var terms = OverlapTerms()
    terms.expected = 0.01
    terms.x = 0.01 + wanted.excess * 0.99
    terms.most = 1
    if wanted.z > 0 { terms.variance = (wanted.excess * 0.99 / wanted.z) * (wanted.excess * 0.99 / wanted.z) }
    return terms
  }

  /// What two LoRAs' factors agree in; mean cosines of 16 rows in 64 dimensions.
  static func initialisation(down: Double, up: Double, others: Double = 0) -> SharedInitialisation {
    var terms = InitialisationTerms()
    (terms.rows, terms.cosines, terms.aligned) = (16, down * 16, down * 16 * 8)
    (terms.otherPairs, terms.others) = (240, others * 240)
    (terms.upColumns, terms.upCosines) = (16, up * 16)
    return SharedInitialisation(terms)
  }

  static func lora(
    _ name: String, norm: Double = 1, strength: Double = 1, architecture: Architecture = .sdxl,
    needingBase: Int = 0,
    unmatched: Int = 0, textNorm: Double? = nil
  ) -> LoRASummary {
    var parts = [
      LoRASummary.PartSummary(
        part: .unet, modules: 10, norm: norm, effectiveRank: nil, leadingShare: nil, spectrum: [])
    ]
    if let textNorm {
      parts.append(
        .init(
          part: .textEncoder1, modules: 2, norm: textNorm, effectiveRank: nil, leadingShare: nil, spectrum: []
        ))
    }
    return LoRASummary(
      name: name, path: "/loras/\(name).safetensors", architecture: architecture, strength: strength,
      norm: norm,
      modules: 10, needingBase: needingBase, unmatched: unmatched, parts: parts, blocks: [])
  }

  static func report(
    _ total: Measures = measures(), shared: SharedInitialisation = initialisation(down: 0, up: 0),
    loras: [LoRASummary] = [lora("a"), lora("b")], energyRatio: Double? = 1
  ) -> BlendReport {
    let block = PairReport.BlockMeasures(block: "down1", part: .unet, role: .crossAttentionK, measures: total)
    let pair = PairReport(
      a: loras[0].name, b: loras[1].name, sharedInit: shared, total: total, anglesIn: nil, anglesOut: nil,
      parts: [],
      blocks: [block], hotspots: [])
    return BlendReport(
      loras: loras, pairs: [pair], sum: SumReport(norm: 1, orthogonalNorm: 1, energyRatio: energyRatio),
      recipes: RecipeComparison([]), findings: [])
  }

  static let noAnalysis = Analysis(subjects: [], layers: [], misshapen: [])
}
