import SafeTensors
import Torch

/// Writes tensors to files in the order that the files have.
struct WritingJob {
  /// A parameter, and how it is stored under its key.
  struct Piece {
    var entry: ParameterList.Entry
    var form: StoredName.Form
  }

  /// The file or folder to be made, for messages.
  let path: String
  let writer: CheckpointWriter
  let types: (ParameterList.Entry) throws -> ScalarType
  let tensor: (ParameterList.Entry) throws -> Tensor

  init(
    path: String, writer: CheckpointWriter, types: @escaping (ParameterList.Entry) throws -> ScalarType,
    tensor: @escaping (ParameterList.Entry) throws -> Tensor
  ) {
    self.path = path
    self.writer = writer
    self.types = types
    self.tensor = tensor
  }

  /// Writes one file; a key with several pieces is their rows one after another.
  func write(
    _ slots: [String: [Piece]], to place: String, metadata: [String: String], markers: [String],
    existing: CheckpointWriter.Existing
  ) throws {
    var ordered: [String: [Piece]] = [:]
    var declarations = markers.map { TensorDeclaration(name: $0, dtype: .f32, shape: [0]) }
    for (key, pieces) in slots {
      let pieces = try arranged(pieces, key: key)
      ordered[key] = pieces
      let first = pieces[0]
      let types = Set(try pieces.map { try type($0.entry) })
      guard types.count == 1, let type = types.first, let dtype = DType(writing: type) else {
        throw failure(
          "\(key) would be written as \(types.map(\.rawValue).sorted()), which is not one format of weights")
      }
      declarations.append(
        TensorDeclaration(
          name: key, dtype: dtype, shape: StoredName(key: key, form: first.form).storedShape(first.entry.shape)))
    }
    var output = try SafeTensorsWriter(
      path: place, declarations: declarations, metadata: metadata, existing: existing == .replace ? .replace : .refuse,
      hashes: false)
    while let next = output.expected {
      let pieces = ordered[next.name] ?? []
      // One piece goes as it is; three are put together.
      if pieces.count == 1 {
        try output.append(try bytes(pieces[0]))
      } else {
        try output.append(try pieces.flatMap(bytes))
      }
    }
    try output.finish()
  }

  /// The pieces of a key in the order of their rows, checked to be the whole of it.
  private func arranged(_ pieces: [Piece], key: String) throws -> [Piece] {
    var thirds: [Int: Piece] = [:]
    for piece in pieces {
      if case .third(let place) = piece.form { thirds[place] = piece }
    }
    if thirds.isEmpty {
      guard pieces.count == 1 else {
        throw failure("\(pieces[1].entry.name) of the \(pieces[1].entry.part.label) was given twice")
      }
      return pieces
    }
    let ordered = (0..<3).compactMap { thirds[$0] }
    guard ordered.count == 3, pieces.count == 3, Set(ordered.map(\.entry.shape)).count == 1 else {
      throw failure("query, key and value for \(key) must be three parameters of one shape")
    }
    return ordered
  }

  private func type(_ entry: ParameterList.Entry) throws -> ScalarType { try writer.scalarType ?? types(entry) }

  private func bytes(_ piece: Piece) throws -> [UInt8] {
    let entry = piece.entry
    let given = try tensor(entry)
    guard given.shape == entry.shape else {
      throw failure("\(entry.name) has the shape \(given.shape), not \(entry.shape)")
    }
    let wanted = try type(entry)
    var result = try given.detached()
    if result.device != .cpu { result = try result.to(.cpu) }
    if try result.scalarType != wanted {
      let narrowed = try result.to(wanted)
      if try !narrowed.allFinite(), try result.allFinite() {
        throw CheckpointError(
          path: path, rule: .overflow,
          detail:
            "\(entry.name) of the \(entry.part.label) has numbers too large for \(wanted.rawValue); write bf16 or f32")
      }
      result = narrowed
    }
    if piece.form == .transposed { result = try result.transposed() }
    return try result.bytes()
  }

  private func failure(_ detail: String) -> CheckpointError { writer.failure(path, detail) }
}

extension DType {
  /// The format of a file for tensors of this one; `nil` for formats that hold no weights.
  init?(writing type: ScalarType) {
    switch type {
    case .f64: self = .f64
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    default: return nil
    }
  }
}
