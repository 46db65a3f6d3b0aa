#!/usr/bin/env python3
"""Write Tests/Fixtures/archives: a small safetensors file, and the same as a seekable archive of several frames by pyzstd, whose
writer of zstd's seekable format is not ours.

    make_archive_fixture.py
"""
import json
import pathlib
import struct

import pyzstd

folder = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "archives"
folder.mkdir(parents=True, exist_ok=True)
data = bytes(n * n % 11 for n in range(1200))
header = json.dumps({
    "__metadata__": {"by": "pyzstd"},
    "a": {"dtype": "U8", "shape": [500], "data_offsets": [0, 500]},
    "b": {"dtype": "U8", "shape": [700], "data_offsets": [500, 1200]},
}).encode()
header += b" " * (-len(header) % 8)
plain = struct.pack("<Q", len(header)) + header + data
(folder / "plain.safetensors").write_bytes(plain)
with pyzstd.SeekableZstdFile(folder / "seekable.safetensors.zst", "w", max_frame_content_size=300) as file:
    file.write(plain)
with pyzstd.SeekableZstdFile(folder / "seekable.safetensors.zst", "r") as file:
    assert file.read() == plain
