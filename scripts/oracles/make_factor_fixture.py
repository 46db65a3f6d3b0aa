"""Writes Tests/Fixtures/factors.safetensors, factors_expected.safetensors and factors.json: one layer per variant.

factors.safetensors: LoRA, LoCon, LoHa, LoKr and full layers under real SDXL names in kohya's spelling, small widths,
F32. factors_expected.safetensors: "<stem>.expected" (F64), the dense update with its scale, flattened to
[out, in*kh*kw]. factors.json: per stem the variant, the shape of the expected matrix, alpha, scale, rank and norm.

The update is written out here in plain numpy, and then checked against LyCORIS 4.1.3's own functional code (where it
has one: full `diff` has none) to 1e-12 relative. LyCORIS stores a convolution's lokr_w2_b flat, as [r, in2*k*k], and
its functional code wants it with the kernel's axes; both stored forms are in the fixture.

Run: python make_factor_fixture.py. Needs Python 3.11, numpy 2.4, safetensors 0.8.0, torch (2.15), lycoris-lora 4.1.3.
"""

import numpy as np
import torch
from lycoris.functional import locon, loha, lokr

from container import FIXTURES, load, write, write_json

SEED = 20240604
BLOCK = "lora_unet_input_blocks_4_1_transformer_blocks_0_"
LATER = "lora_unet_input_blocks_7_1_transformer_blocks_0_"

rng = np.random.default_rng(SEED)


def normal(*shape):
    return (rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)


