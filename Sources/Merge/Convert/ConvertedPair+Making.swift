import Adapters
import SafeTensors

extension ConvertedPair {
  /// A layer as it is stored.
  init(_ module: AdapterModule) {
    self.init(
      path: module.path,
      pieces: [
        Piece(
          module: module, rows: [0..<module.outputs], directions: Array(0..<module.rank), targets: [0..<module.outputs])
      ],
      outputs: module.outputs, inputs: module.inputs, rank: module.rank, scale: module.scale)
  }

  /// A part of a layer, with the directions alone that its rows use; nil for a part that is not changed at all.
  ///
  /// Three layers that were trained apart and then stored as one have a block-diagonal up factor: each part's own rank is
  /// a third of the stored one.
  init?(part: AdapterModule, in file: SafeTensorsFile) throws {
    guard let rows = part.rows, let up = part.tensors[.up] else { return nil }
    let values = try file.floats(of: up)
    let used = (0..<part.rank).filter { direction in
      rows.joined().contains { values[$0 * part.rank + direction] != 0 }
    }
    guard !used.isEmpty else { return nil }
    self.init(
      path: part.path, pieces: [Piece(module: part, rows: rows, directions: used, targets: [0..<part.outputs])],
      outputs: part.outputs, inputs: part.inputs, rank: used.count, scale: part.scale)
  }

  /// Parts of a layer as the one that a model's own code has.
  ///
  /// Parts that all have the same down factor, as of a layer that was split, share it again. Others stand side by side,
  /// each with directions of its own: the change is the same, and the rank their sum.
  ///
  /// - Parameters:
  ///   - whole: the layer.
  ///   - outputs: its rows.
  ///   - parts: those of its parts that are changed, and where the rows of each stand in it.
  init(
    whole: ModulePath, outputs: Int, parts: [(module: AdapterModule, targets: [Range<Int>])], in file: SafeTensorsFile
  ) throws {
    let first = parts[0].module
    let scale = first.scale
    let pieces = parts.map { module, targets in
      Piece(
        module: module, rows: module.rows ?? [0..<module.outputs], directions: Array(0..<module.rank),
        targets: targets, scale: module.scale / scale)
    }
    let shares =
      try parts.allSatisfy { $0.module.rank == first.rank && $0.module.scale == scale }
      && Set(try parts.map { try $0.module.tensors[.down].map { try file.copy($0) } ?? [] }).count == 1
    self.init(
      path: whole, pieces: pieces, outputs: outputs, inputs: first.inputs,
      rank: shares ? first.rank : parts.reduce(0) { $0 + $1.module.rank }, scale: scale,
      sharesDown: shares && parts.count > 1)
  }
}
