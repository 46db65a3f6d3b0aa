import LinearAlgebra
import SafeTensors
import Testing

@testable import Adapters

@Suite("Layers that are one in a file and several in another")
struct PartsTests {
  private static let fused = "lora_unet_double_blocks_0_img_attn_qkv"
  private static let split = "lora_transformer_transformer_blocks_0_attn_to_"

  @Test func rowsOfEachPart() throws {
    func rows(_ parts: RowParts, _ outputs: Int, _ inputs: Int) -> [[Range<Int>]]? {
      parts.rows(outputs: outputs, inputs: inputs)
    }
    #expect(rows(.attention, 9, 3) == [[0..<3], [3..<6], [6..<9]])
    #expect(rows(.attention, 10, 3) == nil, "three equal parts of ten rows")
    #expect(rows(.attentionAndMLP, 7 * 4, 4) == [[0..<4], [4..<8], [8..<12], [12..<28]])
    #expect(rows(.attentionAndMLP, 12, 4) == nil, "nothing is left for the last part")
    #expect(rows(.attentionAndMLP, 12, 0) == nil && rows(.attentionAndMLP, 12, .max) == nil)
    #expect(
      rows(RowParts(rule: .weighted([3, 1, 1]), names: ["a", "b", "c"]), 10, 4) == [[0..<6], [6..<8], [8..<10]])
    #expect(rows(.exchanged("a"), 6, 4) == [[3..<6, 0..<3]])
    #expect(rows(.exchanged("a"), 5, 4) == nil)
    let byHeight = RowParts(rule: .exchangedIfTwo, names: ["a"])
    #expect(rows(byHeight, 8, 4) == [[4..<8, 0..<4]] && rows(byHeight, 24, 4) == [[0..<24]])
  }

  @Test func heightsOfPartsThatAreNotTrained() {
    #expect(RowParts.attention.heights([3, nil, 3], inputs: 5) == [3, 3, 3])
    #expect(RowParts.attention.heights([3, nil, 4], inputs: 5) == nil)
    #expect(RowParts.attention.heights([nil, nil, nil], inputs: 5) == nil)
    #expect(RowParts.attentionAndMLP.heights([5, nil, nil, 30], inputs: 5) == [5, 5, 5, 30])
    #expect(RowParts.attentionAndMLP.heights([5, 5, 5, nil], inputs: 5) == [5, 5, 5, 20])
    #expect(RowParts.attentionAndMLP.heights([6, nil, nil, nil], inputs: 5) == nil)
    #expect(
      RowParts(rule: .weighted([3, 1, 1]), names: ["a", "b", "c"]).heights([nil, 4, nil], inputs: 9) == [12, 4, 4])
  }

  /// The parts' changes are the rows of the whole's, and an aligned pair of files has the same layers.
  @Test func alignedFilesHaveTheSameLayers() throws {
    let folder = try TemporaryFolder()
    let one = try makeAdapter(pair(Self.fused, outputs: 18, inputs: 6, alpha: 1), in: folder, "one.safetensors")
    var tensors: [String: MadeTensor] = [:]
    for leaf in ["q", "v"] { tensors.merge(pair(Self.split + leaf, outputs: 6, inputs: 6)) { $1 } }
    let several = try makeAdapter(tensors, in: folder, "several.safetensors")
    #expect(one.architecture == .flux1 && several.architecture == .flux1)

    let aligned = Adapter.aligned([one, several])
    let names = ["to_q", "to_k", "to_v"].map { "transformer_blocks.0.attn.\($0)" }
    #expect(aligned[0].modules.map(\.path.name).sorted() == names.sorted())
    #expect(aligned[1].modules.map(\.path) == several.modules.map(\.path))
    let whole = try one.factors(of: one.modules[0]).dense
    for (index, name) in names.enumerated() {
      let part = try #require(aligned[0].modules.first { $0.path.name == name })
      #expect(part.outputs == 6 && part.inputs == 6 && part.exactRank == 2 && !part.isPair)
      let expected = whole.block(rows: index * 6..<index * 6 + 6, columns: 0..<6)
      #expect(try aligned[0].factors(of: part).dense == expected)
    }
    // Files that store it alike keep it as it is.
    #expect(Adapter.aligned([one, one])[0].modules.map(\.path) == one.modules.map(\.path))
    #expect(Adapter.aligned([one])[0].modules.count == 1)
  }

  @Test func halvesThatStandInTheOtherOrder() throws {
    let folder = try TemporaryFolder()
    let original = try makeAdapter(
      pair("lora_unet_final_layer_adaLN_modulation_1", outputs: 6, inputs: 5).merging(
        pair(Self.fused, outputs: 18, inputs: 6)
      ) { $1 }, in: folder)
    let module = try #require(original.modules.first { $0.path.name == "norm_out.linear_exchanged" })
    let part = try #require(original.parts(of: module)?.first)
    let dense = try original.factors(of: module).dense
    #expect(part.path.name == "norm_out.linear")
    #expect(
      try original.factors(of: part).dense
        == .stacked([dense.block(rows: 3..<6, columns: 0..<5), dense.block(rows: 0..<3, columns: 0..<5)]))
  }
}
