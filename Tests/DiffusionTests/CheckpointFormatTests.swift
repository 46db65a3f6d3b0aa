import SafeTensors
import Testing
import Torch

@testable import Diffusion

@Suite struct CheckpointFormatTests {
  private static let key = "model.diffusion_model.input_blocks.0.0.weight"
  private static let entry = ParameterList.Entry(part: .unet, name: "conv_in.weight", shape: [2, 3, 1, 1])
  private static let values: [Float] = [0, 1.5, -2, 0.015625, 448, -0.5]

  private func open(
    _ dtype: DType, _ bytes: [UInt8], in folder: CheckpointFolder
  ) throws -> ModelCheckpoint {
    let path = folder.path("\(dtype.rawValue).safetensors")
    try CheckpointFixture.write(path, [Self.key: (dtype, Self.entry.shape, bytes)])
    return try ModelCheckpoint(path: path, configuration: .sd15)
  }

  /// Every format of weights gives the same numbers, all of which all formats hold.
  @Test(arguments: [DType.f64, .f32, .f16, .bf16, .f8E4M3, .f8E5M2]) func formatsAreRead(_ dtype: DType) throws {
    let folder = try CheckpointFolder()
    var values = Self.values
    if dtype == .f8E5M2 { values[4] = 512 }
    let bytes =
      dtype == .f64
      ? values.map(Double.init).withUnsafeBytes { Array($0) } : dtype.narrowed(values).bytes
    let checkpoint = try open(dtype, bytes, in: folder)
    let natural: ScalarType = [.f64: .f64, .f32: .f32, .f16: .f16][dtype] ?? .bf16
    #expect(checkpoint.scalarType(.unet, "conv_in.weight") == natural)
    for type in [nil, .f64, .f32, .f16, .bf16] as [ScalarType?] {
      let tensor = try checkpoint.load([Self.entry], as: type).parameter(
        .unet, "conv_in.weight", shape: Self.entry.shape)
      #expect(try tensor.scalarType == type ?? natural)
      #expect(try tensor.to(.f32).array(of: Float.self) == values)
    }
  }

  /// More numbers than one piece of the widening has, and the thirds of a fused tensor in 8 bits.
  @Test func longTensorsInEightBits() throws {
    let folder = try CheckpointFolder()
    let width = 724  // 3 · 724² numbers are more than the 2²⁰ of a piece, and no multiple of it
    let bytes = (0..<3 * width * width).map { UInt8(truncatingIfNeeded: $0 &* 7 % 119) }
    let path = folder.path("open.safetensors")
    try CheckpointFixture.write(
      path,
      [
        "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight": (.f8E4M3, [3 * width, width], bytes),
        "cond_stage_model.model.token_embedding.weight": (.f16, [1, 1], nil),
      ])
    let checkpoint = try ModelCheckpoint(path: path, configuration: .sd2)
    let parameters = try checkpoint.load([], as: .f32)
    let expected = DType.f8E4M3.widenedFloats(bytes)
    for (third, name) in ["q_proj", "k_proj", "v_proj"].enumerated() {
      let tensor = try parameters.parameter(
        .textEncoder1, "text_model.encoder.layers.0.self_attn.\(name).weight", shape: [width, width])
      let rows = Array(expected[third * width * width..<(third + 1) * width * width])
      #expect(try tensor.array(of: Float.self) == rows)
    }
  }

  @Test func kernelsCanHaveTheirChannelsInnermost() throws {
    let parameters = ChannelsLastParameters(try CheckpointFixture.single("sd1").load([]))
    let plain = try CheckpointFixture.single("sd1").load([])
    let tensor = try parameters.parameter(.unet, "conv_in.weight", shape: [4, 4, 3, 3])
    #expect(try tensor.bytes() == plain.parameter(.unet, "conv_in.weight", shape: [4, 4, 3, 3]).bytes())
    let strides = try tensor.permuted(0, 2, 3, 1)
    // In this order the elements lie one after another, so flattening is a view of the same memory.
    try strides.reshaped([-1]).fill(0)
    #expect(try tensor.to(.f32).array(of: Float.self).allSatisfy { $0 == 0 })
  }

  @Test func numbersThatAreNotFiniteAreCounted() throws {
    let folder = try CheckpointFolder()
    let checkpoint = try open(.f32, DType.f32.narrowed([1, .nan, 1e6, -.infinity, 0, 2]).bytes, in: folder)
    let parameters = try checkpoint.load([Self.entry], as: .f16)
    _ = try parameters.parameter(.unet, "conv_in.weight", shape: Self.entry.shape)
    #expect(parameters.nonFinite.isEmpty)
    parameters.countsNonFinite = true
    _ = try parameters.parameter(.unet, "conv_in.weight", shape: Self.entry.shape)
    // 10⁶ becomes infinite in F16.
    #expect(parameters.nonFinite == [.init(part: .unet, name: "conv_in.weight", count: 3, inFile: 2)])
  }

  @Test func oneNetworkMayHaveItsOwnFormat() throws {
    let parameters = try CheckpointFixture.single("sdxl").load([], as: .bf16)
    parameters.scalarTypes[.vae] = .f32
    #expect(try parameters.parameter(.vae, "quant_conv.bias", shape: [8]).scalarType == .f32)
    #expect(try parameters.parameter(.unet, "conv_in.bias", shape: [4]).scalarType == .bf16)
  }

  /// The attention of old VAEs has one trailing dimension, of newer ones two.
  @Test(arguments: [[4, 4], [4, 4, 1], [4, 4, 1, 1]]) func matricesAreReadFromKernelsOfWidthOne(_ shape: [Int]) throws {
    let folder = try CheckpointFolder()
    let path = folder.path("vae.safetensors")
    let bytes = DType.f16.narrowed((0..<16).map(Float.init)).bytes
    try CheckpointFixture.write(
      path,
      [
        "first_stage_model.encoder.mid.attn_1.q.weight": (.f16, shape, bytes),
        "first_stage_model.decoder.conv_in.weight": (.f16, [1], nil),
      ])
    let parameters = try ModelCheckpoint(path: path, configuration: .sd15).load([])
    let tensor = try parameters.parameter(.vae, "encoder.mid_block.attentions.0.to_q.weight", shape: [4, 4])
    #expect(try tensor.bytes() == bytes)
    #expect(tensor.shape == [4, 4])
  }
}
