"""What sd-scripts does with sizes, captions, regularisation sets and batches, for the tests of the trainer's data.

The reference itself is run: the needed definitions are cut out of its source by name, because importing the whole of
it wants a GPU stack. Nothing of its text goes into the fixture, only inputs and outcomes.

Usage: python scripts/oracles/make_dataset_fixture.py <sd-scripts checkout> Tests/Fixtures/dataset

Made with commit 48d368fa557731ad0488c07304dfeba8c07910eb of kohya-ss/sd-scripts.

Needs: Python 3.11, numpy 2.4, a checkout of kohya-ss/sd-scripts.
"""

import ast
import json
import math
import pathlib
import random
import re
import sys
import types
from typing import *  # noqa: F403  (names in the cut-out annotations)

import numpy as np

checkout, folder = map(pathlib.Path, sys.argv[1:])


class Quiet:
    def __getattr__(self, name):
        return lambda *a, **k: None


def definitions(path, *names):
    """The definitions of these names (`Class.method` for one method) as live objects."""
    tree = ast.parse((checkout / path).read_text(encoding="utf-8"))
    scope = {"math": math, "random": random, "re": re, "np": np, "logger": Quiet(), "BaseSubset": object}
    scope |= {k: v for k, v in globals().items() if k in ("List", "Tuple", "Optional", "Sequence", "NamedTuple", "Dict")}
    found = []
    for name in names:
        owner, _, member = name.partition(".")
        node = next(n for n in tree.body if getattr(n, "name", None) == owner)
        if member:
            node = next(n for n in node.body if getattr(n, "name", None) == member)
        code = compile(ast.Module([node], []), path, "exec")
        exec(code, scope)
        found.append(scope[node.name])
    return found, tree, scope


(make_resolutions,), _, _ = definitions("library/model_util.py", "make_bucket_resolutions")
(manager, process_caption, shuffle_buckets), tree, scope = definitions(
    "library/train_util.py", "BucketManager", "BaseDataset.process_caption", "BaseDataset.shuffle_buckets"
)
scope["model_util"] = types.SimpleNamespace(make_bucket_resolutions=make_resolutions)

# MARK: sizes
lists = []
for resolution, low, high, step in [
    ((1024, 1024), 256, 1024, 64), ((1024, 1024), 256, 2048, 64), ((1024, 1024), 512, 2048, 64),
    ((512, 512), 256, 1024, 64), ((768, 512), 256, 1024, 64), ((1024, 1024), 256, 1536, 32), ((640, 960), 320, 1280, 8),
    ((512, 512), 64, 1024, 64), ((832, 1216), 128, 4096, 128),
]:  # fmt: skip
    lists.append({"resolution": resolution, "min": low, "max": high, "step": step,
                  "sizes": make_resolutions(resolution, low, high, step)})  # fmt: skip

rng = random.Random(5)
sizes = [(1024, 1024), (1365, 1024), (1600, 1200), (1024, 768), (640, 480), (4000, 500), (500, 4000), (100, 100), (63, 900),
         (1, 1), (832, 1216), (1216, 832), (1023, 1025), (3000, 2999), (65, 64)]  # fmt: skip
sizes += [(rng.randint(64, 4000), rng.randint(64, 4000)) for _ in range(150)]
placements = []
for resolution, low, high, step, no_upscale in [
    ((1024, 1024), 256, 2048, 64, False), ((512, 512), 256, 1024, 64, False), ((1024, 1024), 256, 2048, 64, True),
    ((768, 512), 256, 1024, 32, True),
]:  # fmt: skip
    buckets = manager(no_upscale, resolution, low, high, step)
    if not no_upscale:
        buckets.make_buckets()
    rows = []
    for size in sizes:
        try:
            bucket, resized, _ = buckets.select_bucket(*size)
        except (ZeroDivisionError, AssertionError):
            continue  # the reference ends here with a crash; what is done instead has its own test
        if min(bucket) == 0:
            rows.append([*size])
            continue
        left, top, right, _ = manager.get_crop_ltrb(bucket, size)
        rows.append([*size, *bucket, *resized, int(left), int(top), int(bucket[0] - right)])
    placements.append({"resolution": resolution, "min": low, "max": high, "step": step, "noUpscale": no_upscale,
                       "rows": rows})  # fmt: skip

# MARK: captions
texts = [
    "1girl, solo, red hair, blue eyes, smile", "konrad_httt, 1boy ||| armour, sword, standing ||| best quality",
    "a ||| b, c, d, e", "{red|green|blue} hair, {a|b}, {{kept}}, {}", "first, line\nsecond, line\nthird {x|y}", "",
    "  spaced ,  out,, tags  ", "one;;;two, three;;;four, five", "⦅odd⦆, {a|}, {|}, {a{b|c}}", "a. b. c. d",
]  # fmt: skip
plain = dict(caption_prefix=None, caption_suffix=None, caption_dropout_rate=0.0, caption_dropout_every_n_epochs=0,
             enable_wildcard=False, shuffle_caption=False, token_warmup_step=0, token_warmup_min=1,
             caption_tag_dropout_rate=0.0, keep_tokens=0, keep_tokens_separator=None, caption_separator=",",
             secondary_separator=None)  # fmt: skip
