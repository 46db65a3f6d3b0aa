#!/usr/bin/env python3
"""The baseline of `diagnose`: a plain numpy loop over the same files that widens F16 and forms both Gram matrices.

    gram_numpy.py FILE…      prints the seconds of the loop and, of these, of widening
"""
import json
import struct
import sys
import time

import numpy as np


def opened(path):
    data = np.memmap(path, dtype=np.uint8, mode="r")
    length = struct.unpack("<Q", bytes(data[:8]))[0]
    header = json.loads(bytes(data[8:8 + length]))
    header.pop("__metadata__", None)
    return data[8 + length:], header


def main(paths):
    files = [opened(path) for path in paths]

    def tensor(file, key):
        data, header = file
        begin, end = header[key]["data_offsets"]
        return data[begin:end].view(np.float16).reshape(header[key]["shape"])

    start, widening = time.perf_counter(), 0.0
    for key in files[0][1]:
        if not key.endswith(".lora_up.weight"):
            continue
        stem = key[:-len(".lora_up.weight")]
        before = time.perf_counter()
        down = np.vstack([tensor(file, f"{stem}.lora_down.weight").astype(np.float32) for file in files])
        up = np.hstack([tensor(file, key).astype(np.float32) for file in files])
        widening += time.perf_counter() - before
        down @ down.T
        up.T @ up
    print(f"{time.perf_counter() - start:.4f} {widening:.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
