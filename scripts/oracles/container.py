"""A safetensors writer of our own, shared by the oracle scripts; writes nothing by itself.

The numpy front end of safetensors lacks several dtypes, and the oracles must not depend on the code that they
check. `write` lays a container out by hand and reads it back with the reference implementation as a proof.

Needs: Python 3.11, numpy 2.4, safetensors 0.8.0.
"""

import json
import pathlib
import struct
from typing import NamedTuple

import numpy as np
import safetensors

BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
PLAIN = {"f2": "F16", "f4": "F32", "f8": "F64", "i4": "I32", "i8": "I64", "u1": "U8"}

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"


class Raw(NamedTuple):
    """A tensor as its file sees it."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def raw(array, dtype: str | None = None) -> Raw:
    """The raw form of an array; `dtype` names formats that numpy cannot tell apart."""
    array = np.asarray(array)
    if dtype is None:
        dtype = PLAIN[array.dtype.str[1:]]
    assert array.dtype.itemsize * 8 == BITS[dtype], (array.dtype, dtype)
    return Raw(dtype, array.shape, np.ascontiguousarray(array).tobytes())


def pack(header: bytes, data: bytes = b"") -> bytes:
    """A container of any header text, padded to a multiple of eight."""
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data


def write(path, tensors: dict, metadata: dict[str, str] | None = None) -> None:
    """Writes arrays or `Raw` tensors, widest dtype first so that all data lie aligned, then by name."""
    tensors = {name: t if isinstance(t, Raw) else raw(t) for name, t in tensors.items()}
    header, blob = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name in sorted(tensors, key=lambda name: (-BITS[tensors[name].dtype], name)):
        t = tensors[name]
        header[name] = {"dtype": t.dtype, "shape": list(t.shape), "data_offsets": [len(blob), len(blob) + len(t.data)]}
        blob += t.data
    contents = pack(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode(), blob)

    # The reference reader must accept the file and give back the same bytes.
    for name, got in safetensors.deserialize(contents):
        t = tensors[name]
        assert (got["dtype"], tuple(got["shape"]), bytes(got["data"])) == t, name
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def load(path) -> dict[str, np.ndarray]:
    """The tensors of a file with numpy's own dtypes."""
    from safetensors.numpy import load_file

    return load_file(path)


def write_json(path, value) -> None:
    """JSON with every float in full; NaN and infinity are refused."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")
