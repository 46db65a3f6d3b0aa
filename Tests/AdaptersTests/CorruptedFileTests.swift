import Foundation
import SafeTensors
import Testing

@testable import Adapters

/// A small LoRA, each byte of it spoiled: an error with a sentence, or a file that can be looked at; never a crash.
@Suite struct CorruptedFileTests {
  private static let masks: [UInt8] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF]

  /// A LoRA of one layer, a LoKr layer and a key that belongs to none, with metadata of several kinds.
  private func lora(_ folder: TemporaryFolder) throws -> String {
    let stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_"
    return try makeFile(
      [
        "\(stem)q.lora_down.weight": MadeTensor(2, 6), "\(stem)q.lora_up.weight": MadeTensor(4, 2),
        "\(stem)q.alpha": .number(2), "\(stem)k.lokr_w1": MadeTensor(2, 2), "\(stem)k.lokr_w2": MadeTensor(2, 3),
        "z": MadeTensor(1),
      ], in: folder,
      metadata: [
        "ss_network_dim": "2", "ss_tag_frequency": #"{"1_a": {"b": 1}}"#,
        "lora_adapter_metadata": #"{"unet.lora_alpha": 2}"#,
        "modelspec.date": "2024-01-01", "sshs_model_hash": "",
      ])
  }

  /// Looks at a file in every way that reads its bytes; whether it could be.
  private func isReadable(_ path: String, _ what: String) async -> Bool {
    do {
      let inspection = try await Inspection.make(path: path, options: .init(hashes: .always, listsLayers: true))
      #expect(inspection.tensors >= 0 && inspection.layers?.count == inspection.modules, "\(what)")
      let file = try SafeTensorsFile(path: path)
      _ = CheckpointSummary(file: file)
      var end = 0
      for tensor in file.header.tensors {
        #expect(tensor.range.lowerBound == end, "\(what)")
        end = tensor.range.upperBound
        #expect(try file.read(tensor).count == tensor.range.count, "\(what)")
      }
      #expect(end == file.size - file.header.dataStart, "\(what)")
      return true
    } catch let error as SafeTensorsError {
      #expect(!error.detail.isEmpty && error.path == path, "\(what)")
    } catch let error as AdapterError {
      #expect(!error.detail.isEmpty, "\(what)")
    } catch {
      Issue.record("\(what): \(error)")
    }
    return false
  }

  @Test func everyByteOfTheHeader() async throws {
    let folder = try TemporaryFolder()
    let path = try lora(folder)
    let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let start = try SafeTensorsFile(path: path).header.dataStart
    #expect(await isReadable(path, "the sound file"))
    var readable = 0
    for index in 0..<start {
      for mask in Self.masks {
        var spoiled = sound
        spoiled[index] ^= mask
        try Data(spoiled).write(to: URL(filePath: path))
        if await isReadable(path, "byte \(index) ^ \(mask)") { readable += 1 }
      }
    }
    // Letters of names and of metadata may be others; braces, digits and lengths may not.
    #expect(readable > 0 && readable < start * Self.masks.count)
  }

  @Test func everyByteOfTheData() async throws {
    let folder = try TemporaryFolder()
    let path = try lora(folder)
    let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let start = try SafeTensorsFile(path: path).header.dataStart
    for index in start..<sound.count {
      for mask in [0x01, 0x80, 0xFF] as [UInt8] {
        var spoiled = sound
        spoiled[index] ^= mask
        try Data(spoiled).write(to: URL(filePath: path))
        // Any bytes are numbers; an alpha that is none is an error.
        _ = await isReadable(path, "byte \(index) ^ \(mask)")
      }
    }
  }

  @Test func everyTruncation() async throws {
    let folder = try TemporaryFolder()
    let path = try lora(folder)
    let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
    for count in 0..<sound.count {
      try Data(sound[..<count]).write(to: URL(filePath: path))
      #expect(await !isReadable(path, "the first \(count) bytes"))
    }
  }
}
