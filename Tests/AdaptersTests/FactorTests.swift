import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Adapters

/// What `make_factor_fixture.py` says of one layer.
struct FactorExpectation: Decodable {
  var variant: String
  var shape: [Int]
  var alpha: Double?
  var scale: Double
  /// The rank of the matrix.
  var rank: Int
  var norm: Double

  static let all: [String: FactorExpectation] =
    FileManager.default.contents(atPath: Fixtures.path("factors.json")).flatMap {
      try? JSONDecoder().decode([String: FactorExpectation].self, from: $0)
    } ?? [:]

  /// What this version calls the variant.
  var name: Variant {
    let isTucker = variant.contains("tucker")
    switch variant.prefix(4) {
    case "lora": return .lora
    case "loco": return isTucker ? .tucker : .locon
    case "loha": return isTucker ? .lohaTucker : .loha
    case "lokr": return .lokr
    default: return .full
    }
  }
}

@Suite("Exact factors of every variant")
struct FactorTests {
  @Test func theFixtureIsWhole() throws {
    #expect(FactorExpectation.all.count == 18)
    let adapter = try Adapter(path: Fixtures.path("factors.safetensors"))
    #expect(adapter.modules.count == 18 && adapter.unmatched.isEmpty)
    #expect(Set(adapter.modules.map(\.stem)) == Set(FactorExpectation.all.keys))
    #expect(adapter.dialects == [.kohyaSGM])
  }

  @Test(arguments: FactorExpectation.all.keys.sorted())
  func product(stem: String) throws {
    let expected = try #require(FactorExpectation.all[stem])
    let adapter = try Adapter(path: Fixtures.path("factors.safetensors"))
    let module = try #require(adapter.modules.first { $0.stem == stem })
    #expect(module.variant == expected.name, "\(expected.variant)")
    #expect([module.outputs, module.inputs] == expected.shape)
    let file = try SafeTensorsFile(path: Fixtures.path("factors_expected.safetensors"))
    let tensor = try #require(file["\(stem).expected"])
    let dense = Matrix(
      rows: expected.shape[0], columns: expected.shape[1], elements: try file.doubles(of: tensor))
    let factors = try adapter.factors(of: module)
    // Both sides multiply the stored numbers in double, so only rounding lies between them.
    #expect(factors.dense.distance(to: dense) < 1e-12)
    #expect(abs(factors.squaredNorm.squareRoot() - expected.norm) < 1e-12 * expected.norm)
    #expect(factors.outputs == module.outputs && factors.inputs == module.inputs)
    #expect(
      factors.rank <= min(module.outputs, module.inputs), "factors are never larger than what they describe")
    #expect(factors.rank <= module.exactRank && module.exactRank >= expected.rank)
  }

  @Test(arguments: FactorExpectation.all.keys.sorted())
  func alphas(stem: String) throws {
    let expected = try #require(FactorExpectation.all[stem])
    let adapter = try Adapter(path: Fixtures.path("factors.safetensors"))
    let module = try #require(adapter.modules.first { $0.stem == stem })
    #expect(abs(module.scale - expected.scale) < 1e-15)
    let isWhole = expected.variant.contains("both whole")
    if expected.name == .full || isWhole {
      #expect(module.alpha.source == .none && module.scale == 1)
    } else if let alpha = expected.alpha {
      #expect(module.alpha == Alpha(value: alpha, source: .tensor))
      #expect(abs(module.alpha.value / Double(module.rank) - expected.scale) < 1e-15)
    } else {
      #expect(module.alpha == Alpha(value: Double(module.rank), source: .assumed))
    }
  }

  @Test(arguments: FactorExpectation.all.keys.sorted())
  func kernels(stem: String) throws {
    let expected = try #require(FactorExpectation.all[stem])
    let adapter = try Adapter(path: Fixtures.path("factors.safetensors"))
    let module = try #require(adapter.modules.first { $0.stem == stem })
    let isConvolution = expected.variant.contains("3x3") || expected.variant == "locon tucker"
    // Stored flat, the tensors do not tell the kernel; the layer's name does.
    let isFlat = expected.variant.hasSuffix("flat")
    let elements = module.kernel.reduce(1, *)
    #expect((elements > 1) == (isConvolution && !isFlat), "\(expected.variant): \(module.kernel)")
    #expect(module.inputs % elements == 0)
    #expect((module.path.kernelWidth == 3) == isConvolution)
  }

  /// Beyond the smaller side the factors would be larger than the matrix.
  @Test func ranksBeyondTheMatrix() throws {
    let folder = try TemporaryFolder()
    let stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    let adapter = try makeAdapter(
      [
        "\(stem).hada_w1_a": MadeTensor(6, 4), "\(stem).hada_w1_b": MadeTensor(4, 5),
        "\(stem).hada_w2_a": MadeTensor(6, 4), "\(stem).hada_w2_b": MadeTensor(4, 5),
      ], in: folder)
    let module = try #require(adapter.modules.first)
    #expect(module.rank == 4 && module.exactRank == 5)
    let factors = try adapter.factors(of: module)
    #expect(factors.rank == 5)
    let w = LowRank(
      up: Matrix(rows: 6, columns: 4, elements: MadeTensor(6, 4).values.map { Double($0) }),
      down: Matrix(rows: 4, columns: 5, elements: MadeTensor(4, 5).values.map { Double($0) })
    ).dense
    // Both halves are the same matrix here, so the product is its square, element by element.
    let expected = Matrix(rows: 6, columns: 5, elements: w.elements.map { $0 * $0 })
    #expect(factors.dense.distance(to: expected) < 1e-14)
  }
}
