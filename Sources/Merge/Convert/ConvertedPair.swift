import Adapters
import LinearAlgebra
import SafeTensors

/// A plain pair of factors of the result, put together from rows and columns of stored ones.
struct ConvertedPair: Sendable {
  /// What one stored layer gives.
  struct Piece: Sendable {
    var module: AdapterModule
    /// The rows of the stored up factor, in the order of the result.
    var rows: [Range<Int>]
    /// The directions that are kept, of the stored rank.
    var directions: [Int]
    /// Where they stand in the result, in the same order.
    var targets: [Range<Int>]
    /// What the up factor is multiplied by.
    var scale = 1.0

    /// Whether every number is kept as it is stored.
    var isWhole: Bool {
      directions.count == module.rank && scale == 1 && rows == [0..<module.storedOutputs] && targets == rows
    }
  }

  var path: ModulePath
  var pieces: [Piece]
  var outputs: Int
  var inputs: Int
  var rank: Int
  /// `alpha / rank` of the result.
  var scale: Double
  /// Whether all pieces have one down factor, bit for bit, which the result has once.
  var sharesDown = false

  /// The result's alpha.
  var alpha: Double { scale * Double(rank) }

  private var first: AdapterModule { pieces[0].module }

  /// The up factor's shape, `[out, rank]` and as many ones as the stored one has dimensions more.
  var upShape: [Int] { [outputs, rank] + Array(repeating: 1, count: (first.tensors[.up]?.shape.count ?? 2) - 2) }
  /// The down factor's shape, `[rank, in]` or that of a convolution.
  var downShape: [Int] { [rank] + (first.tensors[.down]?.shape.dropFirst() ?? []) }

  /// The stored factor whose bytes are the result's; nil where it has to be put together.
  private func copied(_ role: TensorRole) -> TensorInfo? {
    guard pieces.count == 1, role == .down ? pieces[0].directions.count == first.rank : pieces[0].isWhole else {
      return nil
    }
    return first.tensors[role]
  }

  /// The result's number format for a factor where none is asked for: the stored one if all pieces share it, and it is
  /// copied or can be written.
  func dtype(_ role: TensorRole) -> DType {
    if let tensor = copied(role) { return tensor.dtype }
    let stored = Set(pieces.compactMap { $0.module.tensors[role]?.dtype })
    guard stored.count == 1, let only = stored.first, DType.writable.contains(only) else { return .f32 }
    return only
  }

  /// The bytes of a factor.
  /// - Throws: ``MergeError`` when a value is not finite in the format.
  func bytes(_ role: TensorRole, _ dtype: DType, file: SafeTensorsFile) throws -> [UInt8] {
    if let tensor = copied(role), tensor.dtype == dtype { return try file.copy(tensor) }
    let values = role == .up ? try up(file) : try down(file)
    let (bytes, bad) = dtype.narrowed(values)
    guard bad == 0 else {
      throw MergeError(
        path: file.path, rule: .overflow,
        detail:
          "\(bad) values of \(path) are not finite in \(dtype.rawValue); choose another --dtype, such as BF16 or F32")
    }
    return bytes
  }

  private func up(_ file: SafeTensorsFile) throws -> [Float] {
    var result = [Float](repeating: 0, count: outputs * rank)
    var column = 0
    for piece in pieces {
      guard let tensor = piece.module.tensors[.up] else { continue }
      let (stored, width) = (try file.floats(of: tensor), piece.module.rank)
      for (source, row) in zip(piece.rows.joined(), piece.targets.joined()) {
        for (k, direction) in piece.directions.enumerated() {
          result[row * rank + column + k] = stored[source * width + direction] * Float(piece.scale)
        }
      }
      if !sharesDown { column += piece.directions.count }
    }
    return result
  }

  private func down(_ file: SafeTensorsFile) throws -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(rank * inputs)
    for piece in sharesDown ? Array(pieces.prefix(1)) : pieces {
      guard let tensor = piece.module.tensors[.down] else { continue }
      let stored = try file.floats(of: tensor)
      for direction in piece.directions { result += stored[direction * inputs..<(direction + 1) * inputs] }
    }
    return result
  }
}

extension AdapterModule {
  /// The rows of the stored up factor, of which a part shows some.
  fileprivate var storedOutputs: Int { tensors[.up]?.shape.first ?? 0 }
}
