/// XLabs' stems for Flux.1: LoRAs belong to attention processors, `double_blocks.3.processor.qkv_lora1`.
enum XLabsNames {
  private static let leaves: [(own: String, name: String)] = [
    ("processor.qkv_lora1", "attn.to_qkv"), ("processor.qkv_lora2", "attn.to_added_qkv"),
    ("processor.proj_lora1", "attn.to_out.0"), ("processor.proj_lora2", "attn.to_add_out"),
    // Of a single block's first layer, which feeds the feed-forward part too, the LoRA is of query, key and value alone.
    ("processor.qkv_lora", "attn.to_qkv"), ("processor.proj_lora", "proj_out"),
  ]
  private static let blocks = [
    ("double_blocks.", "transformer_blocks."), ("single_blocks.", "single_transformer_blocks."),
  ]

  static func isXLabs(_ path: some StringProtocol) -> Bool { path.contains(".processor.") }

  /// The layer's identity; the path itself where it is not of XLabs.
  static func rewritten(_ path: Substring) -> String {
    guard isXLabs(path), let leaf = leaves.first(where: { path.hasSuffix($0.own) }),
      let block = blocks.first(where: { path.hasPrefix($0.0) })
    else { return String(path) }
    return block.1 + path.dropFirst(block.0.count).dropLast(leaf.own.count) + leaf.name
  }
}
