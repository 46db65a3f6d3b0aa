import Adapters
import Foundation
import SafeTensors
import Testing

/// The keys and shapes of a published file, without its weights.
struct KeyList {
  var tensors: [(name: String, dtype: DType, shape: [Int])] = []
  var metadata: [String: String] = [:]

  /// Reads either form: `{keys, metadata}` with the format's dtypes, or a mapping with PyTorch's.
  init(_ name: String) throws {
    let data = try Data(contentsOf: URL(filePath: Fixtures.sharedPath("keys/\(name).json")))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    metadata = json["metadata"] as? [String: String] ?? [:]
    let torch: [String: DType] = ["torch.float16": .f16, "torch.bfloat16": .bf16, "torch.float32": .f32]
    for (key, value) in json["keys"] as? [String: Any] ?? json {
      guard let entry = value as? [String: Any], let shape = entry["shape"] as? [Int],
        let text = entry["dtype"] as? String
      else { continue }
      tensors.append((key, try #require(torch[text] ?? DType(rawValue: text)), shape))
    }
  }

  func adapter(in folder: TemporaryFolder) throws -> Adapter {
    try Adapter(path: makeHollowFile(tensors, in: folder, metadata: metadata))
  }
}

/// A published file of the Stable Diffusion family, with what it is known to hold.
struct PublishedFile: CustomTestStringConvertible {
  var name: String
  var architecture: Architecture
  var dialect: Dialect
  var unet: Int
  var textEncoder1 = 72
  var textEncoder2 = 0
  var variants: [Variant: Int]

  var testDescription: String { name }

  // 16 transformers of ten linear layers and two projections make 192 in SD 1.x, 70 with 11 × 2 projections 722 in
  // SDXL; twelve layers of six in CLIP-L make 72, 32 of six in bigG 192.
  static let all = [
    PublishedFile(
      name: "lora-inspector_sd15_kohya", architecture: .sd1, dialect: .kohya, unet: 192,
      variants: [.lora: 264]),
    PublishedFile(
      name: "invokeai_stripped_shinkai", architecture: .sd1, dialect: .kohya, unet: 192,
      variants: [.lora: 264]),
    PublishedFile(
      name: "lora-inspector_sdxl_kohya", architecture: .sdxl, dialect: .kohya, unet: 722,
      variants: [.lora: 794]),
    PublishedFile(
      name: "invokeai_stripped_alien", architecture: .sdxl, dialect: .kohyaSGM, unet: 722, textEncoder2: 192,
      variants: [.lora: 986]),
    PublishedFile(
      name: "lora-inspector_sdxl_lycoris", architecture: .sdxl, dialect: .kohyaSGM, unet: 788,
      textEncoder2: 192,
      variants: [.loha: 1052]),
  ]
}

@Suite("Key lists of published files", .enabled(if: Fixtures.isShared("keys"), Fixtures.sharedIsAbsent))
struct KeyListTests {
  @Test(arguments: PublishedFile.all)
  func everyKeyIsUnderstood(published: PublishedFile) throws {
    let folder = try TemporaryFolder()
    let list = try KeyList(published.name)
    let adapter = try list.adapter(in: folder)
    #expect(adapter.unmatched.isEmpty, "\(adapter.unmatched.prefix(5))")
    #expect(adapter.modules.count { $0.path.part == .unet } == published.unet)
    #expect(adapter.modules.count { $0.path.part == .textEncoder1 } == published.textEncoder1)
    #expect(adapter.modules.count { $0.path.part == .textEncoder2 } == published.textEncoder2)
    #expect(adapter.modules.reduce(0) { $0 + $1.tensors.count } == list.tensors.count)
    #expect(adapter.architecture == published.architecture)
    #expect(adapter.dialects == [published.dialect])
    #expect(Dictionary(grouping: adapter.modules, by: \.variant).mapValues(\.count) == published.variants)
    #expect(adapter.factorable.count == adapter.modules.count && adapter.needingBase.isEmpty)
    #expect(adapter.modules.map(\.path) == adapter.modules.map(\.path).sorted())
    #expect(Set(adapter.modules.map(\.path)).count == adapter.modules.count)
    #expect(
      adapter.modules.allSatisfy { $0.path.role != .other && $0.outputs > 0 && $0.inputs > 0 && $0.rank > 0 })
  }

  /// Shapes alone tell the base model: without metadata the answer is the same.
  @Test(arguments: PublishedFile.all)
  func architectureWithoutMetadata(published: PublishedFile) throws {
    let folder = try TemporaryFolder()
    var list = try KeyList(published.name)
    list.metadata = [:]
    #expect(try list.adapter(in: folder).architecture == published.architecture)
    list.metadata = ["ss_base_model_version": "flux1"]
    #expect(try list.adapter(in: folder).architecture == published.architecture)
  }

  /// Every layer of the other families is read as well, with and without metadata.
  @Test(arguments: [
    ("lora-inspector_flux1_kohya", Architecture.flux1, Dialect.kohyaOriginal, 304),
    ("lora-inspector_flux1_diffusers", .flux1, .diffusersPEFT, 494), ("invokeai_stripped_peft", .flux1, .peft, 381),
    ("lora-inspector_qwen_image_kohya", .qwenImage, .diffusers, 720),
  ])
  func otherFamilies(name: String, architecture: Architecture, dialect: Dialect, layers: Int) throws {
    let folder = try TemporaryFolder()
    var list = try KeyList(name)
    for metadata in [list.metadata, [:]] {
      list.metadata = metadata
      let adapter = try list.adapter(in: folder)
      #expect(adapter.architecture == architecture && adapter.dialects == [dialect])
      #expect(adapter.unmatched.isEmpty, "\(adapter.unmatched.prefix(5))")
      #expect(adapter.modules.count == layers)
      #expect(adapter.modules.reduce(0) { $0 + $1.tensors.count } == list.tensors.count)
      #expect(adapter.modules.map(\.path) == adapter.modules.map(\.path).sorted())
    }
  }
}
