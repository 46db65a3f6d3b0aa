import Adapters
import LinearAlgebra
import SafeTensors

/// One LoRA's share in a layer.
struct Participant: Sendable {
  /// The position of the LoRA among those compared.
  var index: Int
  var adapter: Adapter
  var module: AdapterModule
}

/// The two Gram matrices of one layer, from which every scalar of the diagnosis follows.
///
/// `A` stacks the down factors of all LoRAs, `[R, in]`, and `B` sets their up factors side by side, `[out, R]`,
/// scales folded in. Then `⟨ΔW_a, ΔW_b⟩ = ⟨B_aᵀB_b, A_aA_bᵀ⟩`, and likewise for every other number: nothing of
/// the size of ΔW is ever formed. Everything is in doubles, so the result is exact to rounding (1e-14).
struct ModuleGram: Sendable {
  /// The rows and columns of each participant in the Gram matrices.
  var ranges: [Range<Int>]
  /// `A Aᵀ`, `[R, R]`: what the layers read.
  var inputs: Matrix
  /// `Bᵀ B`, `[R, R]`: what they write.
  var outputs: Matrix

  /// Coordinates per panel: 128 vectors of 256 doubles are 256 KB, which stays in a core's second-level cache.
  private static let panelLength = 256

  /// Sums up both Gram matrices of a layer.
  ///
  /// - Parameters:
  ///   - participants: the LoRAs that train the layer; all of one shape.
  ///   - panel: memory to work in, grown as needed and reused from layer to layer.
  init(_ participants: [Participant], panel: inout [Double]) throws {
    var sources: [Source] = []
    for participant in participants {
      sources.append(
        participant.module.isPair
          ? .tensors(participant) : .factors(try participant.adapter.factors(of: participant.module)))
    }
    ranges = []
    var total = 0
    for source in sources {
      ranges.append(total..<total + source.rank)
      total += source.rank
    }
    inputs = try Self.sum(sources, ranges, total, length: participants[0].module.inputs, rows: true, panel: &panel)
    outputs = try Self.sum(sources, ranges, total, length: participants[0].module.outputs, rows: false, panel: &panel)
  }

  private static func sum(
    _ sources: [Source], _ ranges: [Range<Int>], _ total: Int, length: Int, rows: Bool, panel: inout [Double]
  ) throws -> Matrix {
    var gram = GramSum(count: total)
    if panel.count < total * panelLength { panel = Array(repeating: 0, count: total * panelLength) }
    var start = 0
    while start < length {
      let part = start..<min(start + panelLength, length)
      for (source, range) in zip(sources, ranges) {
        if rows {
          try source.copyDown(part, into: &panel, offset: range.lowerBound * part.count, stride: part.count)
        } else {
          try source.copyUp(part, into: &panel, offset: range.lowerBound, stride: total)
        }
      }
      gram.add(panel: panel, length: part.count, rows: rows)
      start = part.upperBound
    }
    return gram.matrix
  }

  /// Where factors come from: straight from the mapped file, or computed from another variant.
  private enum Source {
    case tensors(Participant)
    case factors(LowRank)

    var rank: Int {
      switch self {
      case .tensors(let participant): participant.module.rank
      case .factors(let factors): factors.rank
      }
    }

    /// Columns of the down factor, all its rows.
    func copyDown(_ columns: Range<Int>, into panel: inout [Double], offset: Int, stride: Int) throws {
      switch self {
      case .tensors(let p):
        guard let down = p.module.tensors[.down] else { return }
        try p.adapter.file.widen(
          down, rowLength: p.module.inputs, rows: 0..<p.module.rank, columns: columns, into: &panel, offset: offset,
          stride: stride, scale: 1)
      case .factors(let factors):
        for r in 0..<factors.rank {
          for (k, column) in columns.enumerated() { panel[offset + r * stride + k] = factors.down[r, column] }
        }
      }
    }

    /// Rows of the up factor, all its columns, with the scale.
    func copyUp(_ rows: Range<Int>, into panel: inout [Double], offset: Int, stride: Int) throws {
      switch self {
      case .tensors(let p):
        guard let up = p.module.tensors[.up] else { return }
        try p.adapter.file.widen(
          up, rowLength: p.module.rank, rows: rows, columns: 0..<p.module.rank, into: &panel, offset: offset,
          stride: stride, scale: p.module.scale)
      case .factors(let factors):
        for (k, row) in rows.enumerated() {
          for c in 0..<factors.rank { panel[offset + k * stride + c] = factors.up[row, c] }
        }
      }
    }
  }
}
