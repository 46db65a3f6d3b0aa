import Testing
import Torch

@Suite("Mixed precision") struct AutocastTests {
  @Test func productsAreRoundedWithinAndNotAfter() throws {
    let matrix = try Tensor([1.001, 2, 3, 4] as [Float], shape: [2, 2])
    let within = try withAutocast(.bf16, on: .cpu) { try matrix.matrixProduct(matrix) }
    #expect(try within.scalarType == .bf16)
    #expect(try matrix.matrixProduct(matrix).scalarType == .f32)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try withAutocast(.bf16, on: .cpu) { throw Stop() } }
    #expect(try matrix.matrixProduct(matrix).scalarType == .f32, "turned off after an error")
  }
}
