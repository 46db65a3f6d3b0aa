#!/usr/bin/env python3
"""Write a checkpoint in SDXL's naming for the benchmark of bake: every layer that the LoRAs of make_loras.py train, and more.

    make_checkpoint.py FILE

F16, random weights: the whole UNet's attention and both text encoders, with q, k and v of the second fused as in the
original, and 1.1 GB of tensors that no LoRA changes. 6.9 GB; the same every time. Needs numpy.
"""
import json
import pathlib
import re
import struct
import sys

import numpy as np

from make_loras import layers


def key(stem):
    """The checkpoint's key of a kohya stem, and which third of the tensor it is."""
    if stem.startswith("lora_unet_"):
        name = stem[len("lora_unet_"):]
        name = re.sub(r"^(input_blocks|output_blocks)_(\d+)_1_|^(middle_block)_1_",
                      lambda m: f"{m[1]}.{m[2]}.1." if m[1] else "middle_block.1.", name)
        name = re.sub(r"transformer_blocks_(\d+)_(attn\d)_(to_[qkv])$", r"transformer_blocks.\1.\2.\3", name)
        name = re.sub(r"transformer_blocks_(\d+)_(attn\d)_to_out_0$", r"transformer_blocks.\1.\2.to_out.0", name)
        name = re.sub(r"transformer_blocks_(\d+)_ff_net_0_proj$", r"transformer_blocks.\1.ff.net.0.proj", name)
        name = re.sub(r"transformer_blocks_(\d+)_ff_net_2$", r"transformer_blocks.\1.ff.net.2", name)
        return f"model.diffusion_model.{name}.weight", None
    encoder, layer, leaf = re.match(r"lora_(te\d)_text_model_encoder_layers_(\d+)_(.*)$", stem).groups()
    if encoder == "te1":
        leaf = re.sub(r"^self_attn_", "self_attn.", leaf)
        leaf = re.sub(r"^mlp_", "mlp.", leaf)
        return f"conditioner.embedders.0.transformer.text_model.encoder.layers.{layer}.{leaf}.weight", None
    block = f"conditioner.embedders.1.model.transformer.resblocks.{layer}."
    names = {"self_attn_out_proj": "attn.out_proj.weight", "mlp_fc1": "mlp.c_fc.weight", "mlp_fc2": "mlp.c_proj.weight"}
    if leaf in names:
        return block + names[leaf], None
    return block + "attn.in_proj_weight", ["self_attn_q_proj", "self_attn_k_proj", "self_attn_v_proj"].index(leaf)


def main():
    target = pathlib.Path(sys.argv[1])
    if target.exists():
        return
    shapes = {}
    for stem, out, cols in layers():
        name, third = key(stem)
        shapes[name] = (3 * out, cols) if third is not None else (out, cols)
    for i in range(100):
        shapes[f"first_stage_model.decoder.synthetic.{i}.weight"] = (512, 512, 3, 3) if i % 2 else (512,)
    for i in range(166):
        shapes[f"model.diffusion_model.synthetic.{i}.weight"] = (1280, 640, 3, 3) if i % 3 == 0 else (1280,)
    header, offset = {}, 0
    for name in sorted(shapes):
        size = 2 * int(np.prod(shapes[name]))
        header[name] = {"dtype": "F16", "shape": list(shapes[name]), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(1 << 24, dtype=np.float32) * 0.03).astype(np.float16)
    part = target.with_suffix(".part")
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for i, name in enumerate(sorted(shapes)):
            count = int(np.prod(shapes[name]))
            start = (i * 7919) % (len(noise) - min(count, len(noise) - 1))
            file.write(noise[start:start + count].tobytes())
    part.rename(target)


if __name__ == "__main__":
    main()
