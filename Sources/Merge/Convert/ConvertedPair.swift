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
    /// Where its rows begin in the result.
    var offset: Int
    /// What the up factor is multiplied by.
    var scale = 1.0

    /// Whether every number is kept as it is stored.
    var isWhole: Bool {
      directions.count == module.rank && scale == 1 && rows.count == 1 && rows[0] == 0..<rows[0].count
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

  /// The result's number format for a factor where none is asked for: the stored one if all pieces share it.
  func dtype(_ role: TensorRole) -> DType {
    let stored = Set(pieces.compactMap { $0.module.tensors[role]?.dtype })
    return stored.count == 1 ? stored.first ?? .f32 : .f32
  }

  /// The bytes of a factor.
  /// - Throws: ``MergeError`` when a value is not finite in the format.
  func bytes(_ role: TensorRole, _ dtype: DType, file: SafeTensorsFile) throws -> [UInt8] {
    if pieces.count == 1, pieces[0].isWhole, let tensor = first.tensors[role], tensor.dtype == dtype,
      role == .down || pieces[0].rows[0].count == tensor.shape.first
    {
      return try file.copy(tensor)
    }
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
      var row = piece.offset
      for source in piece.rows.joined() {
        for (k, direction) in piece.directions.enumerated() {
          result[row * rank + column + k] = stored[source * width + direction] * Float(piece.scale)
        }
        row += 1
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
