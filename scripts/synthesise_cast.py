#!/usr/bin/env python3
"""Write a synthetic cast of three SDXL character LoRAs: konrad, lisar and delfador.

    synthesise_cast.py FOLDER [--rank 8] [--layers all|few]

The weights are RANDOM and draw nothing; the files say so in their metadata. What is real is everything around the
numbers: names, shapes, alphas, datasets, tags. Known facts are planted, so that a diagnosis can be checked:
konrad and lisar began from one seed and share a quarter of their rank directions; delfador is independent, and
stronger. Needs numpy. The same arguments always give the same bytes.
"""
import argparse
import json
import pathlib
import struct

import numpy as np

CAST = {
    "konrad": {
        "seed": 11, "init": 7, "gain": 1.0, "trigger": "konrad_httt", "dirs": {"8_konrad_httt 1boy": (8, 24)},
        "tags": {"1boy": 24, "konrad_httt": 24, "brown hair": 23, "cape": 17, "sword": 14, "armor": 13},
    },
    "lisar": {
        "seed": 12, "init": 7, "gain": 1.0, "trigger": "lisar_httt", "dirs": {"8_lisar_httt 1girl": (8, 22)},
        "tags": {"1girl": 22, "lisar_httt": 22, "brown hair": 20, "cape": 14, "sword": 12, "crown": 9},
    },
    "delfador": {
        "seed": 13, "init": 99, "gain": 2.0, "trigger": "delfador_httt", "dirs": {"20_delfador_httt 1boy": (20, 31)},
        "tags": {"1boy": 31, "delfador_httt": 31, "white hair": 31, "beard": 30, "staff": 22, "robe": 27},
    },
}


def layers(which):
    """(kohya stem, out, in) of the layers to train: every attention and feed-forward layer of SDXL's UNet, or six."""
    def transformer(stem, width, depth):
        for i in range(depth):
            block = f"{stem}_transformer_blocks_{i}"
            for attention, context in (("attn1", width), ("attn2", 2048)):
                yield f"{block}_{attention}_to_q", width, width
                yield f"{block}_{attention}_to_k", width, context
                yield f"{block}_{attention}_to_v", width, context
                yield f"{block}_{attention}_to_out_0", width, width
            yield f"{block}_ff_net_0_proj", 8 * width, width
            yield f"{block}_ff_net_2", width, 4 * width

    places = [("input_blocks_4_1", 640, 2), ("input_blocks_5_1", 640, 2), ("input_blocks_7_1", 1280, 10),
              ("input_blocks_8_1", 1280, 10), ("middle_block_1", 1280, 10)]
    places += [(f"output_blocks_{n}_1", 1280, 10) for n in range(3)] + [(f"output_blocks_{n}_1", 640, 2) for n in (3, 4, 5)]
    found = [layer for stem, width, depth in places for layer in transformer(f"lora_unet_{stem}", width, depth)]
    if which == "few":
        wanted = ("input_blocks_4_1_transformer_blocks_0_attn", "output_blocks_3_1_transformer_blocks_0_attn2_to_")
        kept = [layer for layer in found if any(w in layer[0] for w in wanted) and "to_k" not in layer[0]]
        return kept[:6]
    return found


def metadata(name, facts, rank, count):
    """What kohya's trainer would have written about the run."""
    directory, (repeats, images) = next(iter(facts["dirs"].items()))
    batch, epochs = 4, 10
    batches = -(-repeats * images // batch)
    return {
        "ss_base_model_version": "sdxl_base_v1-0", "ss_sd_model_name": "Illustrious-XL-v0.1.safetensors",
        "ss_network_module": "networks.lora", "ss_network_dim": str(rank), "ss_network_alpha": str(rank / 2),
        "ss_output_name": name, "ss_learning_rate": "0.0001", "ss_unet_lr": "0.0001", "ss_text_encoder_lr": "0.0",
        "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1)", "ss_lr_scheduler": "cosine",
        "ss_lr_warmup_steps": "0", "ss_steps": str(batches * epochs), "ss_max_train_steps": str(batches * epochs),
        "ss_epoch": str(epochs), "ss_num_epochs": str(epochs), "ss_num_batches_per_epoch": str(batches),
        "ss_total_batch_size": str(batch), "ss_num_train_images": str(repeats * images), "ss_num_reg_images": "0",
        "ss_resolution": "(1024, 1024)", "ss_enable_bucket": "True", "ss_mixed_precision": "bf16", "ss_clip_skip": "2",
        "ss_seed": str(facts["init"]), "ss_noise_offset": "0.03", "ss_min_snr_gamma": "5.0",
        "ss_shuffle_caption": "True", "ss_keep_tokens": "1", "ss_prior_loss_weight": "1.0",
        "ss_dataset_dirs": json.dumps({directory: {"n_repeats": repeats, "img_count": images}}),
        "ss_tag_frequency": json.dumps({directory: facts["tags"]}),
        "ss_training_comment": f"SYNTHETIC: random weights in {count} layers, made by scripts/synthesise_cast.py; draws nothing",
        "modelspec.trigger_phrase": facts["trigger"],
    }


def write(path, facts, name, rank, which, shared):
    """Write one file; `shared` collects konrad's factors for lisar to copy a quarter of."""
    learned, init = np.random.default_rng(facts["seed"]), np.random.default_rng(facts["init"])
    quarter = max(1, rank // 4)
    tensors = {}
    found = layers(which)
    for stem, out, cols in found:
        down = init.standard_normal((rank, cols), dtype=np.float32) * cols ** -0.5
        down += 0.1 * learned.standard_normal((rank, cols), dtype=np.float32) * cols ** -0.5
        # Falling strengths, so that the spectrum looks like one of a trained file.
        fall = 0.8 ** np.arange(rank, dtype=np.float32)
        up = learned.standard_normal((out, rank), dtype=np.float32) * 0.02 * facts["gain"] * fall
        if name == "konrad":
            shared[stem] = (up[:, :quarter].copy(), down[:quarter].copy())
        if name == "lisar":
            up[:, :quarter], down[:quarter] = shared[stem]
        tensors[f"{stem}.alpha"] = np.float16(rank / 2)
        tensors[f"{stem}.lora_down.weight"] = down.astype(np.float16)
        tensors[f"{stem}.lora_up.weight"] = up.astype(np.float16)
    header, blobs, offset = {"__metadata__": metadata(name, facts, rank, len(found))}, [], 0
    for key in sorted(tensors):
        data = np.ascontiguousarray(tensors[key]).tobytes()
        header[key] = {"dtype": "F16", "shape": list(tensors[key].shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blobs.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--layers", choices=("all", "few"), default="all")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    shared = {}
    for name, facts in CAST.items():
        write(folder / f"{name}.safetensors", facts, name, arguments.rank, arguments.layers, shared)


if __name__ == "__main__":
    main()
