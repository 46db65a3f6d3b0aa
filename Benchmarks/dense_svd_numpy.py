#!/usr/bin/env python3
"""The baseline of `merge --method svd`: dense SVD of the summed ΔW, as sd-scripts' svd_merge_lora does it.

    dense_svd_numpy.py FILE FILE [--modules 20]

Times the dense SVD (numpy, LAPACK gesdd, float32, thin) of a sample of layers with every shape in it, and scales by
Σ out·in·min(out, in) over all layers. Prints: seconds measured, layers measured, seconds for all layers.
"""
import argparse
import collections
import time

import numpy as np

from gram_numpy import opened


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs=2)
    parser.add_argument("--modules", type=int, default=20)
    arguments = parser.parse_args()
    files = [opened(path) for path in arguments.files]

    def tensor(file, key):
        data, header = file
        begin, end = header[key]["data_offsets"]
        return data[begin:end].view(np.float16).reshape(header[key]["shape"]).astype(np.float32)

    stems = [key[:-len(".lora_up.weight")] for key in files[0][1] if key.endswith(".lora_up.weight")]
    by_shape = collections.defaultdict(list)
    for stem in stems:
        header = files[0][1]
        by_shape[(header[f"{stem}.lora_up.weight"]["shape"][0], header[f"{stem}.lora_down.weight"]["shape"][1])].append(stem)
    # One of every shape, then the most common shape.
    common = max(by_shape, key=lambda shape: len(by_shape[shape]))
    sample = [(shape, names[0]) for shape, names in sorted(by_shape.items())]
    sample += [(common, name) for name in by_shape[common][1:1 + arguments.modules - len(sample)]]
    cost = lambda shape: shape[0] * shape[1] * min(shape)
    seconds = 0.0
    for shape, stem in sample:
        delta = sum(0.5 * tensor(file, f"{stem}.lora_up.weight") @ tensor(file, f"{stem}.lora_down.weight") for file in files)
        start = time.perf_counter()
        np.linalg.svd(delta, full_matrices=False)
        seconds += time.perf_counter() - start
    total = sum(cost(shape) * len(names) for shape, names in by_shape.items())
    print(f"{seconds:.2f} {len(sample)} {seconds * total / sum(cost(shape) for shape, _ in sample):.1f}")


if __name__ == "__main__":
    main()
