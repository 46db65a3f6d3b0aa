#!/usr/bin/env python3
"""Write SDXL LoRAs of real size for the benchmark: 986 layers (UNet, both text encoders), F16, random weights.

    make_loras.py FOLDER [--count 4] [--rank 32]

Rank 32 gives 228 MB a file. Needs numpy; the same arguments always give the same bytes.
"""
import argparse
import json
import pathlib
import struct

import numpy as np


def layers():
    """(kohya stem, out, in) of every layer a full SDXL LoRA trains: 722 in the UNet, 72 in CLIP-L, 192 in bigG."""
    places = [(f"input_blocks_{n}_1", width, depth) for n, width, depth in ((4, 640, 2), (5, 640, 2), (7, 1280, 10), (8, 1280, 10))]
    places.append(("middle_block_1", 1280, 10))
    places += [(f"output_blocks_{n}_1", width, depth) for n, width, depth in
               ((0, 1280, 10), (1, 1280, 10), (2, 1280, 10), (3, 640, 2), (4, 640, 2), (5, 640, 2))]
    for place, width, depth in places:
        stem = f"lora_unet_{place}"
        yield f"{stem}_proj_in", width, width
        yield f"{stem}_proj_out", width, width
        for i in range(depth):
            for attention, context in (("attn1", width), ("attn2", 2048)):
                for leaf, cols in (("to_q", width), ("to_k", context), ("to_v", context), ("to_out_0", width)):
                    yield f"{stem}_transformer_blocks_{i}_{attention}_{leaf}", width, cols
            yield f"{stem}_transformer_blocks_{i}_ff_net_0_proj", 8 * width, width
            yield f"{stem}_transformer_blocks_{i}_ff_net_2", width, 4 * width
    for encoder, width, depth in (("te1", 768, 12), ("te2", 1280, 32)):
        for i in range(depth):
            stem = f"lora_{encoder}_text_model_encoder_layers_{i}"
            for leaf in ("q", "k", "v", "out"):
                yield f"{stem}_self_attn_{leaf}_proj", width, width
            yield f"{stem}_mlp_fc1", 4 * width, width
            yield f"{stem}_mlp_fc2", width, 4 * width


def write(path, seed, rank):
    rng = np.random.default_rng(seed)
    header = {"__metadata__": {"ss_network_module": "networks.lora", "ss_network_dim": str(rank), "ss_network_alpha": str(rank / 2),
                               "ss_base_model_version": "sdxl_base_v1-0", "ss_output_name": f"random_{seed}"}}
    blobs, offset = [], 0
    for stem, out, cols in sorted(layers()):
        for suffix, value in (
            ("alpha", np.asarray(rank / 2, np.float16)),
            ("lora_down.weight", (rng.standard_normal((rank, cols), dtype=np.float32) * cols ** -0.5).astype(np.float16)),
            ("lora_up.weight", (rng.standard_normal((out, rank), dtype=np.float32) * 0.01).astype(np.float16)),
        ):
            header[f"{stem}.{suffix}"] = {"dtype": "F16", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
            offset += value.nbytes
            blobs.append(value.tobytes())
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--rank", type=int, default=32)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(1, arguments.count + 1):
        path = folder / f"random_{seed}.safetensors"
        if not path.exists():
            write(path, seed, arguments.rank)


if __name__ == "__main__":
    main()
