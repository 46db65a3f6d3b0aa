"""Writes Tests/Fixtures/tokenizer/: what transformers' CLIPTokenizer makes of a corpus, with three vocabularies.

tiny/, tiny_pad/   two diffusers tokenizer folders over one small vocabulary (trained here on words of the corpus): as SD
                   1.x has it, and with "!" for padding and looser special tokens as SDXL's second has it
corpus.json        "texts"; per vocabulary ("clip", "clip_pad", "tiny", "tiny_pad") the ids of each text without start
                   and end; "offsets": for each token of "clip" the scalars of the text that it stands for
scalars.json       ranges of the scalars that the reference takes for letters, numbers, spaces and marks that change
                   places, the scalars that its lower case changes, and sequences before and after its normalisation

"clip" is CLIP's own vocabulary, which is not in the repository: scripts/fetch-vocabulary.

Run: python make_tokenizer_fixture.py [VOCABULARY]. Needs Python 3.11, transformers 5.24, tokenizers 0.23.
"""

import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tokenizers import Regex, normalizers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

from container import FIXTURES
from tokenizer_corpus import TEXTS, WORDS

FOLDER = FIXTURES / "tokenizer"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
START, END = "<|startoftext|>", "<|endoftext|>"
LOOSE = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False, "special": True}


def alphabet() -> list[str]:
    """The byte scalars in CLIP's order: those of printable bytes, then U+0100 and on."""
    scalars = sorted(ByteLevel.alphabet())
    return [s for s in scalars if ord(s) < 0x100] + [s for s in scalars if ord(s) >= 0x100]


def vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    singles = alphabet()
    tokens = singles + [s + "</w>" for s in singles] + [a + b for a, b in merges] + [START, END]
    return {token: index for index, token in enumerate(tokens)}


def train(words: list[str], count: int) -> list[tuple[str, str]]:
    """Merges of the most frequent neighbours, ties broken by their text."""
    to_scalar = dict(zip(sorted(range(256), key=lambda b: (not (33 <= b <= 126 or 161 <= b <= 172 or b >= 174), b)),
                         alphabet()))
    parts = [[to_scalar[b] for b in word.encode()] for word in words]
    for part in parts:
        part[-1] += "</w>"
    merges = []
    for _ in range(count):
        pairs: dict[tuple[str, str], int] = {}
        for part in parts:
            for pair in zip(part, part[1:]):
                pairs[pair] = pairs.get(pair, 0) + 1
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for part in parts:
            at = 0
            while at + 1 < len(part):
                if (part[at], part[at + 1]) == best:
                    part[at:at + 2] = ["".join(best)]
                at += 1
    return merges


def write_folder(folder: Path, merges: list[tuple[str, str]], padded: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ids = vocabulary(merges)
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    config = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END, "model_max_length": 77,
              "tokenizer_class": "CLIPTokenizer"}
    if padded:
        config["pad_token"] = "!"
        config["added_tokens_decoder"] = {
            "0": {**LOOSE, "content": "!", "normalized": False},
            str(ids[START]): {**LOOSE, "content": START},
            str(ids[END]): {**LOOSE, "content": END},
        }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")


def ranges(codes: list[int]) -> list[list[int]]:
    out: list[list[int]] = []
    for code in codes:
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def scalars() -> dict:
    every = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    found = {}
    for name, expression in [("letters", r"\p{L}"), ("numbers", r"\p{N}"), ("spaces", r"\s")]:
        strip = normalizers.Replace(Regex(expression), "").normalize_str
        found[name] = ranges([ord(s) for s in every if strip(s) == ""])
    lower = normalizers.Lowercase().normalize_str
    found["lower"] = [[s, lower(s)] for s in every if lower(s) != s]
    # A mark of a class below 240 goes before U+0345, which has that class; the others are told by U+0301, of class 230.
    order = normalizers.NFD().normalize_str
    found["marks"] = ranges([ord(s) for s in every if order(s) == s
                             and (order("\u0345" + s) != "\u0345" + s or order(s + "\u0301") != s + "\u0301")])
    compose, decompose = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str
    # Random sequences of what composes and decomposes, with marks of every class among them.
    chance = random.Random(7)
    syllables = [chr(c) for c in range(0xAC00, 0xD7A4, 97)]
    parts = sorted({p for s in every if not 0xAC00 <= ord(s) < 0xD7A4 and decompose(s) != s for p in s + decompose(s)})
    parts += syllables + [chr(c) for c in [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A7, 0x11C3)]]
    marks = [chr(c) for c in range(0x300, 0x370)] + list("\u05b0\u05bc\u064b\u0651\u093c\u094d\u0e38\u3099\u302a")
    found["composed"] = []
    for _ in range(1500):
        text = "".join(chance.choice(marks if chance.random() < 0.5 else parts) for _ in range(chance.randint(1, 7)))
        found["composed"].append([text, compose(text)])
    # Every scalar that decomposes, in one line each way.
    whole = "a".join(s for s in every if decompose(s) != s and not 0xAC00 <= ord(s) < 0xD7A4)
    found["composed"] += [[whole, compose(whole)], [decompose(whole), compose(whole)]]
    return found


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE / "troupe/clip/bpe_simple_vocab_16e6.txt"
    lines = source.read_text(encoding="utf-8").split("\n")[1:49152 - 256 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    tiny = train(WORDS, 160)
    shutil.rmtree(FOLDER, ignore_errors=True)
    result: dict = {"texts": TEXTS}
    with tempfile.TemporaryDirectory() as work:
        folders = {"clip": Path(work) / "clip", "clip_pad": Path(work) / "pad", "tiny": FOLDER / "tiny",
                   "tiny_pad": FOLDER / "tiny_pad"}
        for name, folder in folders.items():
            write_folder(folder, merges if name.startswith("clip") else tiny, name.endswith("pad"))
            if name == "clip_pad":
                # A vocabulary without files beside it knows "!" only by name.
                (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "!"}))
            tokenizer = CLIPTokenizer.from_pretrained(folder)
            encoded = tokenizer(TEXTS, add_special_tokens=False, return_offsets_mapping=True)
            result[name] = encoded["input_ids"]
            if name == "clip":
                assert tokenizer.vocab_size == 49408 and tokenizer.eos_token_id == 49407
                # The ids that CLIP's users know, so that a vocabulary in another order would not pass.
                assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
                result["offsets"] = encoded["offset_mapping"]
            print(name, len(TEXTS), "texts,", sum(map(len, encoded["input_ids"])), "tokens")
    (FOLDER / "corpus.json").write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")))
    (FOLDER / "scalars.json").write_text(json.dumps(scalars(), separators=(",", ":")))


if __name__ == "__main__":
    main()
