/// The layers of Wan 2.1 and 2.2, in diffusers' naming and in Alibaba's.
enum WanLayers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("patch_embedding"), LayerTemplate("proj_out", "head.head"),
      LayerTemplate("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
      LayerTemplate("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
      LayerTemplate("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
      LayerTemplate("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
      LayerTemplate("condition_embedder.time_proj", "time_projection.1"),
      LayerTemplate("condition_embedder.image_embedder.norm1", "img_emb.proj.0"),
      LayerTemplate("condition_embedder.image_embedder.ff.net.0.proj", "img_emb.proj.1"),
      LayerTemplate("condition_embedder.image_embedder.ff.net.2", "img_emb.proj.3"),
      LayerTemplate("condition_embedder.image_embedder.norm2", "img_emb.proj.4"),
    ]
    + [LayerTemplate].block(
      "blocks.#", "blocks.#",
      [("attn1", "self_attn"), ("attn2", "cross_attn")].flatMap { name, original in
        [
          LayerTemplate("\(name).to_q", "\(original).q"), LayerTemplate("\(name).to_k", "\(original).k"),
          LayerTemplate("\(name).to_v", "\(original).v"), LayerTemplate("\(name).to_out.0", "\(original).o"),
          LayerTemplate("\(name).norm_q", "\(original).norm_q"), LayerTemplate("\(name).norm_k", "\(original).norm_k"),
        ]
      } + [
        LayerTemplate("attn2.add_k_proj", "cross_attn.k_img"), LayerTemplate("attn2.add_v_proj", "cross_attn.v_img"),
        LayerTemplate("attn2.norm_added_k", "cross_attn.norm_k_img"),
        LayerTemplate("ffn.net.0.proj", "ffn.0"), LayerTemplate("ffn.net.2", "ffn.2"),
        LayerTemplate("norm2", "norm3"),
      ])
}
