import Adapters
import LinearAlgebra
import SafeTensors

/// Where a LoRA's factors of a layer come from: straight from the mapped file, or computed from another variant.
enum FactorSource {
  case tensors(Participant)
  case factors(LowRank)

  init(_ participant: Participant) throws {
    self =
      participant.module.isPair
      ? .tensors(participant) : .factors(try participant.adapter.factors(of: participant.module))
  }

  var rank: Int {
    switch self {
    case .tensors(let participant): participant.module.rank
    case .factors(let factors): factors.rank
    }
  }

  /// Whether both factors are stored in 16 bits or fewer.
  var isHalfPrecision: Bool {
    guard case .tensors(let participant) = self else { return false }
    return [.up, .down].allSatisfy { (participant.module.tensors[$0]?.dtype.bitWidth ?? 64) <= 16 }
  }

  /// Columns of the down factor, all its rows.
  func copyDown<Number: WideNumber>(
    _ columns: Range<Int>, into panel: inout [Number], offset: Int, stride: Int
  ) throws {
    switch self {
    case .tensors(let p):
      guard let down = p.module.tensors[.down] else { return }
      try p.adapter.file.widen(
        down, rowLength: p.module.inputs, rows: 0..<p.module.rank, columns: columns, into: &panel, offset: offset,
        stride: stride, scale: 1)
    case .factors(let factors):
      for r in 0..<factors.rank {
        for (k, column) in columns.enumerated() { panel[offset + r * stride + k] = Number(factors.down[r, column]) }
      }
    }
  }

  /// Rows of the up factor, all its columns, with the scale.
  func copyUp<Number: WideNumber>(_ rows: Range<Int>, into panel: inout [Number], offset: Int, stride: Int) throws {
    switch self {
    case .tensors(let p):
      guard let up = p.module.tensors[.up] else { return }
      try p.adapter.file.widen(
        up, rowLength: p.module.rank, rows: rows, columns: 0..<p.module.rank, into: &panel, offset: offset,
        stride: stride, scale: p.module.scale)
    case .factors(let factors):
      for (k, row) in rows.enumerated() {
        for c in 0..<factors.rank { panel[offset + k * stride + c] = Number(factors.up[row, c]) }
      }
    }
  }
}
