import Testing

@testable import SafeTensors

@Suite("Widening a block")
struct BlockWideningTests {
  /// A block of a tensor and where it goes.
  struct Block {
    var rowLength: Int
    var rows: Range<Int>
    var columns: Range<Int>
    var offset: Int
    var stride: Int
    var scale: Double

    init(
      _ rowLength: Int, _ rows: Range<Int>, _ columns: Range<Int>, at offset: Int, _ stride: Int,
      _ scale: Double = 1
    ) {
      (self.rowLength, self.rows, self.columns) = (rowLength, rows, columns)
      (self.offset, self.stride, self.scale) = (offset, stride, scale)
    }
  }

  // Widths on both sides of eight, where the vector loop hands over to the scalar one. The second-to-last block is the
  // whole matrix without gaps, which takes a shorter path.
  static let blocks = [
    Block(10, 0..<6, 0..<10, at: 0, 10), Block(10, 2..<5, 3..<7, at: 11, 9),
    Block(17, 1..<3, 0..<17, at: 0, 20, 0.5),
    Block(16, 0..<3, 8..<16, at: 5, 8), Block(7, 3..<4, 6..<7, at: 99, 1, -3),
    Block(60, 0..<1, 1..<60, at: 0, 59, 0.1),
    Block(30, 0..<2, 0..<30, at: 3, 30, 1.0 / 3), Block(10, 4..<4, 0..<10, at: 0, 10),
    Block(10, 0..<3, 2..<2, at: 0, 10),
  ]

  @Test(arguments: WideningTests.numeric)
  func equalsElementwise(dtype: DType) throws {
    let file = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let tensor = try #require(file[dtype.rawValue])
    let (floats, doubles) = (try file.floats(of: tensor), try file.doubles(of: tensor))
    for block in Self.blocks {
      var singles = [Float](repeating: 77, count: 200)
      var wide = [Double](repeating: 77, count: 200)
      var (expectedSingles, expectedWide) = (singles, wide)
      for (i, row) in block.rows.enumerated() {
        for (j, column) in block.columns.enumerated() {
          let (from, to) = (row * block.rowLength + column, block.offset + i * block.stride + j)
          expectedSingles[to] = floats[from] * Float(block.scale)
          expectedWide[to] = doubles[from] * block.scale
        }
      }
      try file.widen(
        tensor, rowLength: block.rowLength, rows: block.rows, columns: block.columns, into: &singles,
        offset: block.offset, stride: block.stride, scale: block.scale)
      try file.widen(
        tensor, rowLength: block.rowLength, rows: block.rows, columns: block.columns, into: &wide,
        offset: block.offset, stride: block.stride, scale: block.scale)
      // One rounding each, so bit for bit; nothing outside the block is touched. F64 and wide integers are an
      // exception in singles: value and scale are multiplied in the value's own format and rounded once.
      let exactInSingle = ![DType.f64, .i64, .u64, .i32, .u32].contains(dtype)
      #expect(
        !exactInSingle || zip(singles, expectedSingles).allSatisfy { WideningTests.same($0, $1) }, "\(block)")
      #expect(zip(wide, expectedWide).allSatisfy { WideningTests.same($0, $1) }, "\(block)")
    }
  }

  @Test func aBlockOfAnEmptyTensor() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("empty.safetensors")
    try write(path, [(TensorDeclaration(name: "e", dtype: .f16, shape: [0, 5]), [])])
    let file = try SafeTensorsFile(path: path)
    let tensor = try #require(file["e"])
    var target: [Float] = [1, 2]
    try file.widen(
      tensor, rowLength: 5, rows: 0..<0, columns: 0..<5, into: &target, offset: 0, stride: 5, scale: 2)
    #expect(target == [1, 2])
    #expect(try file.floats(of: tensor).isEmpty && file.doubles(of: tensor).isEmpty)
    #expect(try file.nonFiniteCount(of: tensor) == 0)
  }
}