# stem: (what it shows, alpha, tensors); the order fixes the random numbers.
LAYERS = {
    BLOCK + "attn1_to_q": ("lora linear", 2.0, {"lora_up.weight": normal(12, 4), "lora_down.weight": normal(4, 10)}),
    BLOCK + "attn1_to_k": (
        "lora linear without alpha",
        None,
        {"lora_up.weight": normal(9, 3), "lora_down.weight": normal(3, 10)},
    ),
    "lora_unet_input_blocks_4_0_skip_connection": (
        "lora 1x1 convolution",
        1.0,
        {"lora_up.weight": normal(10, 3, 1, 1), "lora_down.weight": normal(3, 8, 1, 1)},
    ),
    "lora_unet_input_blocks_4_0_in_layers_2": (
        "locon 3x3 convolution",
        2.0,
        {"lora_up.weight": normal(12, 4, 1, 1), "lora_down.weight": normal(4, 6, 3, 3)},
    ),
    "lora_unet_input_blocks_5_0_in_layers_2": (
        "locon tucker",
        1.0,
        {
            "lora_up.weight": normal(8, 3, 1, 1),
            "lora_down.weight": normal(3, 7, 1, 1),
            "lora_mid.weight": normal(3, 3, 3, 3),
        },
    ),
    BLOCK + "attn1_to_v": (
        "loha linear",
        1.5,
        {
            "hada_w1_a": normal(12, 3),
            "hada_w1_b": normal(3, 10),
            "hada_w2_a": normal(12, 3),
            "hada_w2_b": normal(3, 10),
        },
    ),
    "lora_unet_input_blocks_4_0_out_layers_3": (
        "loha tucker 3x3",
        1.0,
        {
            "hada_w1_a": normal(2, 8),
            "hada_w1_b": normal(2, 6),
            "hada_t1": normal(2, 2, 3, 3),
            "hada_w2_a": normal(2, 8),
            "hada_w2_b": normal(2, 6),
            "hada_t2": normal(2, 2, 3, 3),
        },
    ),
    "lora_unet_input_blocks_8_0_out_layers_3": (
        "loha 3x3, flat",
        2.0,
        {"hada_w1_a": normal(8, 2), "hada_w1_b": normal(2, 54), "hada_w2_a": normal(8, 2), "hada_w2_b": normal(2, 54)},
    ),
    BLOCK + "attn1_to_out_0": (
        "lokr, both whole; alpha is ignored",
        5.0,
        {"lokr_w1": normal(3, 2), "lokr_w2": normal(4, 5)},
    ),
    BLOCK + "attn2_to_q": (
        "lokr, w2 decomposed",
        1.0,
        {"lokr_w1": normal(2, 3), "lokr_w2_a": normal(8, 2), "lokr_w2_b": normal(2, 7)},
    ),
    BLOCK + "attn2_to_k": (
        "lokr, w1 decomposed",
        1.0,
        {"lokr_w1_a": normal(6, 2), "lokr_w1_b": normal(2, 5), "lokr_w2": normal(3, 4)},
    ),
    BLOCK + "attn2_to_v": (
        "lokr, both decomposed",
        3.0,
        {"lokr_w1_a": normal(5, 2), "lokr_w1_b": normal(2, 6), "lokr_w2_a": normal(7, 2), "lokr_w2_b": normal(2, 8)},
    ),
    "lora_unet_input_blocks_7_0_in_layers_2": (
        "lokr 3x3, both whole",
        4.0,
        {"lokr_w1": normal(2, 3), "lokr_w2": normal(4, 5, 3, 3)},
    ),
    "lora_unet_input_blocks_5_0_out_layers_3": (
        "lokr 3x3, w2 decomposed, stored flat",
        1.0,
        {"lokr_w1": normal(2, 3), "lokr_w2_a": normal(6, 2), "lokr_w2_b": normal(2, 4 * 9)},
    ),
    "lora_unet_input_blocks_8_0_in_layers_2": (
        "lokr 3x3, w2 decomposed, stored with the kernel",
        1.0,
        {"lokr_w1": normal(3, 2), "lokr_w2_a": normal(5, 2), "lokr_w2_b": normal(2, 4, 3, 3)},
    ),
    "lora_unet_input_blocks_7_0_out_layers_3": (
        "lokr 3x3 tucker",
        1.0,
        {"lokr_w1": normal(2, 2), "lokr_w2_a": normal(3, 5), "lokr_w2_b": normal(3, 4), "lokr_t2": normal(3, 3, 3, 3)},
    ),
    LATER + "attn1_to_q": ("full linear", None, {"diff": normal(6, 9)}),
    "lora_unet_input_blocks_7_0_skip_connection": ("full 1x1 convolution", None, {"diff": normal(6, 5, 1, 1)}),
}
KERNEL_OF_FLAT = {"lora_unet_input_blocks_5_0_out_layers_3": (3, 3), "lora_unet_input_blocks_8_0_out_layers_3": (3, 3)}


def tucker(core, a, b):
    """core [p, q, ...] with p replaced by a's columns and q by b's: [out, in, ...]."""
    return np.einsum("pq...,po,qi->oi...", core, a, b)


def dense(t: dict, alpha: float | None) -> tuple[np.ndarray, float]:
    """The update, flattened to a matrix, and its scale, from the definitions of the variants."""
    if "diff" in t:
        return t["diff"].reshape(len(t["diff"]), -1), 1.0
    if "lora_up.weight" in t:
        up, down = t["lora_up.weight"], t["lora_down.weight"]
        rank, up = len(down), up.reshape(len(up), -1)
        if "lora_mid.weight" in t:
            product = tucker(t["lora_mid.weight"], up.T, down.reshape(rank, -1))
        else:
            product = up @ down.reshape(rank, -1)
    elif "hada_w1_a" in t:
        rank = len(t["hada_w1_b"])
        halves = [
            tucker(t[f"hada_t{i}"], t[f"hada_w{i}_a"], t[f"hada_w{i}_b"])
            if f"hada_t{i}" in t
            else t[f"hada_w{i}_a"] @ t[f"hada_w{i}_b"]
            for i in (1, 2)
        ]
        product = halves[0] * halves[1]
    else:
        rank = next((len(t[key]) for key in ("lokr_w2_b", "lokr_w1_b") if key in t), None)
        w1 = t["lokr_w1"] if "lokr_w1" in t else t["lokr_w1_a"] @ t["lokr_w1_b"]
        if "lokr_w2" in t:
            w2 = t["lokr_w2"]
        elif "lokr_t2" in t:
            w2 = tucker(t["lokr_t2"], t["lokr_w2_a"], t["lokr_w2_b"])
        else:
            w2 = t["lokr_w2_a"] @ t["lokr_w2_b"].reshape(len(t["lokr_w2_b"]), -1)
        w2 = w2.reshape(len(w2), -1)
        # in = in1*in2 and the kernel comes last, so the Kronecker product of the flat matrices is already in order.
        product = np.kron(w1, w2)
    scale = 1.0 if rank is None or alpha is None else alpha / rank
    return scale * product.reshape(len(product), -1), scale


