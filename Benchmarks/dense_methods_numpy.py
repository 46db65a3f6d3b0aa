#!/usr/bin/env python3
"""The baselines of `merge --method ties`, `tsv` and `knots-ties`: the published dense forms on a sample of layers.

    dense_methods_numpy.py FILE FILE… [--modules 3] [--rank 32] [--methods ties tsv knots-ties]

Each method works on dense ΔW (numpy, LAPACK gesdd, float32, thin) and its result is cut to the rank by another dense SVD,
as it must be to be a LoRA again. One layer of each of the most common shapes is timed, and the time scaled by
Σ out·in·min(out, in) over all layers, which is what the decompositions cost; ties' selection of the largest elements
costs less than its cut. Prints for each method: its name, seconds measured, layers measured, seconds scaled to all.
"""
import argparse
import collections
import time

import numpy as np

from gram_numpy import opened


def svd(matrix):
    return np.linalg.svd(matrix, full_matrices=False)


def cut(matrix, rank):
    u, s, vt = svd(matrix)
    return u[:, :rank] * s[:rank], vt[:rank]


def voted(parts, density=0.5):
    """TIES: the largest by magnitude, the sign of the sum, the mean of those that have it."""
    kept = []
    for part in parts:
        drop = part.size - int(density * part.size)
        threshold = np.partition(np.abs(part), drop - 1, axis=None)[drop - 1] if drop else -1
        kept.append(np.where(np.abs(part) > threshold, part, 0))
    sign = np.where(sum(kept) >= 0, 1, -1)
    agree = [np.sign(part) == sign for part in kept]
    return sum(part * a for part, a in zip(kept, agree)) / np.maximum(1, sum(agree))


def polar(matrix):
    u, _, vt = svd(matrix)
    return u @ vt


def ties(deltas, rank):
    return cut(voted(deltas), rank)


def tsv(deltas, rank):
    parts = [svd(delta) for delta in deltas]
    u = np.hstack([p[0][:, :rank] for p in parts])
    s = np.concatenate([p[1][:rank] for p in parts])
    vt = np.vstack([p[2][:rank] for p in parts])
    return cut(polar(u) * s @ polar(vt), rank)


def knots_ties(deltas, rank):
    u, s, vt = svd(np.hstack(deltas))
    return cut(u @ voted(np.split(s[:, None] * vt, len(deltas), axis=1)), rank)


METHODS = {"ties": ties, "tsv": tsv, "knots-ties": knots_ties}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--modules", type=int, default=3)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    arguments = parser.parse_args()
    files = [opened(path) for path in arguments.files]

    def tensor(file, key):
        data, header = file
        begin, end = header[key]["data_offsets"]
        return data[begin:end].view(np.float16).reshape(header[key]["shape"]).astype(np.float32)

    header = files[0][1]
    by_shape = collections.defaultdict(list)
    for key in header:
        if key.endswith(".lora_up.weight"):
            stem = key[:-len(".lora_up.weight")]
            by_shape[(header[key]["shape"][0], header[f"{stem}.lora_down.weight"]["shape"][1])].append(stem)
    common = sorted(by_shape, key=lambda shape: -len(by_shape[shape]))[:arguments.modules]
    cost = lambda shape: shape[0] * shape[1] * min(shape)
    scale = sum(cost(shape) * len(names) for shape, names in by_shape.items()) / sum(map(cost, common))
    for name in arguments.methods:
        seconds = 0.0
        for shape in common:
            stem = by_shape[shape][0]
            deltas = [0.5 * tensor(file, f"{stem}.lora_up.weight") @ tensor(file, f"{stem}.lora_down.weight") for file in files]
            start = time.perf_counter()
            METHODS[name](deltas, arguments.rank)
            seconds += time.perf_counter() - start
        print(f"{name} {seconds:.2f} {len(common)} {seconds * scale:.0f}")


if __name__ == "__main__":
    main()
