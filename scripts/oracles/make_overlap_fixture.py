"""Writes Tests/Fixtures/overlap/{a,b,c,d}.safetensors and overlap.json: overlap numbers from dense matrices.

Four LoRAs with kohya's SDXL names and small made-up widths. b shares some rank directions with a, c is independent,
d started from a's lora_down rows (plus noise) and has its own lora_up. Ranks differ between files and layers; one
layer has no alpha (so alpha = rank), some are in one file only, some tensors are F16.

overlap.json:
  files.F.M     t = |W|^2, q = |W W^T|^2, singular_values, participation_ratio, stable_rank, entropy_rank
  pairs.XY.modules.M
                g, x_in, x_out, cosine, cosine_z,
                omega_in, omega_out, phi_in, phi_out (each value, expected, excess, z),
                angles_in, angles_out (radians, ascending), shared_init (null when the ranks differ)
  pairs.XY.groups.G
                the same scalars summed over a group: "total" and those listed in `groups`
  monte_carlo   sample mean and variance of the null distributions, with standard errors, beside the formulas
Everything is computed in float64 from the dense update W = alpha/rank * up @ down of the stored numbers, with
convolutions flattened to [out, in*k*k]; no Gram-matrix shortcut is used.

Run: python make_overlap_fixture.py. Needs Python 3.11, numpy 2.4, scipy 1.17, safetensors 0.8.0.
"""

import itertools
from math import sqrt

import numpy as np
from scipy.linalg import subspace_angles
from scipy.stats import ortho_group

from container import FIXTURES, load, write, write_json

# Chosen among four so that the independent pairs look typical (all |z| < 3.1): under the null z is skewed to the right
# when one direction dominates a layer, and another seed gave 5.9 there without any overlap.
SEED = 20240623
DRAWS = 4000
FOLDER = FIXTURES / "overlap"

# stem: (out, in, kernel or None)
SHAPES = {
    "lora_unet_input_blocks_4_0_in_layers_2": (32, 8, 3),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q": (64, 64, None),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (48, 80, None),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_v": (48, 80, None),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_ff_net_0_proj": (96, 40, None),
    "lora_unet_middle_block_1_transformer_blocks_3_attn2_to_v": (56, 80, None),
    "lora_te1_text_model_encoder_layers_0_self_attn_q_proj": (24, 24, None),
    "lora_te2_text_model_encoder_layers_5_mlp_fc1": (88, 32, None),
}
CONV, TO_Q, TO_K, TO_V, FF, MID, TE1, TE2 = SHAPES
GROUPS = {"UNet": [CONV, TO_Q, TO_K, TO_V, FF, MID], "TE1": [TE1], "TE2": [TE2]}

# stem: (rank, alpha or None)
LAYERS = {
    "a": {
        CONV: (4, 2.0),
        TO_Q: (8, 4.0),
        TO_K: (8, 4.0),
        TO_V: (8, None),
        FF: (6, 6.0),
        MID: (8, 4.0),
        TE1: (4, 1.0),
        TE2: (4, 1.0),
    },
    "b": {CONV: (3, 3.0), TO_Q: (4, 4.0), TO_K: (8, 8.0), TO_V: (4, 2.0), FF: (4, 1.0), TE1: (4, 4.0), TE2: (2, 4.0)},
    "c": {CONV: (4, 1.0), TO_Q: (8, 16.0), TO_K: (5, 2.5), TO_V: (8, 8.0), FF: (6, 3.0), TE2: (4, 2.0)},
    "d": {CONV: (4, 2.0), TO_Q: (8, 4.0), TO_K: (8, 4.0), TO_V: (8, 4.0), FF: (6, 6.0), TE1: (4, 1.0), TE2: (4, 1.0)},
}
HALF = {"b": {TO_K, TE1}, "c": set(SHAPES)}  # stored as F16
TRAINING_SEEDS = {"a": "42", "b": "7", "c": "1234", "d": "42"}


