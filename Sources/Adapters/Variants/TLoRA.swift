import LinearAlgebra
import SafeTensors

/// Where a T-LoRA's training began: a part of the base model's own singular value decomposition.
public struct SingularStart: Sendable, Hashable {
  /// Which singular vectors it began with (LyCORIS' `sig_type`).
  public enum Part: String, Sendable {
    case principal, last, middle
  }

  /// Which of them.
  public var part: Part
  /// How many.
  public var rank: Int

  /// `U_r diag(σ_r) V_rᵀ` of a weight.
  func matrix(of weight: Matrix) throws(LinearAlgebraError) -> Matrix {
    let svd = try weight.svd()
    let count = svd.values.count
    let kept = min(rank, count)
    let first =
      switch part {
      case .principal: 0
      case .last: count - kept
      case .middle: (count - kept) / 2
      }
    let range = first..<first + kept
    return svd.u.block(rows: 0..<weight.rows, columns: range).scalingColumns(by: Array(svd.values[range]))
      .times(svd.vt.block(rows: range, columns: 0..<weight.columns))
  }
}

extension Adapter {
  /// Where a T-LoRA began.
  ///
  /// LyCORIS keeps the beginning out of the file, and its own loader takes the principal vectors of the model it is given
  /// for it. Another choice stands in the trainer's arguments, where they are kept.
  /// - Throws: ``AdapterError`` with rule `needsBase` when it began with random vectors, which nothing can bring back.
  func singularStart(of module: AdapterModule) throws(AdapterError) -> SingularStart {
    let arguments = file.header.metadata["ss_network_args"].flatMap(LenientJSON.parse)
    func text(_ name: String) -> String? {
      arguments?[name].flatMap { $0.string ?? $0.bool.map { "\($0)" } }?.lowercased()
    }
    if ["false", "0", "no"].contains(text("use_data_init")) {
      throw AdapterError(
        path: file.path, rule: .needsBase, key: module.stem,
        detail: "T-LoRA that began with random vectors (use_data_init=False), which are part of its change and not in "
          + "the file; have its trainer write an ordinary LoRA")
    }
    return SingularStart(part: text("sig_type").flatMap(SingularStart.Part.init) ?? .principal, rank: module.rank)
  }
}
