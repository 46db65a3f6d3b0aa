import Testing

@testable import SafeTensors

@Suite("Narrowing to storage formats")
struct NarrowingTests {
  static let targets: [DType] = [.f16, .bf16, .f8E4M3, .f8E5M2]
  static let greatest: [DType: Float] = [
    .f32: .greatestFiniteMagnitude, .f16: 65504, .bf16: 0x1.fep127, .f8E4M3: 448, .f8E5M2: 57344,
  ]

  private func input() throws -> (file: SafeTensorsFile, values: [Float]) {
    let file = try SafeTensorsFile(path: Fixtures.path("narrowing.safetensors"))
    return (file, try file.floats(of: try #require(file["input"])))
  }

  /// The elements that differ: bit for bit, but any NaN for any NaN.
  private func differing(_ found: [UInt8], _ expected: [UInt8], _ dtype: DType) -> [Int] {
    let width = dtype.bitWidth / 8
    let (a, b) = (dtype.widened(found), dtype.widened(expected))
    guard a.count == b.count else { return [-1] }
    return a.indices.filter { i in
      !(a[i].isNaN && b[i].isNaN)
        && found[i * width..<(i + 1) * width] != expected[i * width..<(i + 1) * width]
    }
  }

  @Test(arguments: targets)
  func nearestEven(dtype: DType) throws {
    let (file, values) = try input()
    let expected = try file.bytes(of: #require(file["to.\(dtype.rawValue)"]))
    let (found, nonFinite) = dtype.narrowed(values)
    #expect(found.count == values.count * dtype.bitWidth / 8)
    let different = differing(found, expected, dtype)
    #expect(
      different.isEmpty, "\(different.count) differ, first \(different.first.map { values[$0] } as Any)")
    #expect(nonFinite == dtype.widened(expected).count { !$0.isFinite })
    #expect(nonFinite > values.count { !$0.isFinite }, "the fixture has values that overflow")
  }

  /// Other lengths take the vector loop's remainder, or the scalar loop alone.
  @Test(arguments: targets, [0, 1, 7, 8, 9, 15, 17])
  func everyLength(dtype: DType, count: Int) throws {
    let (file, values) = try input()
    let width = dtype.bitWidth / 8
    let expected = try file.bytes(of: #require(file["to.\(dtype.rawValue)"]))
    for start in stride(from: 0, to: 200, by: 13) {
      let (found, nonFinite) = dtype.narrowed(Array(values[start..<start + count]))
      let slice = Array(expected[start * width..<(start + count) * width])
      #expect(differing(found, slice, dtype).isEmpty)
      #expect(nonFinite == dtype.widened(slice).count { !$0.isFinite })
    }
  }

  @Test(arguments: targets)
  func saturating(dtype: DType) throws {
    let (file, values) = try input()
    let plain = dtype.widened(try file.bytes(of: #require(file["to.\(dtype.rawValue)"])))
    let greatest = Double(try #require(Self.greatest[dtype]))
    let (found, nonFinite) = dtype.narrowed(values, policy: .saturate)
    let numbers = dtype.widened(found)
    for (i, value) in values.enumerated() {
      if plain[i].isFinite || !value.isFinite {
        #expect(WideningTests.same(numbers[i], plain[i]), "\(value)")
      } else {
        #expect(numbers[i] == (value < 0 ? -greatest : greatest), "\(value)")
      }
    }
    // What was NaN or infinite stays so, and is counted; what only overflowed is not.
    #expect(nonFinite == values.count { !$0.isFinite })
  }

  @Test func singlePrecisionIsACopy() throws {
    let (_, values) = try input()
    let (found, nonFinite) = DType.f32.narrowed(values)
    #expect(found == bytes(of: values))
    #expect(nonFinite == values.count { !$0.isFinite })
  }

  @Test(arguments: targets + [.f32])
  func scaleMultipliesFirst(dtype: DType) throws {
    let (_, values) = try input()
    let (scaled, count) = dtype.narrowed(values, scale: 0.3)
    let (expected, expectedCount) = dtype.narrowed(values.map { $0 * 0.3 })
    #expect(differing(scaled, expected, dtype).isEmpty && count == expectedCount)
    #expect(differing(scaled, dtype.narrowed(values).bytes, dtype).count > 1000, "the scale has an effect")
  }

  @Test(arguments: [DType.f32, .bf16, .f16])
  func overflowByScaling(dtype: DType) throws {
    let greatest = try #require(Self.greatest[dtype])
    #expect(dtype.narrowed([greatest, -greatest], scale: 2).nonFinite == 2)
    // A product that is infinite in single precision already is no longer a finite value beyond the greatest.
    let saturated = dtype.narrowed([greatest / 2, -greatest / 2], scale: 1.9, policy: .saturate)
    #expect(saturated.nonFinite == 0)
  }

  @Test(arguments: DType.allCases.filter { !DType.writable.contains($0) })
  func otherFormatsAreNotWritten(dtype: DType) {
    let (bytes, nonFinite) = dtype.narrowed([1, 2, 3])
    #expect(bytes.isEmpty && nonFinite == 3)
  }

  /// A stored number widened and narrowed again is itself.
  @Test(arguments: targets + [.f32])
  func roundTrip(dtype: DType) throws {
    let file = try SafeTensorsFile(path: Fixtures.path("dtypes.safetensors"))
    let tensor = try #require(file[dtype.rawValue])
    let (found, _) = dtype.narrowed(try file.floats(of: tensor))
    #expect(try differing(found, file.bytes(of: tensor), dtype).isEmpty)
  }
}
