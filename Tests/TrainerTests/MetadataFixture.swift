import Diffusion
import Foundation
import SafeTensors
import Testing
import Trainer

/// A run to write metadata of.
enum MetadataFixture {
  static let place = "/home/someone/runs"

  /// Pictures of `counts` for each subset, with the caption of each.
  static func pictures(_ counts: [Int], caption: (_ subset: Int, _ index: Int) -> String = { _, _ in "" })
    -> DatasetPictures
  {
    DatasetPictures(
      pictures: counts.enumerated().flatMap { subset, count in
        (0..<count).map { index in
          .init(
            path: "\(place)/secret/\(subset)/\(index).png",
            size: index.isMultiple(of: 2) ? PixelSize(1024) : PixelSize(900, 1200), caption: caption(subset, index),
            subset: subset)
        }
      })
  }

  /// Konrad with 10 faces and 5 bodies, Li'sar with 6 pictures, 2 of both, and 20 of a regularisation set.
  static func full(_ change: (inout CastConfiguration) -> Void = { _ in }) throws -> (
    CastConfiguration, DatasetPictures
  ) {
    var cast = try CastConfiguration(toml: CastConfigurationTests.full, path: "\(place)/cast.toml")
    change(&cast)
    let pictures = pictures([10, 5, 6, 2, 20]) { subset, index in
      switch subset {
      case 0: index == 0 ? "Konrad_HTTT, armour" : index < 4 ? "konrad_httt, armour, , sword\nsecond line" : "1boy"
      case 2: "lisar_httt, 1girl, armour"
      case 3: "konrad_httt, lisar_httt"
      default: "1boy"
      }
    }
    return (cast, pictures)
  }

  static func model(_ change: (inout ModelConfiguration) -> Void = { _ in }) -> TrainingMetadata.BaseModel {
    var model = ModelConfiguration.sdxl
    change(&model)
    return .init(path: "\(place)/models/noobaiXLNAIXL_vPred10Version.safetensors", model: model)
  }

  static let progress = TrainingMetadata.Progress(
    steps: 500, startedAt: 1_700_000_000.5, finishedAt: 1_700_003_600.5, session: "1234567")

  static func file(_ character: Int? = nil) -> TrainingMetadata.File {
    .init(
      name: "duo-000500", character: character, layers: ["unet": 722, "te1": 72], version: "0.1.0", cachesLatents: true)
  }

  /// Writes a LoRA with these metadata and reads them back.
  static func stored(_ entries: [String: String]) throws -> [String: String] {
    let folder = try TemporaryFolder()
    let path = folder.path("a.safetensors")
    let name = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k.lora_down.weight"
    var writer = try SafeTensorsWriter(
      path: path, declarations: [TensorDeclaration(name: name, dtype: .f16, shape: [2])], metadata: entries)
    try writer.append([0, 60, 0, 60])
    let hash = try writer.finish()
    let metadata = try SafeTensorsFile(path: path).header.metadata
    #expect(metadata[SafeTensorsWriter.hashKey] == hash && hash.count == 64)
    return metadata
  }

  /// A JSON text as Foundation reads it.
  static func json(_ text: String?) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(try #require(text).utf8))
  }
}
