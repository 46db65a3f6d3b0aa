import Foundation
import SafeTensors
import Testing
import Torch

@testable import Diffusion

@Suite struct CheckpointWriterTests {
  /// From each layout to each: the same names, the same bytes, the same configuration.
  @Test(arguments: CheckpointFixture.families) func roundTripsAreExact(_ family: String) throws {
    let folder = try CheckpointFolder()
    let expected = try CheckpointFixture.tensors(family)
    let entries = expected.map(\.entry)
    let source = try ModelCheckpoint(path: CheckpointFixture.path(family))
    let writer = CheckpointWriter(source.configuration, tokenizersOf: source)
    let single = folder.path("\(family).safetensors")
    let report = try writer.write(to: single, .singleFile, entries: entries, from: try source.load(entries))
    // The single file needs no configuration: it carries its own.
    let reread = try ModelCheckpoint(path: single)
    #expect(reread.configuration == source.configuration)
    let again = folder.path(family)
    let second = try writer.write(to: again, .folder, entries: entries, from: try reread.load(entries))
    #expect(second.tensors == expected.count)
    #expect(second.parameters == expected.reduce(0) { $0 + $1.entry.count })
    let last = try ModelCheckpoint(path: again)
    #expect(last.configuration == source.configuration)
    for checkpoint in [reread, last] {
      let parameters = try checkpoint.load(entries)
      for (entry, bytes) in expected {
        #expect(try parameters.parameter(entry.part, entry.name, shape: entry.shape).bytes() == bytes)
      }
    }
    // The single file is the oracle's, tensor for tensor.
    let mine = try SafeTensorsFile(path: single)
    let oracle = try SafeTensorsFile(path: CheckpointFixture.path("\(family).safetensors"))
    #expect(report.tensors == oracle.header.tensors.count)
    for tensor in oracle.header.tensors {
      let own = try #require(mine[tensor.name])
      #expect(own.shape == tensor.shape && own.dtype == tensor.dtype)
      #expect(try mine.copy(own) == oracle.copy(tensor), "\(tensor.name)")
    }
    let markers = mine.header.tensors.map(\.name).filter { oracle[$0] == nil }.sorted()
    #expect(markers == (family == "sdxl" ? ["v_pred", "ztsnr"] : []))
    #expect(second.notes.count == (family == "sdxl" ? 0 : 1))
    #expect(
      FileManager.default.fileExists(atPath: "\(again)/tokenizer_2/vocab.json") == (family == "sdxl"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [family, "\(family).safetensors"])
  }

  /// Written for `make_checkpoint_fixture.py --check`, where a folder for it is named.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["TROUPE_CHECKPOINTS"] != nil, "needs TROUPE_CHECKPOINTS"))
  func writesForTheOracle() throws {
    let target = try #require(ProcessInfo.processInfo.environment["TROUPE_CHECKPOINTS"])
    for family in CheckpointFixture.families {
      let source = try ModelCheckpoint(path: CheckpointFixture.path(family))
      let entries = try CheckpointFixture.entries(family)
      let writer = CheckpointWriter(source.configuration, tokenizersOf: source)
      try writer.write(
        to: "\(target)/\(family).safetensors", .singleFile, entries: entries, from: try source.load(entries),
        existing: .replace)
      try writer.write(to: "\(target)/\(family)", .folder, entries: entries, from: try source.load(entries))
    }
  }

  @Test func tensorsInMemoryAreWrittenInAnotherFormat() throws {
    let folder = try CheckpointFolder()
    let entries: [ParameterList.Entry] = ["q_proj", "k_proj", "v_proj"].map {
      .init(part: .textEncoder2, name: "text_model.encoder.layers.0.self_attn.\($0).bias", shape: [2])
    }
    let tensors = try entries.enumerated().map { ($1, try Tensor([Float($0), 0.1], shape: [2])) }
    let path = folder.path("model.safetensors")
    try CheckpointWriter(.sdxl, as: .bf16).write(to: path, .singleFile, tensors)
    let file = try SafeTensorsFile(path: path)
    let fused = try #require(file["conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_bias"])
    #expect(fused.dtype == .bf16)
    #expect(try file.floats(of: fused) == [0, 0.10009765625, 1, 0.10009765625, 2, 0.10009765625])
  }

  private let bias = ParameterList.Entry(part: .unet, name: "conv_in.bias", shape: [2])

  @Test func numbersThatDoNotFitAreRefused() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    let tensor = try Tensor([Float(1), 70000], shape: [2])
    let message = CheckpointFixture.message {
      try CheckpointWriter(.sdxl, as: .f16).write(to: path, .singleFile, [(bias, tensor)])
    }
    #expect(
      message == "\(path): conv_in.bias of the UNet has numbers too large for f16; write bf16 or f32 [overflow]")
    // What is infinite already stays so.
    let infinite = try Tensor([Float(1), .infinity], shape: [2])
    try CheckpointWriter(.sdxl, as: .f16).write(to: path, .singleFile, [(bias, infinite)])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])
  }

  /// Nothing is left behind by a write that fails.
  @Test(arguments: ModelCheckpoint.Layout.allCases) func failuresLeaveNothing(_ layout: ModelCheckpoint.Layout) throws {
    struct Stop: Error {}
    let folder = try CheckpointFolder()
    let entries = try CheckpointFixture.entries("sd1")
    let source = try CheckpointFixture.single("sd1")
    let parameters = try source.load(entries)
    var count = 0
    #expect(throws: Stop.self) {
      try CheckpointWriter(source.configuration).write(
        to: folder.path("model"), layout, entries: entries, types: { _ in .f16 },
        tensor: { entry in
          count += 1
          if count == 500 { throw Stop() }
          return try parameters.parameter(entry.part, entry.name, shape: entry.shape)
        })
    }
    #expect(count == 500)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func incompleteModelsAreRefused() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    let writer = CheckpointWriter(.sd2)
    func message(_ entries: [ParameterList.Entry], _ layout: ModelCheckpoint.Layout = .singleFile) -> String {
      CheckpointFixture.message {
        try writer.write(to: path, layout, try entries.map { ($0, try Tensor.zeros($0.shape)) })
      }
    }
    let query = ParameterList.Entry(
      part: .textEncoder1, name: "text_model.encoder.layers.0.self_attn.q_proj.bias", shape: [2])
    let key = "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_bias"
    #expect(
      message([query])
        == "\(path): query, key and value for \(key) must be three parameters of one shape [writer]")
    #expect(message([]) == "\(path): there are no parameters to write [writer]")
    #expect(message([bias, bias]) == "\(path): conv_in.bias of the UNet was given twice [writer]")
    let odd = ParameterList.Entry(part: .unet, name: "nonsense.weight", shape: [2])
    // A UNet's parameter of no known place would be written under a name that nobody reads.
    #expect(message([odd]) == "\(path): the original naming has no place for nonsense.weight of the UNet [writer]")
    let second = ParameterList.Entry(part: .textEncoder2, name: "text_projection.weight", shape: [2, 2])
    #expect(
      message([second], .folder)
        == "\(path): there are parameters of text encoder 2, which the configuration does not describe [writer]")
    try "mine".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(message([bias]).contains("exists already"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
  }
}
