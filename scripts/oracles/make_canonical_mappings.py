"""Writes Sources/Diffusion/Tokenizer/CanonicalMappings.swift: Unicode's canonical decompositions, one level each.

The Swift standard library normalises strings when it compares them, and keeps the result to itself; the mappings are
all that is missing beside its public combining classes. They are taken from the normaliser that transformers' CLIP
tokenizer calls, so that both know the same version of Unicode.

Run: python make_canonical_mappings.py. Needs Python 3.11, tokenizers 0.23.
"""

from pathlib import Path

from tokenizers import normalizers

TARGET = Path(__file__).resolve().parents[2] / "Sources/Diffusion/Tokenizer/CanonicalMappings.swift"
WIDTH = 118
HEAD = '''/// Canonical decompositions of Unicode 9, as the reference has them, without the Hangul syllables, which follow from arithmetic.
///
/// Written by scripts/oracles/make_canonical_mappings.py. One word per scalar that decomposes, in hexadecimal: how far
/// it lies after the one before, `+` when its parts compose to it again or `-` when they do not, its parts.
enum CanonicalMappings {
  static let text = """
'''

nfd, nfc = normalizers.NFD().normalize_str, normalizers.NFC().normalize_str
CODES = [c for c in range(0x110000) if not (0xD800 <= c < 0xE000 or 0xAC00 <= c < 0xD7A4) and nfd(chr(c)) != chr(c)]
# Some first parts decompose, and do not compose again: they are found by what they decompose into.
WHOLE = {nfd(chr(c)): chr(c) for c in CODES if nfc(chr(c)) != chr(c)}


def parts(text: str) -> tuple[str, ...]:
    """The parts of one level: all but the last scalar, composed, and the last."""
    whole = nfd(text)
    if len(whole) == 1:
        return (whole,)
    first = nfc(whole[:-1])
    first = first if len(first) == 1 else WHOLE[whole[:-1]]
    assert nfd(first + whole[-1]) == whole, text
    return (first, whole[-1])


words, previous = [], 0
for code in CODES:
    pieces = parts(chr(code))
    composes = nfc(chr(code)) == chr(code)
    assert not composes or len(pieces) == 2, hex(code)
    words.append(f"{code - previous:x}{'+' if composes else '-'}" + ".".join(f"{ord(part):x}" for part in pieces))
    previous = code

lines = [""]
for word in words:
    if len(lines[-1]) + 1 + len(word) > WIDTH - 4:
        lines.append("")
    lines[-1] += (" " if lines[-1] else "") + word
TARGET.write_text(HEAD + "".join(f"    {line}\n" for line in lines) + '    """\n}\n')
print(len(words), "scalars,", len(lines), "lines")