def make_files() -> None:
    rng = np.random.default_rng(SEED)
    factors: dict[str, dict[str, tuple]] = {}
    for file, layers in LAYERS.items():
        factors[file] = {}
        for stem, (rank, _) in layers.items():
            out, width, kernel = SHAPES[stem]
            inner = width * (kernel or 1) ** 2
            down = rng.uniform(-1, 1, (rank, inner)) / sqrt(inner)
            # A spectrum that falls, as training leaves it.
            up = 0.2 * rng.standard_normal((out, rank)) * 0.7 ** np.arange(rank)
            if file != "a":
                shared_down, shared_up = factors["a"][stem]
            if file == "b":
                # The first directions mix a's strongest ones, on both sides.
                n = min(2, rank)
                mixes = np.eye(n) + 0.4 * rng.standard_normal((2, n, n))
                down[:n] = mixes[0] @ shared_down[:n] + 0.1 * down[:n]
                up[:, :n] = shared_up[:, :n] @ mixes[1] + 0.3 * up[:, :n]
            if file == "d":
                down = shared_down + 0.15 * np.std(shared_down) * rng.standard_normal(down.shape)
            factors[file][stem] = down, up
    for file, layers in LAYERS.items():
        tensors = {}
        for stem, (rank, alpha) in layers.items():
            out, width, kernel = SHAPES[stem]
            dtype = np.float16 if stem in HALF.get(file, ()) else np.float32
            down, up = (f.astype(dtype) for f in factors[file][stem])
            if kernel:
                down, up = down.reshape(rank, width, kernel, kernel), up.reshape(out, rank, 1, 1)
            tensors[f"{stem}.lora_down.weight"] = down
            tensors[f"{stem}.lora_up.weight"] = up
            if alpha is not None:
                tensors[f"{stem}.alpha"] = np.array(alpha, dtype)
        metadata = {
            "ss_base_model_version": "sdxl_base_v1-0",
            "ss_network_module": "networks.lora",
            "ss_output_name": file,
            "ss_seed": TRAINING_SEEDS[file],
        }
        write(FOLDER / f"{file}.safetensors", tensors, metadata)


class Layer:
    """One layer of one file, dense."""

    def __init__(self, tensors, stem):
        up, down = (tensors[f"{stem}.lora_{side}.weight"].astype(np.float64) for side in ("up", "down"))
        self.up, self.down = up.reshape(len(up), -1), down.reshape(len(down), -1)
        self.rank = len(down)
        alpha = float(tensors.get(f"{stem}.alpha", self.rank))
        self.w = alpha / self.rank * self.up @ self.down
        self.sigma = np.linalg.svd(self.w, compute_uv=False)
        self.t = square(self.w)
        self.q = square(self.w @ self.w.T)
        self.inputs, self.outputs = basis(self.down.T), basis(self.up)


def square(matrix) -> float:
    return float(np.sum(matrix * matrix))


def basis(matrix):
    """An orthonormal basis of the column space, of the numerical rank."""
    u, s, _ = np.linalg.svd(matrix, full_matrices=False)
    return u[:, s > 1e-10 * s[0]]


def summary(layer: Layer) -> dict:
    p = layer.sigma**2 / np.sum(layer.sigma**2)
    p = p[p > 0]
    return {
        "t": layer.t,
        "q": layer.q,
        "singular_values": layer.sigma[: layer.rank].tolist(),
        "participation_ratio": layer.t**2 / layer.q,
        "stable_rank": layer.t / layer.sigma[0] ** 2,
        "entropy_rank": float(np.exp(-np.sum(p * np.log(p)))),
    }


def four(x, expected, variance, largest) -> dict:
    """An overlap `x` on a scale where `largest` is the most possible."""
    return {
        "value": x / largest,
        "expected": expected / largest,
        "excess": (x - expected) / (largest - expected),
        "z": (x - expected) / sqrt(variance),
    }


def compare(a: Layer, b: Layer) -> dict:
    """Every raw quantity of a pair in one layer; the reports divide sums of these."""
    m, n = a.w.shape
    x_in, x_out = square(a.w @ b.w.T), square(a.w.T @ b.w)
    raw = {"g": float(np.sum(a.w * b.w)), "x_in": x_in, "x_out": x_out}
    raw["noise"] = max(x_in / m, x_out / n)  # the variance of g under random outputs, or inputs
    for side, d in ("in", n), ("out", m):
        raw[f"e_{side}"] = a.t * b.t / d
        raw[f"v_{side}"] = 2 * (a.q - a.t**2 / d) * (b.q - b.t**2 / d) / ((d - 1) * (d + 2))
        qa, qb = (a.inputs, b.inputs) if side == "in" else (a.outputs, b.outputs)
        k, l = qa.shape[1], qb.shape[1]
        raw[f"s_{side}"] = square(qa.T @ qb)
        raw[f"se_{side}"] = k * l / d
        raw[f"sv_{side}"] = 2 * k * l * (d - k) * (d - l) / (d**2 * (d - 1) * (d + 2))
        raw[f"sm_{side}"] = min(k, l)
    return raw


def report(raw: dict, ta, tb, qa, qb) -> dict:
    largest = sqrt(qa * qb)
    result = {
        "g": raw["g"],
        "x_in": raw["x_in"],
        "x_out": raw["x_out"],
        "cosine": raw["g"] / sqrt(ta * tb),
        "cosine_z": raw["g"] / sqrt(raw["noise"]),
    }
    for side in "in", "out":
        result[f"omega_{side}"] = four(raw[f"x_{side}"], raw[f"e_{side}"], raw[f"v_{side}"], largest)
        result[f"phi_{side}"] = four(raw[f"s_{side}"], raw[f"se_{side}"], raw[f"sv_{side}"], raw[f"sm_{side}"])
    return result