def lycoris(stem: str, t: dict, alpha: float | None) -> np.ndarray | None:
    """The same by LyCORIS' functional code, in float64."""
    t = {key: torch.from_numpy(value) for key, value in t.items()}
    if "lora_up.weight" in t:
        rank = len(t["lora_down.weight"])
        weights = t["lora_down.weight"], t["lora_up.weight"], t.get("lora_mid.weight")
        result = locon.diff_weight(*weights, gamma=(alpha or rank) / rank, backend="torch")
    elif "hada_w1_a" in t:
        weights = [t.get(key) for key in ("hada_w1_b", "hada_w1_a", "hada_w2_b", "hada_w2_a", "hada_t1", "hada_t2")]
        # Its autograd function keeps the scale as a tensor.
        result = loha.diff_weight(
            *weights, gamma=torch.tensor(alpha / len(t["hada_w1_b"]), dtype=torch.float64), backend="torch"
        )
    elif "diff" in t:
        return None
    else:
        if stem in KERNEL_OF_FLAT:
            t["lokr_w2_b"] = t["lokr_w2_b"].reshape(len(t["lokr_w2_b"]), -1, *KERNEL_OF_FLAT[stem])
        keys = ("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2")
        # Its functional scale divides by w2_a's columns, which is not the rank in the tucker form; the module divides
        # by the rank, and so do we.
        divisor = t["lokr_w2_a"].shape[1] / len(t["lokr_w2_b"]) if "lokr_t2" in t else 1.0
        result = lokr.diff_weight(*(t.get(key) for key in keys), gamma=alpha * divisor, backend="torch")
    return result.numpy().reshape(len(result), -1)


def main() -> None:
    tensors = {f"{stem}.{key}": value for stem, (_, _, t) in LAYERS.items() for key, value in t.items()}
    tensors |= {
        f"{stem}.alpha": np.array(alpha, np.float32) for stem, (_, alpha, _) in LAYERS.items() if alpha is not None
    }
    write(FIXTURES / "factors.safetensors", tensors, {"ss_base_model_version": "sdxl_base_v1-0"})
    stored, expected, listing = load(FIXTURES / "factors.safetensors"), {}, {}
    for stem, (label, alpha, t) in LAYERS.items():
        t = {key: stored[f"{stem}.{key}"].astype(np.float64) for key in t}
        update, scale = dense(t, alpha)
        theirs = lycoris(stem, t, alpha)
        error = None if theirs is None else float(np.linalg.norm(theirs - update) / np.linalg.norm(update))
        print(
            f"{label:50} {update.shape} scale {scale:.3f} rank {np.linalg.matrix_rank(update)} against LyCORIS {error}"
        )
        assert error is None or error < 1e-12, stem
        expected[f"{stem}.expected"] = update
        listing[stem] = {
            "variant": label,
            "shape": list(update.shape),
            "alpha": alpha,
            "scale": scale,
            "rank": int(np.linalg.matrix_rank(update)),
            "norm": float(np.linalg.norm(update)),
            "checked_by_lycoris": error is not None,
        }
    write(FIXTURES / "factors_expected.safetensors", expected)
    write_json(FIXTURES / "factors.json", listing)


if __name__ == "__main__":
    main()
