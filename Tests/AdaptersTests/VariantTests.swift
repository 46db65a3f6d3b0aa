import SafeTensors
import Testing

@testable import Adapters

@Suite("Variants")
struct VariantTests {
  private static let stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"

  private func module(_ tensors: [String: MadeTensor], _ folder: TemporaryFolder) throws -> (
    Adapter, AdapterModule
  ) {
    let adapter = try makeAdapter(
      Dictionary(uniqueKeysWithValues: tensors.map { ("\(Self.stem).\($0.key)", $0.value) }), in: folder)
    #expect(adapter.modules.count == 1)
    return (adapter, try #require(adapter.modules.first))
  }

  private static let pairOnly = ["lora_up.weight": MadeTensor(6, 2), "lora_down.weight": MadeTensor(2, 5)]

  @Test(
    arguments: [
      (Variant.dora, pairOnly.merging(["dora_scale": MadeTensor(6, 1)]) { a, _ in a }),
      (.dora, pairOnly.merging(["lora_magnitude_vector": MadeTensor(6)]) { a, _ in a }),
      (
        .dora,
        [
          "hada_w1_a": MadeTensor(6, 2), "hada_w1_b": MadeTensor(2, 5), "hada_w2_a": MadeTensor(6, 2),
          "hada_w2_b": MadeTensor(2, 5), "dora_scale": MadeTensor(1, 5),
        ]
      ),
      (.dora, ["lokr_w1": MadeTensor(2, 2), "lokr_w2": MadeTensor(3, 3), "dora_scale": MadeTensor(1, 6)]),
      (.oft, ["oft_blocks": MadeTensor(2, 3, 3), "alpha": .number(1)]),
      (.oft, ["oft_R.weight": MadeTensor(2, 3)]),
      (.oft, ["oft_R.weight": MadeTensor(1, 3), "oft_R.scaled_oft": .number(1)]),
      (.boft, ["oft_blocks": MadeTensor(2, 2, 4, 4), "rescale": MadeTensor(8, 1)]),
      (.boft, ["boft_R": MadeTensor(1, 2, 3, 3), "boft_s": MadeTensor(6, 1)]),
      (.ia3, ["ia3_l": MadeTensor(6, 1)]),
      (
        .tlora,
        ["q_layer.weight": MadeTensor(2, 5), "p_layer.weight": MadeTensor(6, 2), "lambda_layer": MadeTensor(1, 2)]
      ),
      (.replaced, ["set_weight": MadeTensor(6, 5)]),
      (.ia3, ["on_input": .number(1), "weight": MadeTensor(6)]),
      (
        .glora,
        [
          "a1.weight": MadeTensor(2, 5), "a2.weight": MadeTensor(5, 2), "b1.weight": MadeTensor(2, 5),
          "b2.weight": MadeTensor(6, 2),
        ]
      ),
    ] as [(Variant, [String: MadeTensor])])
  func needingTheBase(variant: Variant, tensors: [String: MadeTensor]) throws {
    let folder = try TemporaryFolder()
    let (adapter, module) = try module(tensors, folder)
    #expect(module.variant == variant && variant.needsBase && !variant.hasFactors)
    #expect(adapter.needingBase.count == 1 && adapter.factorable.isEmpty)
    let error = try #require(throws: AdapterError.self) { try adapter.factors(of: module) }
    #expect(error.rule == .needsBase && error.key == Self.stem && error.path == adapter.file.path)
    #expect(error.detail.hasPrefix(variant.label))
  }

  @Test(arguments: [["diff_b": MadeTensor(6)], ["w_norm": MadeTensor(6), "b_norm": MadeTensor(6)]])
  func vectors(tensors: [String: MadeTensor]) throws {
    let folder = try TemporaryFolder()
    let (adapter, module) = try module(tensors, folder)
    #expect(module.variant == .vector && !module.variant.needsBase && adapter.factorable.isEmpty)
    let error = try #require(throws: AdapterError.self) { try adapter.factors(of: module) }
    #expect(error.rule == .needsBase && error.detail.contains("a vector, not a matrix"))
  }

  /// The change of a norm's weight is stored like that of a matrix.
  @Test func fullChangeOfAVector() throws {
    let folder = try TemporaryFolder()
    let (adapter, module) = try module(["diff": MadeTensor(6)], folder)
    #expect(module.variant == .full && module.outputs == 0)
    let error = try #require(throws: AdapterError.self) { try adapter.factors(of: module) }
    #expect(error.detail.contains("a vector"))
  }

  @Test func biasBesideAMatrix() throws {
    let folder = try TemporaryFolder()
    let (_, module) = try module(["diff": MadeTensor(6, 5), "diff_b": MadeTensor(6)], folder)
    #expect(module.variant == .full && module.tensors.count == 2)
  }

  @Test(arguments: [
    ([4], Variant.lora, [Int]()), ([4, 1, 1], .lora, []), ([4, 3, 3], .locon, [3, 3]),
    ([4, 3, 1], .locon, [3, 1]),
  ])
  func kernelDecidesLoCon(shape: [Int], variant: Variant, kernel: [Int]) throws {
    let folder = try TemporaryFolder()
    var down = MadeTensor(0)
    down.shape = [2] + shape
    down.values = Array(repeating: 1, count: down.shape.reduce(1, *))
    let (_, module) = try module(
      ["lora_up.weight": MadeTensor(6, 2, 1, 1), "lora_down.weight": down], folder)
    #expect(module.variant == variant && module.kernel == kernel)
    #expect(module.inputs == shape.reduce(1, *) && module.isPair)
  }

  // MARK: - What is left over

  @Test(arguments: ["lora_up.weight", "lora_down.weight", "hada_w1_a", "lokr_w1"])
  func halfALayer(ending: String) throws {
    let folder = try TemporaryFolder()
    let other = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_k"
    var tensors = pair(other)
    tensors["\(Self.stem).\(ending)"] = MadeTensor(6, 2)
    tensors["\(Self.stem).alpha"] = .number(1)
    let adapter = try makeAdapter(tensors, in: folder)
    #expect(adapter.modules.map(\.stem) == [other])
    #expect(Set(adapter.unmatched.map(\.key)) == ["\(Self.stem).\(ending)", "\(Self.stem).alpha"])
    #expect(adapter.unmatched.allSatisfy { $0.reason.contains("counterpart is missing") })
    let named = [
      "lora_up.weight": "(lora_down)", "lora_down.weight": "(lora_up)",
      "hada_w1_a": "(hada_w1_b, hada_w2_a, hada_w2_b)",
      "lokr_w1": "(lokr_w2)",
    ]
    #expect(adapter.unmatched.allSatisfy { $0.reason.contains(named[ending] ?? "?") }, "\(adapter.unmatched)")
  }

  @Test func unknownKeys() throws {
    let folder = try TemporaryFolder()
    var tensors = pair(Self.stem)
    tensors["lora_unet_nowhere.lora_up.weight"] = MadeTensor(6, 2)
    tensors["<s1>"] = MadeTensor(768)
    tensors["unet:14:up"] = MadeTensor(6, 2)
    let adapter = try makeAdapter(tensors, in: folder)
    #expect(adapter.modules.count == 1)
    let reasons = Dictionary(uniqueKeysWithValues: adapter.unmatched.map { ($0.key, $0.reason) })
    #expect(reasons["lora_unet_nowhere.lora_up.weight"]?.contains("no known layer") == true)
    #expect(reasons["<s1>"]?.contains("ends like this") == true)
    #expect(reasons["unet:14:up"]?.contains("cloneofsimo") == true)
    // In the file's order.
    let order = adapter.file.header.tensors.map(\.name).filter { reasons[$0] != nil }
    #expect(adapter.unmatched.map(\.key) == order)
  }

  @Test func everyVariantHasALabel() {
    #expect(Set(Variant.allCases.map(\.label)).count == Variant.allCases.count)
    for variant in Variant.allCases { #expect(!(variant.needsBase && variant.hasFactors)) }
  }

  @Test(arguments: [
    ("lora.safetensors", "lora"), ("x.safetensors.safetensors", "x.safetensors"), ("none", "none"),
  ])
  func names(file: String, name: String) throws {
    let folder = try TemporaryFolder()
    #expect(try makeAdapter(pair(Self.stem), in: folder, file).name == name)
  }
}