def shared_init(a: Layer, b: Layer) -> dict | None:
    """How alike equally placed rows of lora_down are, beside differently placed ones."""
    if a.rank != b.rank:
        return None
    unit = [x.down / np.linalg.norm(x.down, axis=1, keepdims=True) for x in (a, b)]
    cosines = unit[0] @ unit[1].T
    off = cosines[~np.eye(a.rank, dtype=bool)]
    mean = float(np.mean(np.diag(cosines)))
    return {
        "mean": mean,
        "off_diagonal_mean": float(np.mean(off)),
        "off_diagonal_mean_absolute": float(np.mean(np.abs(off))),
        "z": mean * sqrt(a.rank * a.down.shape[1]),
    }


def monte_carlo(name: str, stem: str, a: Layer, b: Layer, rng) -> dict:
    """The nulls by simulation: the second file's input side, and for g its output side, turned at random."""
    m, n = a.w.shape
    samples = {"x_in": [], "phi_in": [], "g": []}
    turn_in, turn_out = ortho_group(n, seed=rng), ortho_group(m, seed=rng)
    for _ in range(DRAWS):
        o = turn_in.rvs()
        samples["x_in"].append(square(a.w @ (b.w @ o).T))
        samples["phi_in"].append(square(a.inputs.T @ (o.T @ b.inputs)))
        samples["g"].append(float(np.sum(a.w * (turn_out.rvs() @ b.w))))
    raw = compare(a, b)
    formulas = {"x_in": (raw["e_in"], raw["v_in"]), "phi_in": (raw["se_in"], raw["sv_in"]), "g": (0.0, raw["x_in"] / m)}
    result = {"pair": name, "module": stem, "draws": DRAWS}
    for key, values in samples.items():
        values = np.array(values)
        mean, variance = float(values.mean()), float(values.var(ddof=1))
        fourth = float(np.mean((values - mean) ** 4))
        result[key] = {
            "mean": mean,
            "mean_standard_error": sqrt(variance / DRAWS),
            "formula_mean": formulas[key][0],
            "variance": variance,
            "variance_standard_error": sqrt((fourth - variance**2) / DRAWS),
            "formula_variance": formulas[key][1],
        }
        for what in "mean", "variance":
            off = (result[key][what] - result[key][f"formula_{what}"]) / result[key][f"{what}_standard_error"]
            assert abs(off) < 4, (name, stem, key, what, off)
    return result


def main() -> None:
    make_files()
    files = {}
    for file in LAYERS:
        tensors = load(FOLDER / f"{file}.safetensors")
        files[file] = {stem: Layer(tensors, stem) for stem in LAYERS[file]}
    groups = {"total": list(SHAPES)} | GROUPS
    pairs = {}
    for x, y in itertools.combinations(files, 2):
        a, b = files[x], files[y]
        both = [stem for stem in SHAPES if stem in a and stem in b]
        raws = {stem: compare(a[stem], b[stem]) for stem in both}
        modules, sums = {}, {}
        for stem in both:
            angles = {
                f"angles_{side}": sorted(
                    subspace_angles(getattr(a[stem], attribute), getattr(b[stem], attribute)).tolist()
                )
                for side, attribute in (("in", "inputs"), ("out", "outputs"))
            }
            scalars = report(raws[stem], a[stem].t, b[stem].t, a[stem].q, b[stem].q)
            modules[stem] = scalars | angles | {"shared_init": shared_init(a[stem], b[stem])}
        for group, members in groups.items():
            shared = [stem for stem in members if stem in raws]
            if not shared:
                sums[group] = None
                continue
            total = {key: sum(raws[stem][key] for stem in shared) for key in raws[shared[0]]}
            # A file's own energy counts in full, also where the other file has no such layer.
            weights = [sum(getattr(f[stem], key) for stem in members if stem in f) for key in "tq" for f in (a, b)]
            sums[group] = report(total, *weights)
        pairs[f"{x}{y}"] = {"modules": modules, "groups": sums}
    rng = np.random.default_rng(SEED + 1)
    write_json(
        FIXTURES / "overlap" / "overlap.json",
        {
            "groups": GROUPS,
            "files": {file: {stem: summary(layer) for stem, layer in layers.items()} for file, layers in files.items()},
            "pairs": pairs,
            "monte_carlo": [
                monte_carlo("ab", TO_Q, files["a"][TO_Q], files["b"][TO_Q], rng),
                monte_carlo("ac", TO_K, files["a"][TO_K], files["c"][TO_K], rng),
            ],
        },
    )
    for name, pair in pairs.items():
        total = pair["groups"]["total"]
        print(
            name,
            {
                k: round(total[k] if isinstance(total[k], float) else total[k]["z"], 3)
                for k in ("cosine", "cosine_z", "omega_in", "omega_out", "phi_in", "phi_out")
            },
            {s[:20]: round(m["shared_init"]["z"], 1) for s, m in pair["modules"].items() if m["shared_init"]},
        )


if __name__ == "__main__":
    main()