variants = [
    {}, {"shuffle_caption": True}, {"shuffle_caption": True, "keep_tokens": 2},
    {"shuffle_caption": True, "keep_tokens_separator": "|||"}, {"keep_tokens_separator": "|||"},
    {"caption_prefix": "art", "caption_suffix": "end", "shuffle_caption": True, "keep_tokens": 1},
    {"caption_tag_dropout_rate": 0.5, "keep_tokens": 1}, {"caption_dropout_rate": 0.4, "shuffle_caption": True},
    {"caption_dropout_every_n_epochs": 2}, {"enable_wildcard": True}, {"enable_wildcard": True, "shuffle_caption": True},
    {"secondary_separator": ";;;", "shuffle_caption": True}, {"caption_separator": ".", "shuffle_caption": True},
    {"token_warmup_step": 10, "shuffle_caption": True}, {"token_warmup_step": 0.25, "token_warmup_min": 2},
    {"enable_wildcard": True, "shuffle_caption": True, "caption_tag_dropout_rate": 0.3, "caption_dropout_rate": 0.1,
     "keep_tokens_separator": "|||", "secondary_separator": ";;;", "caption_prefix": "p,"},
]  # fmt: skip
captions = []
for number, variant in enumerate(variants):
    outcomes = []
    random.seed(number)
    for epoch, step in [(1, 0), (1, 3), (2, 7), (3, 30)]:
        for text in texts:
            subset = types.SimpleNamespace(**(plain | variant))
            dataset = types.SimpleNamespace(current_epoch=epoch, current_step=step, max_train_steps=40, replacements={})
            outcomes.append({"epoch": epoch, "step": step, "text": text, "out": process_caption(dataset, subset, text)})
    captions.append({"options": variant, "seed": number, "steps": 40, "outcomes": outcomes})

# MARK: regularisation sets
init = next(n for n in next(n for n in tree.body if getattr(n, "name", "") == "DreamBoothDataset").body
            if getattr(n, "name", "") == "__init__")  # fmt: skip
loop = next(n for n in ast.walk(init) if isinstance(n, ast.While) and "num_train_images" in ast.dump(n.test)
            and "npz" not in ast.dump(n))  # fmt: skip
loop = compile(ast.Module([loop], []), "loop", "exec")
matches = []
for train, sets in [(400, [(500, 1), (500, 1)]), (400, [(300, 1), (300, 1)]), (400, [(100, 1), (100, 1)]),
                    (7, [(3, 2), (2, 1)]), (10, [(1, 1)]), (5, [(2, 10), (3, 1)]), (0, [(3, 1)])]:  # fmt: skip
    infos = [(types.SimpleNamespace(num_repeats=r, set=i), None) for i, (n, r) in enumerate(sets) for _ in range(n)]
    registered = []
    exec(loop, {"n": 0, "first_loop": True, "num_train_images": train, "reg_infos": infos,
                "self": types.SimpleNamespace(register_image=lambda info, subset: registered.append(info))})  # fmt: skip
    matches.append({"train": train, "sets": sets,
                    "repeats": [i.num_repeats if any(i is r for r in registered) else 0 for i, _ in infos]})  # fmt: skip

# MARK: batches
batches = []
for seed, batch_size, groups in [(0, 4, [5, 9, 2]), (42, 2, [7, 7]), (123456789, 3, [10]), (2**31, 1, [3, 1, 4])]:
    bucket_manager = types.SimpleNamespace(buckets=[])
    first = 0
    for count in groups:
        bucket_manager.buckets.append(list(range(first, first + count)))
        first += count
    bucket_manager.shuffle = lambda m=bucket_manager: manager.shuffle(m)
    indices = [(b, i) for b, bucket in enumerate(bucket_manager.buckets) for i in range(math.ceil(len(bucket) / batch_size))]
    dataset = types.SimpleNamespace(seed=seed, current_epoch=0, buckets_indices=indices, bucket_manager=bucket_manager)
    epochs = []
    shuffle_buckets(dataset)
    for epoch in range(1, 4):
        dataset.current_epoch = epoch
        shuffle_buckets(dataset)
        epochs.append([bucket_manager.buckets[b][i * batch_size : (i + 1) * batch_size] for b, i in dataset.buckets_indices])
    batches.append({"seed": seed, "batch": batch_size, "buckets": groups, "epochs": epochs})

random.seed(77)
numbers = [random.random() for _ in range(700)][-3:]
draws = {"seed": 77, "unit": numbers, "below": [random.randrange(n) for n in (1, 2, 3, 10, 1000, 2**31 + 1, 2**40, 2**62)]}
random.seed(2**40 + 3)
draws |= {"wideSeed": 2**40 + 3, "wide": random.getrandbits(32)}

folder.mkdir(parents=True, exist_ok=True)
(folder / "sd-scripts.json").write_text(
    json.dumps({"lists": lists, "placements": placements, "captions": captions, "matches": matches, "batches": batches,
                "python": draws}, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")  # fmt: skip
