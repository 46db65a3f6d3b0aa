"""Writes Tests/Fixtures/peft_merge/: four LoRAs and what every combination type of PEFT's add_weighted_adapter makes of them.

one, two, three   PEFT's naming, F32, rank 4 (one layer of rank 2 in all of them), three scales; "two" lacks a layer
four              the same with rank 6, for the types that take mixed ranks
expected          "<case>|<layer>" (F32): PEFT's dense update (get_delta_weight, [out, in*kh*kw]), all ranks kept except in
                  "svd-3"; "mask|<case>|<layer>" (U8): what torch.bernoulli drew for it, one row per draw: for a type
                  with _svd the elements of each adapter's update, else those of each lora_A, then of each lora_B
peft_merge.json   per case the type, adapters, weights and options

The layers are linear ones of different widths and a 3x3 convolution; all have twelve outputs, so that one svd_rank
keeps everything. The masks are recorded by wrapping torch.bernoulli while PEFT runs; nothing of PEFT is replaced.

Run: python make_peft_merge_fixture.py. Needs Python 3.11, numpy 2.4, safetensors 0.8.0, torch 2.13, peft 0.21.2.
"""

import json

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

from container import FIXTURES, write, write_json

SEED = 20261125
FOLDER = FIXTURES / "peft_merge"
PREFIX = "base_model.model."
OUT = 12
DOWN = "down_blocks.0.attentions.0.transformer_blocks.0."
MID = "mid_block.attentions.0.transformer_blocks.0."
CONV = "down_blocks.0.resnets.0.conv1"
# layer: inputs, or channels of the convolution
LAYERS = {DOWN + "attn1.to_q": 12, DOWN + "attn2.to_k": 20, CONV: 6, MID + "attn1.to_v": 12, MID + "attn2.to_v": 16}
NARROW = MID + "attn1.to_v"  # rank 2, with an alpha of its own
MISSING = MID + "attn2.to_v"  # not in "two"
CONFIGS = {
    "one": dict(r=4, lora_alpha=2),
    "two": dict(r=4, lora_alpha=4),
    "three": dict(r=4, lora_alpha=8),
    "four": dict(r=6, lora_alpha=3),
}
for name, config in CONFIGS.items():
    config |= dict(rank_pattern={NARROW: 2}, alpha_pattern={NARROW: 1})
    config["target_modules"] = [layer for layer in LAYERS if (name, layer) != ("two", MISSING)]

SAME, MIXED = ["one", "two", "three"], ["one", "two", "four"]
WEIGHTS = [0.8, -0.5, 0.7]
# Positive weights beside a negative one: where PEFT puts the sign is part of what is compared.
FULL = dict(svd_rank=OUT)
CASES = {
    "cat": ("cat", MIXED, {}),
    "svd": ("svd", MIXED, FULL),
    "svd-3": ("svd", MIXED, dict(svd_rank=3)),
    "linear": ("linear", SAME, {}),
    "ties": ("ties", SAME, dict(density=0.6)),
    "ties-frequency": ("ties", SAME, dict(density=0.6, majority_sign_method="frequency")),
    "ties_svd": ("ties_svd", MIXED, FULL | dict(density=0.45)),
    "ties_svd-frequency": ("ties_svd", MIXED, FULL | dict(density=0.45, majority_sign_method="frequency")),
    "magnitude_prune": ("magnitude_prune", SAME, dict(density=0.55)),
    "magnitude_prune_svd": ("magnitude_prune_svd", MIXED, FULL | dict(density=0.3)),
    "dare_linear": ("dare_linear", SAME, dict(density=0.6)),
    "dare_linear_svd": ("dare_linear_svd", MIXED, FULL | dict(density=0.6)),
    "dare_ties": ("dare_ties", SAME, dict(density=0.7)),
    "dare_ties_svd": ("dare_ties_svd", MIXED, FULL | dict(density=0.7)),
    "dare_ties_svd-frequency": (
        "dare_ties_svd", MIXED, FULL | dict(density=0.7, majority_sign_method="frequency"),
    ),
}


class Node(torch.nn.Module):
    """A module that is only a place in a dotted path."""


def model() -> torch.nn.Module:
    root = Node()
    for name, width in LAYERS.items():
        *path, leaf = name.split(".")
        node = root
        for piece in path:
            if piece not in dict(node.named_children()):
                node.add_module(piece, Node())
            node = node.get_submodule(piece)
        layer = torch.nn.Conv2d(width, OUT, 3) if name == CONV else torch.nn.Linear(width, OUT)
        node.add_module(leaf, layer)
    return root


class Draws:
    """Keeps what torch.bernoulli returns."""

    def __enter__(self):
        self.original, self.masks = torch.bernoulli, []

        def recorded(*arguments, **options):
            mask = self.original(*arguments, **options)
            self.masks.append(mask.to(torch.uint8).reshape(-1).numpy())
            return mask

        torch.bernoulli = recorded
        return self

    def __exit__(self, *_):
        torch.bernoulli = self.original


def main() -> None:
    rng = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    peft = get_peft_model(model(), LoraConfig(**CONFIGS["one"]), adapter_name="one")
    for name in list(CONFIGS)[1:]:
        peft.add_adapter(name, LoraConfig(**CONFIGS[name]))
    for name, config in CONFIGS.items():
        for path in config["target_modules"]:
            layer = peft.get_submodule(PREFIX + path)
            for part in layer.lora_A[name], layer.lora_B[name]:
                values = rng.standard_normal(part.weight.shape) / np.sqrt(part.weight[0].numel())
                part.weight.data = torch.from_numpy(values.astype(np.float32))
        state = get_peft_model_state_dict(peft, adapter_name=name)
        write(
            FOLDER / f"{name}.safetensors",
            {key: value.numpy() for key, value in state.items()},
            {
                "format": "pt",
                "lora_adapter_metadata": json.dumps({f"unet.{k}": v for k, v in config.items()}, sort_keys=True),
            },
        )
    # PEFT walks over the modules in the model's order.
    order = [name.removeprefix(PREFIX) for name, _ in peft.named_modules() if name.removeprefix(PREFIX) in LAYERS]
    assert sorted(order) == sorted(LAYERS)
    expected, cases = {}, {}
    for case, (kind, adapters, options) in CASES.items():
        merged = f"merged {case}"
        with Draws() as draws:
            peft.add_weighted_adapter(adapters, WEIGHTS, merged, combination_type=kind, **options)
        masks = iter(draws.masks)
        for path in order:
            layer = peft.get_submodule(PREFIX + path)
            update = layer.get_delta_weight(merged).detach().numpy()
            expected[f"{case}|{path}"] = np.ascontiguousarray(update.reshape(OUT, -1))
            if draws.masks:
                present = [a for a in adapters if path in CONFIGS[a]["target_modules"]]
                count = len(present) * (1 if kind.endswith("_svd") else 2)
                expected[f"mask|{case}|{path}"] = np.concatenate([next(masks) for _ in range(count)])
        assert next(masks, None) is None, case
        peft.delete_adapter(merged)
        cases[case] = {"type": kind, "adapters": adapters, "weights": WEIGHTS, "options": options}
    write(FOLDER / "expected.safetensors", expected)
    write_json(FOLDER / "peft_merge.json", cases)


if __name__ == "__main__":
    main()
