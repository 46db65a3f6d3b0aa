import Testing

@testable import SafeTensors

/// Random tensors and metadata, the same from the same seed.
struct RandomFile {
  var tensors: [(TensorDeclaration, [UInt8])] = []
  var metadata: [String: String] = [:]

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var names = Set<String>()
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      let name = Self.text(&random)
      guard name != "__metadata__", names.insert(name).inserted else { continue }
      let dtype = DType.allCases.randomElement(using: &random) ?? .f32
      // Packed formats need a whole number of bytes: a dimension of four serves all of them.
      var shape = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...5, using: &random)
      }
      if dtype.bitWidth < 8 { shape.append(4) }
      let declaration = TensorDeclaration(name: name, dtype: dtype, shape: shape)
      tensors.append(
        (declaration, (0..<declaration.byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }))
    }
    for _ in 0..<Int.random(in: 0...6, using: &random) { metadata[Self.text(&random)] = Self.text(&random) }
    if Bool.random(using: &random) { metadata[SafeTensorsWriter.hashKey] = "" }
  }

  /// A text of letters, quotes, control characters and scalars of every length in UTF-8.
  private static func text(_ random: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      let range: ClosedRange<UInt32> =
        [0...0x1F, 0x20...0x7F, 0x20...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF].randomElement(
          using: &random)
        ?? 0...0x7F
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.append(scalar) }
    }
    return String(text)
  }
}

@Suite("Writing and reading again")
struct RoundTripTests {
  @Test(arguments: 1...200)
  func everythingComesBack(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("random.safetensors")
    let random = RandomFile(seed: seed)
    let digest = try write(path, random.tensors, metadata: random.metadata)
    let file = try SafeTensorsFile(path: path)
    var expected = random.metadata
    if expected[SafeTensorsWriter.hashKey] != nil { expected[SafeTensorsWriter.hashKey] = digest }
    #expect(file.header.metadata == expected)
    #expect(file.header.tensors.count == random.tensors.count)
    #expect(file.header.duplicateNames.isEmpty)
    for (declaration, data) in random.tensors {
      let tensor = try #require(file[declaration.name], "\(declaration)")
      #expect(Array(tensor.name.utf8) == Array(declaration.name.utf8))
      #expect(tensor.dtype == declaration.dtype && tensor.shape == declaration.shape)
      #expect(try file.bytes(of: tensor) == data)
      #expect(tensor.count == declaration.shape.reduce(1, *))
    }
    #expect(try file.tensorHash() == digest)
    // What was read, declared again, gives the same bytes.
    let again = folder.path("again.safetensors")
    let declarations = file.header.tensors.map {
      TensorDeclaration(name: $0.name, dtype: $0.dtype, shape: $0.shape)
    }
    try write(
      again, zip(declarations, file.header.tensors).map { ($0, try file.bytes(of: $1)) }, metadata: expected)
    #expect(try contents(path) == contents(again))
  }

  @Test func randomFilesAreVaried() {
    let files = (1...200).map { RandomFile(seed: $0) }
    let declarations = files.flatMap { $0.tensors.map(\.0) }
    #expect(Set(declarations.map(\.dtype)) == Set(DType.allCases))
    #expect(declarations.contains { $0.shape.isEmpty } && declarations.contains { $0.shape.contains(0) })
    #expect(declarations.contains { $0.name.isEmpty } && declarations.contains { $0.name.contains("\u{0}") })
    #expect(files.contains { $0.tensors.isEmpty } && files.contains { $0.metadata.isEmpty })
  }
}
