"""Writes Tests/Fixtures/dtypes.safetensors, narrowing.safetensors and dtypes.json.

dtypes.safetensors: for every dtype D a tensor "D" of raw bit patterns and "D.f32" with the same values as float32,
rounded to nearest even where float32 is too narrow (F64 and wide integers).
narrowing.safetensors: "input" (F32) and "to.D" for F16, BF16, F8_E4M3, F8_E5M2, rounded to nearest even. Overflow
becomes infinity, but NaN for F8_E4M3, which has no infinity. NaN payloads carry no meaning: compare NaN as NaN.

Run: python make_dtype_fixtures.py. Needs Python 3.11, numpy 2.4, ml_dtypes 0.6, safetensors 0.8.0.
"""

from fractions import Fraction

import ml_dtypes
import numpy as np

from container import FIXTURES, raw, write, write_json

FLOATS = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
}
INTEGERS = {f"{kind}{bits}": np.dtype(f"{kind.lower()}{bits // 8}") for bits in (8, 16, 32, 64) for kind in "IU"}
TARGETS = ["F16", "BF16", "F8_E4M3", "F8_E5M2"]

rng = np.random.default_rng(20240601)
np.seterr(all="ignore")  # overflow and NaN are what the fixtures are about


def half_patterns(exponent: int, mantissa: int) -> np.ndarray:
    """Every seventh 16-bit pattern and the neighbourhood of every edge, both signs."""
    subnormal = (1 << mantissa) - 1
    infinity = ((1 << exponent) - 1) << mantissa
    one = ((1 << (exponent - 1)) - 1) << mantissa
    edges = [0, 1, 2, subnormal // 2, subnormal - 1, subnormal, subnormal + 1, subnormal + 2, one - 1, one, one + 1]
    edges += [infinity - 2, infinity - 1, infinity, infinity + 1, infinity + (1 << (mantissa - 1)), 0x7FFF]
    signed = [e | s for e in edges for s in (0, 0x8000)]
    return np.unique(np.concatenate([np.arange(0, 65536, 7), signed])).astype(np.uint16)


def double_patterns(count: int) -> np.ndarray:
    """Doubles around every way float32 rounds: ties, subnormals, underflow, overflow, specials; then random ones."""
    tiny, least = 2.0**-126, 2.0**-149
    largest = float(np.finfo(np.float32).max)
    overflow = largest + 2.0**103  # halfway to the next power: the first double that rounds to infinity
    values = [0.0, 1.0, 1 / 3, np.pi, np.inf, np.nan, largest, overflow, np.finfo(np.float64).max, 5e-324, 2.0**-1022]
    values += [least, least / 2, least * 1.5, least * 2.5, least * 0.75, tiny, tiny - least, tiny - least / 2]
    values += [tiny * (1 - 2.0**-24), tiny + least / 2]
    for k in range(40):  # ties, with an even and an odd float below
        values.append((2.0**23 + k + 0.5) * 2.0 ** float(rng.integers(-140, 100)))
    near = [np.nextafter(v, d) for v in values if np.isfinite(v) for d in (-np.inf, np.inf)]
    values = np.array(values + near)
    values = np.concatenate([values, -values])
    rest = count - len(values)
    bits = rng.integers(0, 2**64, rest // 4, dtype=np.uint64).view(np.float64)
    spread = rng.standard_normal(rest - len(bits)) * 2.0 ** rng.integers(-155, 130, rest - len(bits))
    return np.concatenate([values, bits, spread])


def single_patterns(count: int) -> np.ndarray:
    edges = [0, 1, 2, 0x7FFFFE, 0x7FFFFF, 0x800000, 0x800001, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x7F7FFFFE]
    edges += [0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FBFFFFF, 0x7FC00000, 0x7FFFFFFF]
    bits = np.array([e | s for e in edges for s in (0, 0x80000000)], np.uint32)
    return np.concatenate([bits, rng.integers(0, 2**32, count - len(bits), dtype=np.uint32)])


def integer_patterns(dtype: np.dtype, count: int) -> np.ndarray:
    info = np.iinfo(dtype)
    values = {0, 1, 2, 3, info.max, info.max - 1, info.min, info.min + 1}
    for e in range(1, info.bits):
        values |= {2**e - 1, 2**e, 2**e + 1}
    for e in range(25, info.bits):  # exact ties of float32 and their neighbours
        unit = 2 ** (e - 24)
        for k in (1, 3, 2**24 - 1):
            values |= {2**e + k * unit + d for d in (-1, 0, 1)}
    if info.min < 0:
        values |= {-v for v in values}
    values = sorted(v for v in values if info.min <= v <= info.max)
    random = rng.integers(info.min, info.max, max(count - len(values), 64), dtype=dtype, endpoint=True)
    return np.concatenate([np.array(values, dtype), random])


def nearest_float32(value: int) -> float:
    """An integer rounded to 24 bits, ties to even, in exact arithmetic: a check on numpy's own cast."""
    size = abs(value)
    unit = Fraction(2) ** max(size.bit_length() - 24, 0)
    return float((1 if value >= 0 else -1) * round(size / unit) * unit)  # Python rounds ties to even


def check_narrowing(given: np.ndarray, narrowed: np.ndarray) -> None:
    """Proves each finite result the nearest value of its format, even among two: a check on ml_dtypes."""
    dtype = narrowed.dtype
    unsigned = np.uint8 if dtype.itemsize == 1 else np.uint16
    half = 2 ** (8 * dtype.itemsize - 1)
    grid = np.arange(half, dtype=unsigned).view(dtype).astype(np.float64)
    grid = grid[: np.flatnonzero(np.isfinite(grid))[-1] + 1]
    numbers = ~np.isnan(given)
    assert np.array_equal((narrowed.view(unsigned) >= half)[numbers], np.signbit(given[numbers]))
    overflow = 1.5 * grid[-1] - 0.5 * grid[-2]
    for x, got in zip(np.abs(given.astype(np.float64)), narrowed.view(unsigned) % half):
        if x < overflow or (x == overflow and len(grid) % 2):  # the last value is even: a tie stays with it
            below = min(int(np.searchsorted(grid, x, side="right")) - 1, len(grid) - 2)
            down, up = x - grid[below], grid[below + 1] - x
            assert got == (below if down < up or (down == up and below % 2 == 0) else below + 1), (x, got)
        else:
            assert got >= len(grid), (x, got)


def widening() -> dict:
    tensors = {}
    for name, dtype in FLOATS.items():
        bits = {
            "F64": lambda: double_patterns(512).view(np.uint64),
            "F32": lambda: single_patterns(512),
            "F16": lambda: half_patterns(5, 10),
            "BF16": lambda: half_patterns(8, 7),
        }.get(name, lambda: np.arange(256, dtype=np.uint8))()
        tensors[name] = raw(bits, name)
        tensors[f"{name}.f32"] = raw(bits.view(dtype).astype(np.float32))
    for name, dtype in INTEGERS.items():
        values = np.arange(256, dtype=np.uint8).view(dtype) if dtype.itemsize == 1 else integer_patterns(dtype, 512)
        widened = values.astype(np.float32)
        assert all(float(w) == nearest_float32(int(v)) for v, w in zip(values, widened)), name
        tensors[name] = raw(values, name)
        tensors[f"{name}.f32"] = raw(widened)
    # Only 0 and 1 are values of BOOL.
    booleans = rng.integers(0, 2, 64, dtype=np.uint8)
    tensors["BOOL"] = raw(booleans, "BOOL")
    tensors["BOOL.f32"] = raw(booleans.view(np.bool_).astype(np.float32))
    return tensors


def narrowing() -> dict:
    values = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1.0, -1.0, 2.0**-149, -(2.0**-149), 2.0**-126]
    values += [np.finfo(np.float32).max, np.finfo(np.float32).min]
    for name in TARGETS:
        dtype = FLOATS[name]
        info = ml_dtypes.finfo(dtype)
        # All finite non-negative values of the target in order, so neighbours stand side by side.
        unsigned = np.uint8 if info.bits == 8 else np.uint16
        grid = np.arange(2 ** (info.bits - 1), dtype=unsigned).view(dtype).astype(np.float64)
        grid = grid[np.isfinite(grid)]
        ties = (grid[1:] + grid[:-1]) / 2
        edge = grid[-1] + (grid[-1] - grid[-2]) / 2  # the halfway point above the largest value
        chosen = ties if info.bits == 8 else np.concatenate([ties[:20], ties[-20:], rng.choice(ties, 150)])
        points = np.concatenate([chosen, grid[:12], grid[-12:], [edge, float(info.smallest_normal), 2 * edge]])
        points = points.astype(np.float32)  # the halfway points are exact in float32
        around = [np.nextafter(points, np.float32(d)) for d in (-np.inf, np.inf)]
        values += [*points, *np.concatenate(around)]
    values = np.array(values, np.float32)
    values = values[rng.permutation(len(values))]
    signs = rng.choice(np.array([-1, 1], np.float32), len(values))
    fill = 3200 - len(values)
    spread = rng.standard_normal(fill) * 2.0 ** rng.integers(-150, 128, fill)
    near = rng.standard_normal(fill) * 2.0 ** rng.integers(-26, 18, fill)
    spread = np.where(rng.random(fill) < 0.4, spread, near).astype(np.float32)
    given = np.concatenate([values * signs, spread])
    tensors = {"input": raw(given)}
    for name in TARGETS:
        narrowed = given.astype(FLOATS[name])
        check_narrowing(given, narrowed)
        tensors[f"to.{name}"] = raw(narrowed, name)
    return tensors


def main() -> None:
    wide, narrow = widening(), narrowing()
    write(FIXTURES / "dtypes.safetensors", wide)
    write(FIXTURES / "narrowing.safetensors", narrow)
    listing = {
        "widening": {name: t.shape[0] for name, t in wide.items() if not name.endswith(".f32")},
        "narrowing": {"count": narrow["input"].shape[0], "targets": TARGETS},
    }
    write_json(FIXTURES / "dtypes.json", listing)
    print(listing)


if __name__ == "__main__":
    main()
