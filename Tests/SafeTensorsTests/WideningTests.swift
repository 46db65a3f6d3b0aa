import Testing

@testable import SafeTensors

@Suite("Widening stored numbers")
struct WideningTests {
  static let numeric: [DType] = [
    .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E4M3FNUZ, .f8E5M2FNUZ, .i16, .u16, .f16, .bf16, .i32, .u32, .f32,
    .f64,
    .i64, .u64,
  ]

  /// Bit for bit, signs of zero and infinity included; NaN payloads carry no meaning.
  static func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }
  static func same(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }

  @Test func everyNumericFormatIsInTheFixture() throws {
    let file = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    #expect(
      Set(file.header.tensors.map(\.name))
        == Set(Self.numeric.flatMap { [$0.rawValue, "\($0.rawValue).f32"] }))
    for dtype in Self.numeric { #expect(file[dtype.rawValue]?.dtype == dtype) }
  }

  @Test(arguments: numeric)
  func floats(dtype: DType) throws {
    let file = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let tensor = try #require(file[dtype.rawValue])
    let expected = Self.numbers(try file.bytes(of: #require(file["\(dtype.rawValue).f32"])), of: Float.self)
    let found = try file.floats(of: tensor)
    #expect(found.count == expected.count && found.count == tensor.count)
    let differing = zip(found, expected).enumerated().filter { !Self.same($0.element.0, $0.element.1) }
    #expect(differing.isEmpty, "\(differing.count) differ, first \(String(describing: differing.first))")
  }

  /// Doubles hold every number of every format but I64 and U64, which round to nearest even as Swift's own
  /// conversion does.
  ///
  /// Where floats are exact too, the fixture's floats are the expectation.
  @Test(arguments: numeric)
  func doubles(dtype: DType) throws {
    let file = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let tensor = try #require(file[dtype.rawValue])
    let raw = try file.bytes(of: tensor)
    let expected: [Double]
    switch dtype {
    case .f64: expected = Self.numbers(raw, of: Double.self)
    case .i64: expected = Self.numbers(raw, of: Int64.self).map { Double($0) }
    case .u64: expected = Self.numbers(raw, of: UInt64.self).map { Double($0) }
    case .i32: expected = Self.numbers(raw, of: Int32.self).map { Double($0) }
    case .u32: expected = Self.numbers(raw, of: UInt32.self).map { Double($0) }
    default:
      let floats = Self.numbers(try file.bytes(of: #require(file["\(dtype.rawValue).f32"])), of: Float.self)
      expected = floats.map { Double($0) }
    }
    let found = try file.doubles(of: tensor)
    #expect(found.count == expected.count && !found.isEmpty)
    let differing = zip(found, expected).enumerated().filter { !Self.same($0.element.0, $0.element.1) }
    #expect(differing.isEmpty, "\(differing.count) differ, first \(String(describing: differing.first))")
    #expect(dtype.widened(raw).elementsEqual(found, by: Self.same))
  }

  private static func numbers<Number: BitwiseCopyable>(_ bytes: [UInt8], of type: Number.Type) -> [Number] {
    bytes.withUnsafeBytes { buffer in
      (0..<bytes.count / MemoryLayout<Number>.size).map {
        buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: type)
      }
    }
  }

  /// A header may end on any byte, so data may start on any.
  @Test(arguments: 0..<8)
  func unalignedData(shift: Int) throws {
    let source = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let folder = try TemporaryFolder()
    for dtype in Self.numeric {
      let tensor = try #require(source[dtype.rawValue])
      let raw = try source.bytes(of: tensor)
      var header =
        #"{"w":{"dtype":"\#(dtype.rawValue)","shape":[\#(tensor.count)],"data_offsets":[0,\#(raw.count)]}}"#
      while header.utf8.count % 8 != shift { header += " " }
      let file = try SafeTensorsFile(
        path: folder.file("\(dtype.rawValue).safetensors", container(header, data: raw)))
      #expect(file.header.dataStart % 8 == shift)
      let moved = try #require(file["w"])
      #expect(zip(try file.floats(of: moved), try source.floats(of: tensor)).allSatisfy { Self.same($0, $1) })
      #expect(
        zip(try file.doubles(of: moved), try source.doubles(of: tensor)).allSatisfy { Self.same($0, $1) })
      #expect(try file.nonFiniteCount(of: moved) == source.nonFiniteCount(of: tensor))
    }
  }

  /// Every value that widens to NaN or infinity is counted, and no other.
  @Test(arguments: [DType.f16, .bf16, .f32, .f64, .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ])
  func nonFiniteValuesAreCounted(dtype: DType) throws {
    let source = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let tensor = try #require(source[dtype.rawValue])
    let expected = try source.doubles(of: tensor).count { !$0.isFinite }
    #expect(try expected > 0 && source.nonFiniteCount(of: tensor) == expected)
  }

  @Test(arguments: [DType.f4, .f6E2M3, .f6E3M2, .f8E8M0, .c64])
  func formatsWithoutNumbers(dtype: DType) throws {
    let folder = try TemporaryFolder()
    // Four elements end on a whole byte in every format.
    let declaration = TensorDeclaration(name: "odd", dtype: dtype, shape: [4])
    let path = folder.path("odd.safetensors")
    try write(path, [(declaration, Array(repeating: 7, count: declaration.byteCount))])
    let file = try SafeTensorsFile(path: path)
    let tensor = try #require(file["odd"])
    #expect(try file.nonFiniteCount(of: tensor) == 0)
    for reading in [
      { _ = try file.floats(of: tensor) }, { _ = try file.doubles(of: tensor) },
      {
        var target = [Float](repeating: 0, count: 4)
        try file.widen(
          tensor, rowLength: 4, rows: 0..<1, columns: 0..<4, into: &target, offset: 0, stride: 4, scale: 1)
      },
    ] as [() throws -> Void] {
      let error = try #require(throws: SafeTensorsError.self) { try reading() }
      #expect(error.rule == .notNumeric && error.tensor == "odd")
      #expect(error.description.contains(path) && error.description.contains(dtype.rawValue))
    }
    #expect(dtype.widened([1, 2, 3]).isEmpty)
  }

  @Test(arguments: numeric)
  func countsWhatIsNotFinite(dtype: DType) throws {
    let file = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let tensor = try #require(file[dtype.rawValue])
    // In doubles: a finite F64 may be infinite as a float.
    let expected = try file.doubles(of: tensor).count { !$0.isFinite }
    #expect(try file.nonFiniteCount(of: tensor) == expected)
    #expect((expected > 0) == dtype.isFloatingPoint)
  }
}
