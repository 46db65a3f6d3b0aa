import Adapters
import Foundation
import SafeTensors

/// A LoRA of two layers whose strengths can be worked out by hand.
enum InspectFixtures {
  static let metadata: [String: String] = [
    "ss_output_name": "mika_v1", "ss_network_module": "networks.lora", "ss_network_dim": "1",
    "ss_network_alpha": "0.5", "ss_sd_model_name": "animefull-final-pruned.safetensors",
    "ss_base_model_version": "sd_v1", "ss_steps": "900", "ss_max_train_steps": "1500", "ss_epoch": "6",
    "ss_num_epochs": "10", "ss_total_batch_size": "2", "ss_unet_lr": "0.0001", "ss_text_encoder_lr": "5e-05",
    "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1)", "ss_lr_scheduler": "cosine",
    "ss_noise_offset": "0.05", "ss_resolution": "(512, 512)", "ss_training_started_at": "1700000000",
    "ss_training_finished_at": "1700003600", "sshs_model_hash": "",
    "ss_dataset_dirs":
      #"{"10_mika": {"n_repeats": 10, "img_count": 30}, "5_rin": {"n_repeats": 5, "img_count": 30}}"#,
    "ss_tag_frequency":
      #"{"10_mika": {"mika_oc": 30, "1girl": 30, "red hair": 12}, "5_rin": {"rin_oc": 30, "1girl": 30}}"#,
  ]

  /// Writes the file into a folder and hands its path to `body`; the folder goes with it.
  static func withFile<R>(
    named name: String = "mika", metadata: [String: String] = metadata, _ body: (String) async throws -> R
  ) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "inspect-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "\(name).safetensors").path
    try write(to: path, metadata: metadata)
    return try await body(path)
  }

  /// `‖ΔW‖` is 5 in the UNet, `0.5 · |(2, 0)| · |(3, 4, 0, …)|`, and 12 in the text encoder.
  static func write(to path: String, metadata: [String: String] = metadata) throws {
    func padded(_ start: [Float]) -> [Float] { start + Array(repeating: 0, count: 768 - start.count) }
    let unet = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    let text = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
    let tensors: [(name: String, shape: [Int], values: [Float])] = [
      ("\(unet).lora_up.weight", [2, 1], [2, 0]), ("\(unet).lora_down.weight", [1, 768], padded([3, 4])),
      ("\(unet).alpha", [], [0.5]), ("\(text).lora_up.weight", [2, 1], [0, 2]),
      ("\(text).lora_down.weight", [1, 768], padded([12])), ("\(text).alpha", [], [0.5]),
    ]
    var writer = try SafeTensorsWriter(
      path: path,
      declarations: tensors.map { TensorDeclaration(name: $0.name, dtype: .f32, shape: $0.shape) },
      metadata: metadata)
    while let tensor = writer.expected {
      let values = tensors.first { $0.name == tensor.name }?.values ?? []
      try writer.append(
        values.flatMap { number in [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number.bitPattern >> $0) } }
      )
    }
    try writer.finish()
  }

  static func inspection(
    metadata: [String: String] = metadata, options: InspectionOptions = .init()
  ) async throws -> Inspection {
    try await withFile(metadata: metadata) { try await Inspection.make(path: $0, options: options) }
  }
}
