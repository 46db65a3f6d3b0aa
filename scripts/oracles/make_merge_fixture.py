"""Writes Tests/Fixtures/merge/: two LoRAs, twice each, and what PEFT and exact arithmetic make of their weighted sum.

one, two              PEFT's naming (base_model.model.<layer>.lora_A.weight), layers of SD 1.5's UNet at small widths;
                      their alphas stand in the header as diffusers writes them (lora_adapter_metadata), no file beside
one_kohya, two_kohya  the same numbers in kohya's naming with .alpha tensors
merge_expected        per layer: "<layer>.cat" and "<layer>.svd" (F32), the dense update of PEFT's
                      add_weighted_adapter with weights [0.8, 0.7], combination_type "cat" and "svd" (svd_rank 4,
                      no clamp); "<layer>.sum" and "<layer>.best" (F64), the exact sum and its best rank-4 part
merge.json            weights; per layer the ranks, alphas and norms of the sources, the sum's singular values, the
                      energy that rank 4 discards (absolute and as a share), and PEFT's errors; "peft_differs" lists
                      those above 1e-6 relative

The ranks differ between the files and in one layer within a file; one layer is in the second file only.

Run: python make_merge_fixture.py. Needs Python 3.11, numpy 2.4, safetensors 0.8.0, torch (2.15), peft 0.21.2.
"""

import json

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

from container import FIXTURES, load, write, write_json

SEED = 20240605
WEIGHTS = [0.8, 0.7]
RANK = 4
WIDTH, TEXT = 24, 40
FOLDER = FIXTURES / "merge"
PREFIX = "base_model.model."

DOWN = "down_blocks.0.attentions.0.transformer_blocks.0."
MID = "mid_block.attentions.0.transformer_blocks.0."
# layer: (out, in)
SHAPES = {
    DOWN + "attn1.to_q": (WIDTH, WIDTH),
    DOWN + "attn1.to_k": (WIDTH, WIDTH),
    DOWN + "attn1.to_v": (WIDTH, WIDTH),
    DOWN + "attn1.to_out.0": (WIDTH, WIDTH),
    DOWN + "attn2.to_k": (WIDTH, TEXT),
    DOWN + "attn2.to_v": (WIDTH, TEXT),
    MID + "attn1.to_q": (2 * WIDTH, WIDTH),
    MID + "attn2.to_v": (2 * WIDTH, TEXT),
}
ODD = MID + "attn1.to_q"  # has its own rank and alpha in "one"
ONLY_TWO = DOWN + "attn1.to_out.0"
CONFIGS = {
    "one": dict(
        r=4,
        lora_alpha=2,
        rank_pattern={ODD: 2},
        alpha_pattern={ODD: 3},
        target_modules=[name for name in SHAPES if name != ONLY_TWO],
    ),
    "two": dict(r=6, lora_alpha=6, target_modules=list(SHAPES)),
}


class Node(torch.nn.Module):
    """A module that is only a place in a dotted path."""


def model() -> torch.nn.Module:
    root = Node()
    for name, (out, width) in SHAPES.items():
        *path, leaf = name.split(".")
        node = root
        for piece in path:
            if piece not in dict(node.named_children()):
                node.add_module(piece, Node())
            node = node.get_submodule(piece)
        node.add_module(leaf, torch.nn.Linear(width, out, bias=False))
    return root


def rank_and_alpha(file: str, name: str) -> tuple[int, float]:
    config = CONFIGS[file]
    return (
        config.get("rank_pattern", {}).get(name, config["r"]),
        float(config.get("alpha_pattern", {}).get(name, config["lora_alpha"])),
    )


