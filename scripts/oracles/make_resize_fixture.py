"""Writes Tests/Fixtures/resize.json: the ranks that the rules of sd-scripts' resize_lora.py give on dense matrices.

cases   per case: out, in, the factors up [out, r] and down [r, in] row after row, r; the singular values of up @ down by
        numpy's dense SVD; per rule a list of {parameter, rank}. The rank is the rule's own, before any cap, so it may be
        beyond r by one or two, where all singular values are zero.

Parameters are random, so that none falls on a tie where rounding would decide.

Run: python make_resize_fixture.py. Needs Python 3.11, numpy 2.4.
"""

import json
import pathlib

import numpy as np

SEED = 20260131
TARGET = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "resize.json"
# out, in, r, how fast the singular values fall, the greatest
CASES = [
    (24, 20, 8, 0.3, 1.0),
    (16, 30, 8, 1.0, 5.0),
    (12, 18, 12, 0.05, 0.1),
    (10, 10, 4, 2.5, 1.0),
    (6, 9, 1, 1.0, 1.0),
    (2, 7, 2, 0.4, 1.0),
    (8, 8, 3, 0.5, 5e-7),
]


def clamped(index: int, n: int) -> int:
    return max(1, min(index, n - 1)) + 1


def ranks(s: np.ndarray, rng: np.random.Generator) -> dict[str, list]:
    n, result = len(s), {"sv-ratio": [], "sv-fro": [], "sv-cumulative": []}
    tiny = s[0] <= 1e-6
    for _ in range(8):
        p = float(rng.uniform(1.2, 20))
        index = int((s > s[0] / p).sum())
        result["sv-ratio"].append({"parameter": p, "rank": 1 if tiny else clamped(index, n)})
        p = float(rng.uniform(0.2, 0.999))
        index = int(np.searchsorted(np.cumsum(s) / s.sum(), p)) + 1
        result["sv-cumulative"].append({"parameter": p, "rank": 1 if tiny else clamped(index, n)})
        p = float(rng.uniform(0.2, 0.9999))
        index = int(np.searchsorted(np.cumsum(s**2) / (s**2).sum(), p**2)) + 1
        result["sv-fro"].append({"parameter": p, "rank": 1 if tiny else clamped(index, n)})
    return result


def main() -> None:
    rng = np.random.default_rng(SEED)
    cases = []
    for out, width, r, fall, greatest in CASES:
        left = np.linalg.qr(rng.standard_normal((out, r)))[0]
        right = np.linalg.qr(rng.standard_normal((width, r)))[0]
        planted = greatest * np.exp(-fall * np.arange(r))
        # A random invertible matrix between, so that the factors themselves do not show the spectrum.
        mix = rng.standard_normal((r, r)) + 3 * np.eye(r)
        up, down = left * planted @ mix, np.linalg.solve(mix, right.T)
        values = np.linalg.svd(up @ down, compute_uv=False)
        cases.append(
            {
                "out": out,
                "in": width,
                "r": r,
                "up": up.ravel().tolist(),
                "down": down.ravel().tolist(),
                "values": values.tolist(),
                "rules": ranks(values, rng),
            }
        )
    TARGET.write_text(json.dumps({"cases": cases}, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