def save(file: str, state: dict) -> None:
    config = CONFIGS[file]
    declared = {f"unet.{key}": value for key, value in config.items()}
    write(
        FOLDER / f"{file}.safetensors",
        state,
        {"format": "pt", "lora_adapter_metadata": json.dumps(declared, sort_keys=True)},
    )
    twin = {}
    for name in config["target_modules"]:
        stem = "lora_unet_" + name.replace(".", "_")
        twin[f"{stem}.lora_down.weight"] = state[f"{PREFIX}{name}.lora_A.weight"]
        twin[f"{stem}.lora_up.weight"] = state[f"{PREFIX}{name}.lora_B.weight"]
        twin[f"{stem}.alpha"] = np.array(rank_and_alpha(file, name)[1], np.float32)
    write(FOLDER / f"{file}_kohya.safetensors", twin, {"ss_base_model_version": "sd_v1", "ss_output_name": file})


def peft_results() -> dict[str, np.ndarray]:
    """Writes the two files as PEFT names their tensors and returns PEFT's merges, dense."""
    rng = np.random.default_rng(SEED)
    merged = get_peft_model(model(), LoraConfig(**CONFIGS["one"]), adapter_name="one")
    merged.add_adapter("two", LoraConfig(**CONFIGS["two"]))
    for file in CONFIGS:
        for name in CONFIGS[file]["target_modules"]:
            layer = merged.get_submodule(PREFIX + name)
            for part in layer.lora_A[file], layer.lora_B[file]:
                values = rng.standard_normal(part.weight.shape) / np.sqrt(part.weight.shape[1])
                part.weight.data = torch.from_numpy(values.astype(np.float32))
        save(file, {key: value.numpy() for key, value in get_peft_model_state_dict(merged, adapter_name=file).items()})
    results = {}
    for kind, options in {"cat": {}, "svd": {"svd_rank": RANK, "svd_clamp": None}}.items():
        merged.add_weighted_adapter(list(CONFIGS), WEIGHTS, kind, combination_type=kind, **options)
        for name in SHAPES:
            results[f"{name}.{kind}"] = merged.get_submodule(PREFIX + name).get_delta_weight(kind).detach().numpy()
    return results


def distance(a, b) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def main() -> None:
    peft = peft_results()
    stored = {file: load(FOLDER / f"{file}.safetensors") for file in CONFIGS}
    expected, layers, differs = dict(peft), {}, []
    for name, (out, width) in SHAPES.items():
        total, sources = np.zeros((out, width)), {}
        for file, weight in zip(CONFIGS, WEIGHTS):
            if name not in CONFIGS[file]["target_modules"]:
                continue
            rank, alpha = rank_and_alpha(file, name)
            a, b = (stored[file][f"{PREFIX}{name}.lora_{side}.weight"].astype(np.float64) for side in "AB")
            assert len(a) == rank
            update = alpha / rank * b @ a
            total += weight * update
            sources[file] = {"rank": rank, "alpha": alpha, "norm": float(np.linalg.norm(update))}
        u, s, v = np.linalg.svd(total, full_matrices=False)
        best = (u[:, :RANK] * s[:RANK]) @ v[:RANK]
        discarded, energy = float(np.sum(s[RANK:] ** 2)), float(np.sum(s**2))
        errors = {"cat": distance(peft[f"{name}.cat"], total), "svd": distance(peft[f"{name}.svd"], best)}
        differs += [
            {"layer": name, "kind": kind, "relative_error": error} for kind, error in errors.items() if error > 1e-6
        ]
        expected |= {f"{name}.sum": total, f"{name}.best": best}
        layers[name] = {
            "sources": sources,
            "sum_norm": float(np.linalg.norm(total)),
            "singular_values": s[: sum(x["rank"] for x in sources.values())].tolist(),
            "discarded_energy": discarded,
            "discarded_share": discarded / energy,
            "peft_relative_error": errors,
        }
        print(f"{name:60} {errors} discards {discarded / energy:.3f}, gap {s[RANK - 1] / s[RANK]:.2f}")
    write(FOLDER / "merge_expected.safetensors", expected)
    write_json(
        FOLDER / "merge.json",
        {"weights": dict(zip(CONFIGS, WEIGHTS)), "rank": RANK, "layers": layers, "peft_differs": differs},
    )


if __name__ == "__main__":
    main()
