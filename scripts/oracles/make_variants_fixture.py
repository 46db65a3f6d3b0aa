"""Writes Tests/Fixtures/variants/: a layer of every variant whose change depends on the base model, over a tiny base.

base.safetensors       weights of a few SDXL layers under their original names, small widths, F32
lycoris.safetensors    LyCORIS modules as LyCORIS saves them: Diag-OFT, BOFT, (IA)3, GLoRA, T-LoRA, DoRA over LoRA, LoHa and
                       LoKr along both axes, norms, DyLoRA; GLoRA with swapped names and a sparse part are written by hand
sd_scripts.safetensors sd-scripts' OFT, with and without its constraint
onetrainer.safetensors OneTrainer's OFT: linear, convolution, scaled, shared blocks, odd block size
peft_<name>/           PEFT adapters with their configuration: oft (series), cayley (exact, coft), early (the series
                       before PEFT 0.18), boft, butterfly (BOFT in several stages), ia3, dora
expected.safetensors   "<file>/<stem>" (F64): the exact change of the weight at strength 1, [out, in*kernel]; and
                       "<file>/<stem>@0.5" at half strength, with Troupe's meaning of it (see below)

Everything is computed in double precision: LyCORIS and PEFT run in float64 over parameters that F32 holds, with
`Tensor.float` made to do nothing, because LyCORIS inverts in single precision otherwise. OneTrainer and sd-scripts, which
are no packages, are written out here from their formulas.

Half strength: LyCORIS' own multiplier for (IA)3, GLoRA, T-LoRA, Diag-OFT and BOFT; its rescale, which it leaves whole, is
1 + s (f - 1) in Troupe, and DoRA is V (s (m / |V| - 1) + 1) with V = W + s dW, so that strength 0 is the base model.
PEFT's rotations and (IA)3 have no strengths; a rotation is s R + (1 - s) I in each stage.

Run: python make_variants_fixture.py. Needs Python 3.11, numpy 2.4, safetensors 0.8.0, torch (2.15), lycoris-lora 4.1.3,
peft 0.21.2.
"""

import json
import os

os.environ["LYCORIS_KERNEL_BACKEND"] = "torch"

import numpy as np
import torch

torch.Tensor.float = lambda self: self
torch.set_default_dtype(torch.float64)

from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.dylora import DyLoraModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.ia3 import IA3Module
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from lycoris.modules.tlora import TLoraModule
from peft import BOFTConfig, IA3Config, LoraConfig, OFTConfig, get_peft_model, get_peft_model_state_dict
from peft.tuners.boft.layer import BOFTLayer

from container import FIXTURES, write

FOLDER = FIXTURES / "variants"
rng = np.random.default_rng(20240617)
torch.manual_seed(20240617)


def normal(*shape, scale=1.0):
    """Random numbers that F32 holds, in double."""
    return (rng.standard_normal(shape) * scale).astype(np.float32).astype(np.float64)


# MARK: the base

SGM = "input_blocks"
base = {}
layers = {}  # stem without prefix: torch module


def layer(path, *shape, bias=False):
    """A layer of the base model under its original name; its weight [out, in, kernel...]."""
    if path in layers:
        return layers[path]
    weight = torch.tensor(normal(*shape, scale=1 / np.sqrt(np.prod(shape[1:]))))
    if len(shape) == 4:
        module = torch.nn.Conv2d(shape[1], shape[0], shape[2:], padding=shape[2] // 2, bias=bias)
    else:
        module = torch.nn.Linear(shape[1], shape[0], bias=bias)
    module.weight.data = weight
    key = f"model.diffusion_model.{path}"
    base[f"{key}.weight"] = weight.numpy().astype(np.float32)
    if bias:
        module.bias.data = torch.tensor(normal(shape[0]))
        base[f"{key}.bias"] = module.bias.data.numpy().astype(np.float32)
    layers[path] = module
    return module


def linear(block, leaf, *shape, **options):
    return f"{SGM}.{block}.1.transformer_blocks.0.{leaf}", layer(
        f"{SGM}.{block}.1.transformer_blocks.0.{leaf}", *shape, **options
    )


def conv(block, leaf, *shape, **options):
    return f"{SGM}.{block}.0.{leaf}", layer(f"{SGM}.{block}.0.{leaf}", *shape, **options)


expected = {}


def flat(array):
    array = np.asarray(array, dtype=np.float64)
    return array.reshape(array.shape[0], -1)


def expect(file, stem, delta, half=None):
    expected[f"{file}/{stem}"] = flat(delta)
    if half is not None:
        expected[f"{file}/{stem}@0.5"] = flat(half)


def kohya(path, prefix="lora_unet"):
    return f"{prefix}_" + path.replace(".", "_")


# MARK: LyCORIS

lycoris = {}


def save(path, module):
    """A module's tensors as LyCORIS writes them."""
    for name, value in module.state_dict().items():
        value = value.detach().numpy()
        lycoris[f"{kohya(path)}.{name}"] = value.astype(np.float32)


def randomise(module, *names, scale=0.3):
    for name in names:
        target = module
        for piece in name.split("."):
            target = getattr(target, piece)
        target.data = torch.tensor(normal(*target.shape, scale=scale))


def changed(module, weight, multiplier):
    return (module.get_merged_weight(multiplier=multiplier)[0] - weight).detach().numpy()


def dora(weight, delta, magnitudes, strength, axis):
    """V (s (m / |V| - 1) + 1), V = W + s dW, along outputs (0) or input channels (1)."""
    v = weight + strength * delta
    others = tuple(i for i in range(v.ndim) if i != axis)
    norm = np.sqrt((v**2).sum(axis=others, keepdims=True))
    return v * (strength * (magnitudes.reshape(norm.shape) / norm - 1) + 1) - weight


def oft(path, module, *, lora_dim, constraint=0, rescaled=False, cls=DiagOFTModule):
    made = cls("x", module, lora_dim=lora_dim, constraint=constraint, rescaled=rescaled)
    randomise(made, "oft_blocks")
    weight = module.weight.detach()
    factors = np.ones((weight.shape[0],) + (1,) * (weight.ndim - 1))
    if rescaled:
        randomise(made, "rescale")
        made.rescale.data += 1
        made.rescale.data = torch.tensor(made.rescale.data.numpy().astype(np.float32).astype(np.float64))
        factors = made.rescale.detach().numpy()
    whole = changed(made, weight, 1)
    save(path, made)
    # LyCORIS applies the factors after the rotation, whole at every strength.
    rotated = (changed(made, weight, 0.5) + weight.numpy()) / factors
    expect("lycoris", kohya(path), whole, rotated * (1 + 0.5 * (factors - 1)) - weight.numpy())


oft(*linear(4, "attn1.to_q", 12, 8), lora_dim=4)
oft(*linear(4, "attn1.to_k", 12, 8), lora_dim=4, constraint=0.01, rescaled=True)
oft(*conv(4, "in_layers.2", 12, 6, 3, 3), lora_dim=3, rescaled=True)
oft(*linear(4, "attn1.to_v", 16, 8), lora_dim=4, cls=ButterflyOFTModule)
oft(*linear(4, "attn1.to_out.0", 24, 8), lora_dim=6, constraint=0.02, rescaled=True, cls=ButterflyOFTModule)
oft(*conv(4, "out_layers.3", 8, 6, 3, 3), lora_dim=2, cls=ButterflyOFTModule)


def simple(path, module, made, *names, scale=0.3, bias=0.0):
    randomise(made, *names, scale=scale)
    weight = module.weight.detach()
    whole, half = changed(made, weight, 1), changed(made, weight, 0.5)
    save(path, made)
    expect("lycoris", kohya(path), whole, half)


for leaf, shape, on_input in [("attn2.to_q", (10, 7), True), ("attn2.to_out.0", (10, 7), False)]:
    path, module = linear(4, leaf, *shape)
    simple(path, module, IA3Module("x", module, train_on_input=on_input), "weight")
for leaf, on_input in [("in_layers.2", True), ("out_layers.3", False)]:
    path, module = conv(5, leaf, 9, 9, 3, 3)
    simple(path, module, IA3Module("x", module, train_on_input=on_input), "weight")

GLORA = ("a1.weight", "a2.weight", "b1.weight", "b2.weight")
path, module = linear(5, "attn1.to_q", 10, 9)
simple(path, module, GLoRAModule("x", module, lora_dim=3, alpha=2), *GLORA)
path, module = linear(5, "attn1.to_k", 9, 9)
simple(path, module, GLoRAModule("x", module, lora_dim=2, alpha=1), *GLORA)
path, module = conv(7, "in_layers.2", 8, 6, 3, 3)
simple(path, module, GLoRAModule("x", module, lora_dim=2, alpha=1), *GLORA)

# The order of LyCORIS' first GLoRA: the names of each pair swapped.
path, module = linear(5, "attn1.to_v", 9, 9)
a1, a2, b1, b2 = normal(9, 2, scale=0.3), normal(2, 9, scale=0.3), normal(9, 2, scale=0.3), normal(2, 9, scale=0.3)
weight = module.weight.detach().numpy()
for name, value in {"a1": a2, "a2": a1, "b1": b2, "b2": b1}.items():
    lycoris[f"{kohya(path)}.{name}.weight"] = value.astype(np.float32)
lycoris[f"{kohya(path)}.alpha"] = np.float32(1)
delta = 0.5 * (weight @ a1 @ a2 + b1 @ b2)
expect("lycoris", kohya(path), delta, delta / 2)

# A tucker second pair, which LyCORIS' formula has.
path, module = conv(7, "out_layers.3", 8, 6, 3, 3)
a1, a2, b1, b2 = normal(6, 2, 1, 1), normal(2, 6, 1, 1), normal(8, 2, 1, 1), normal(2, 6, 1, 1)
bm = normal(2, 2, 3, 3)
weight = module.weight.detach().numpy()
for name, value in {"a1": a1, "a2": a2, "b1": b1, "b2": b2, "bm": bm}.items():
    lycoris[f"{kohya(path)}.{name}.weight"] = value.astype(np.float32)
from lycoris.modules.glora import _glora_weight

delta = _glora_weight(*(torch.tensor(x) for x in (weight, a1, a2, b1, b2, bm)), 1.0).numpy()
expect("lycoris", kohya(path), delta, delta / 2)

for leaf, shape in [("attn1.to_out.0", (12, 10)), ("attn2.to_q", (10, 12))]:
    path, module = linear(5, leaf, *shape)
    made = TLoraModule("x", module, lora_dim=3, alpha=2)
    for name in ("q_layer.weight", "p_layer.weight", "lambda_layer"):
        target = made
        for piece in name.split("."):
            target = getattr(target, piece)
        moved = target.data.numpy() + normal(*target.shape, scale=0.1)
        target.data = torch.tensor(moved.astype(np.float32).astype(np.float64))
    weight = module.weight.detach()
    whole, half = changed(made, weight, 1), changed(made, weight, 0.5)
    save(path, made)
    expect("lycoris", kohya(path), whole, half)


def decomposed(path, module, cls, on_output, **options):
    made = cls("x", module, weight_decompose=True, wd_on_out=on_output, **options)
    names = [n for n, _ in made.named_parameters() if n != "dora_scale" and "scalar" not in n]
    randomise(made, *names)
    made.dora_scale.data = torch.tensor(
        (made.dora_scale.data.numpy() * (1 + normal(*made.dora_scale.shape, scale=0.2))).astype(np.float32).astype(float)
    )
    weight = module.weight.detach()
    if cls is LoConModule:
        delta = made.get_diff_weight(1)[0].detach()
    else:
        # LyCORIS' get_diff_weight multiplies LoHa and LoKr by alpha / rank twice; its forward pass, which trains, once.
        delta = made.get_weight(weight.shape).detach()
    delta = delta.reshape(weight.shape)
    whole = (made.apply_weight_decompose(weight + delta) - weight).detach().numpy()
    delta = delta.numpy()
    magnitudes = made.dora_scale.detach().numpy()
    own = dora(weight.numpy(), delta, magnitudes, 1, 0 if on_output else 1)
    assert np.abs(own - whole).max() < 1e-12, path
    save(path, made)
    expect("lycoris", kohya(path), whole, dora(weight.numpy(), delta, magnitudes, 0.5, 0 if on_output else 1))


decomposed(*linear(7, "attn1.to_q", 10, 8), LoConModule, True, lora_dim=3, alpha=2)
decomposed(*linear(7, "attn1.to_k", 9, 9), LoConModule, False, lora_dim=3, alpha=1)
decomposed(*linear(7, "attn1.to_v", 10, 8), LohaModule, True, lora_dim=2, alpha=1)
decomposed(*linear(7, "attn1.to_out.0", 12, 8), LokrModule, False, lora_dim=2, alpha=1, factor=2)
decomposed(*conv(8, "in_layers.2", 8, 6, 3, 3), LoConModule, True, lora_dim=2, alpha=1)
decomposed(*conv(8, "out_layers.3", 8, 6, 3, 3), LoConModule, False, lora_dim=2, alpha=1)

# DyLoRA is written as an ordinary LoRA of the whole rank, with alpha / rank.
path, module = linear(8, "attn1.to_q", 10, 8)
made = DyLoraModule("x", module, lora_dim=4, block_size=2, alpha=2)
for i in range(2):
    made.up_list[i].data = torch.tensor(normal(*made.up_list[i].shape))
    made.down_list[i].data = torch.tensor(normal(*made.down_list[i].shape))
up, down = torch.cat(list(made.up_list), 1), torch.cat(list(made.down_list))
delta = (up @ down * 2 / 4).detach().numpy()
save(path, made)
expect("lycoris", kohya(path), delta, delta / 2)

# What LyCORIS' extraction writes: a product and the largest single numbers beside it.
path, module = linear(8, "attn1.to_k", 10, 8)
up, down = normal(10, 2), normal(2, 8)
places, values = np.array([[0, 3, 9], [1, 7, 0]], dtype=np.int32), normal(3)
sparse = np.zeros((10, 8))
sparse[places[0], places[1]] = values
stem = kohya(path)
lycoris[f"{stem}.lora_up.weight"], lycoris[f"{stem}.lora_down.weight"] = up.astype("f4"), down.astype("f4")
lycoris[f"{stem}.bias_indices"], lycoris[f"{stem}.bias_values"] = places, values.astype("f4")
lycoris[f"{stem}.bias_size"] = np.array([10, 8], dtype=np.int32)
expect("lycoris", stem, up @ down + sparse, (up @ down + sparse) / 2)

# A weight in place of the base model's.
path, module = linear(8, "attn1.to_v", 10, 8)
target = normal(10, 8)
lycoris[f"{kohya(path)}.set_weight"] = target.astype(np.float32)
expect("lycoris", kohya(path), target - module.weight.detach().numpy(), (target - module.weight.detach().numpy()) / 2)

# MARK: sd-scripts

sd_scripts = {}
for leaf, alpha in [("attn1.to_q", 1.0), ("attn1.to_k", 1e-2)]:
    path, module = linear(4, leaf, 12, 8)
    weight = module.weight.detach().numpy()
    blocks = normal(3, 4, 4, scale=0.3)
    stem = kohya(path, "oft_unet")
    sd_scripts[f"{stem}.oft_blocks"] = blocks.astype(np.float32)
    sd_scripts[f"{stem}.alpha"] = np.float32(alpha)
    q = blocks - blocks.transpose(0, 2, 1)
    norm = np.sqrt((q**2).sum())
    q = q * ((min(norm, float(np.float32(alpha)) * 12) + 1e-8) / (norm + 1e-8))
    eye = np.eye(4)
    r = (eye + q) @ np.linalg.inv(eye - q)
    for strength, mark in [(1, ""), (0.5, "@0.5")]:
        own = strength * (r - eye) + eye
        result = np.einsum("knm,knp->kmp", own, weight.reshape(3, 4, -1)).reshape(weight.shape)
        expected[f"sd_scripts/{stem}{mark}"] = result - weight

# MARK: OneTrainer and PEFT's rotation of inputs


def triangle(vector, size):
    q = np.zeros((size, size))
    q[np.triu_indices(size, 1)] = vector
    return q - q.T


def series(q, terms=5):
    r, power = np.eye(len(q)), np.eye(len(q))
    for i in range(1, terms):
        power = power @ q
        r = r + power * (1 if i == terms - 1 else 2)
    return r


def rotate_inputs(weight, blocks, size, strength, turned):
    """W R^T, or W R where turned."""
    rows = flat(weight)
    count = rows.shape[1] // size
    full = np.zeros((rows.shape[1], rows.shape[1]))
    for i in range(count):
        r = blocks[0 if len(blocks) == 1 else i]
        full[i * size : (i + 1) * size, i * size : (i + 1) * size] = strength * r + (1 - strength) * np.eye(size)
    return rows @ (full if turned else full.T) - rows


onetrainer = {}
for block, kind, leaf, shape, size, scaled, shared in [
    (4, linear, "attn1.to_q", (12, 8), 4, False, False),
    (4, linear, "attn1.to_k", (12, 8), 4, True, False),
    (4, linear, "attn1.to_v", (16, 8), 2, False, True),
    (4, conv, "in_layers.2", (12, 6, 3, 3), 27, True, False),
    (4, conv, "out_layers.3", (8, 6, 3, 3), 6, False, True),
]:
    path, module = kind(block, leaf, *shape)
    weight = module.weight.detach().numpy()
    count = 1 if shared else flat(weight).shape[1] // size
    vectors = normal(count, size * (size - 1) // 2, scale=0.2)
    stem = kohya(path)
    onetrainer[f"{stem}.oft_R.weight"] = vectors.astype(np.float32)
    if scaled:
        onetrainer[f"{stem}.oft_R.scaled_oft"] = np.array(1, dtype=np.uint8)
    factor = 1 / (2 * np.sqrt(size - 1)) if scaled else 1
    blocks = [series(triangle(v * factor, size)) for v in vectors]
    for strength, mark in [(1, ""), (0.5, "@0.5")]:
        expected[f"onetrainer/{stem}{mark}"] = rotate_inputs(weight, blocks, size, strength, turned=kind is conv)

# MARK: PEFT

DIFFUSERS = {4: "down_blocks.1.{}.0", 5: "down_blocks.1.{}.1", 7: "down_blocks.2.{}.0", 8: "down_blocks.2.{}.1"}
NAMES = {"in_layers.2": "conv1", "out_layers.3": "conv2"}


class Tree(torch.nn.Module):
    """Modules under dotted names."""

    def put(self, name, module):
        parent, *pieces = self, *name.split(".")
        for piece in pieces[:-1]:
            if not hasattr(parent, piece):
                parent.add_module(piece, torch.nn.Module())
            parent = getattr(parent, piece)
        parent.add_module(pieces[-1], module)


def diffusers(block, leaf):
    if leaf in NAMES:
        return DIFFUSERS[block].format("resnets") + "." + NAMES[leaf]
    return DIFFUSERS[block].format("attentions") + ".transformer_blocks.0." + leaf


def peft(name, config, chosen, scale=0.2, noise=0.0):
    """An adapter over some layers, as PEFT saves it, and what PEFT merges."""
    tree = Tree()
    originals = {}
    for block, kind, leaf, shape in chosen:
        _, module = kind(block, leaf, *shape, bias=True)
        copy = torch.nn.Conv2d(shape[1], shape[0], shape[2:]) if len(shape) == 4 else torch.nn.Linear(shape[1], shape[0])
        copy.weight.data = module.weight.data.clone()
        copy.bias.data = module.bias.data.clone()
        tree.put(diffusers(block, leaf), copy)
        originals[diffusers(block, leaf)] = (module.weight.detach().numpy(), module.bias.detach().numpy())
    config.target_modules = list(originals)
    model = get_peft_model(tree, config)
    for parameter_name, parameter in model.named_parameters():
        if parameter.requires_grad:
            start = parameter.data.numpy() if noise else 0
            parameter.data = torch.tensor((start + normal(*parameter.shape, scale=noise or scale)).astype("f4").astype(float))
    folder = FOLDER / f"peft_{name}"
    tensors = {k: v.detach().numpy().astype(np.float32) for k, v in get_peft_model_state_dict(model).items()}
    write(folder / "adapter_model.safetensors", tensors)
    settings = {k: (sorted(v) if isinstance(v, (set, list)) else v) for k, v in config.to_dict().items()}
    settings = {k: v for k, v in settings.items() if isinstance(v, (bool, int, float, str, list, type(None)))}
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=1, sort_keys=True, default=str) + "\n")
    merged = dict(model.merge_and_unload().named_modules())
    for path, (weight, bias) in originals.items():
        stem = f"base_model.model.{path}"
        expect(f"peft_{name}", stem, merged[path].weight.detach().numpy() - weight)
        change = merged[path].bias.detach().numpy() - bias
        if np.abs(change).max() > 0:
            expected[f"peft_{name}/{stem}.bias"] = change


CHOSEN = [(8, linear, "attn2.to_q", (12, 8)), (8, linear, "attn2.to_k", (8, 12))]
WITH_CONV = CHOSEN + [(1, conv, "in_layers.2", (6, 4, 3, 3))]
DIFFUSERS[1] = "down_blocks.0.{}.0"

peft("oft", OFTConfig(r=0, oft_block_size=4, use_cayley_neumann=True, bias="none"), WITH_CONV)
# Before 0.18 the last power of PEFT's series counted twice, and the configuration did not tell the version.
path, module = linear(8, "attn2.to_q", 12, 8, bias=True)
weight, vectors = module.weight.detach().numpy(), normal(2, 6, scale=0.2)
stem = f"base_model.model.{diffusers(8, 'attn2.to_q')}"
write(FOLDER / "peft_early" / "adapter_model.safetensors", {f"{stem}.oft_R.weight": vectors.astype(np.float32)})
(FOLDER / "peft_early" / "adapter_config.json").write_text(
    json.dumps({"peft_type": "OFT", "use_cayley_neumann": True, "num_cayley_neumann_terms": 5}) + "\n"
)
early = []
for vector in vectors:
    q = triangle(vector, 4)
    early.append(np.eye(4) + 2 * (q + q @ q + q @ q @ q + q @ q @ q @ q))
expected[f"peft_early/{stem}"] = rotate_inputs(weight, early, 4, 1, turned=False)

peft("cayley", OFTConfig(r=0, oft_block_size=4, use_cayley_neumann=False, coft=True, eps=0.3, bias="none"), CHOSEN)
peft("boft", BOFTConfig(boft_block_size=4, boft_n_butterfly_factor=1, bias="none"), CHOSEN, noise=0.3)
peft("ia3", IA3Config(feedforward_modules=["attn2.to_k"]), WITH_CONV, noise=0.3)
peft("dora", LoraConfig(r=2, lora_alpha=4, use_dora=True), WITH_CONV, noise=0.3)

# BOFT in several stages: PEFT's merge needs a GPU for it, so its own permutation and rotation are put together here.
boft = {}
tool = BOFTLayer.__new__(BOFTLayer)
for block, leaf, shape, size in [(8, "attn2.to_q", (12, 8), 4), (8, "attn2.to_out.0", (6, 16), 4)]:
    module = linear(block, leaf, *shape)[1]
    weight = module.weight.detach().numpy()
    width = weight.shape[1]
    count = width // size
    stages = 2 if width == 8 else 3
    raw, factors = normal(stages, count, size, size, scale=0.3), 1 + normal(weight.shape[0], 1, scale=0.2)
    factors = factors.astype("f4").astype(float)
    stem = f"base_model.model.{diffusers(block, leaf)}"
    boft[f"{stem}.boft_R"], boft[f"{stem}.boft_s"] = raw.astype("f4"), factors.astype("f4")
    for strength, mark in [(1, ""), (0.5, "@0.5")]:
        total = np.eye(width)
        for i in range(stages):
            order = BOFTLayer.block_butterfly_perm(tool, width, count // 2**i, size // 2, stages - 1)
            p = BOFTLayer.perm2mat(tool, order).numpy()
            rotations = BOFTLayer.cayley_batch(tool, torch.tensor(raw[i])).numpy()
            full = np.zeros((width, width))
            for k, r in enumerate(rotations):
                full[k * size : (k + 1) * size, k * size : (k + 1) * size] = strength * r + (1 - strength) * np.eye(size)
            total = (p @ full @ p.T) @ total
        result = (total @ weight.T).T * (1 + strength * (factors - 1))
        expected[f"peft_butterfly/{stem}{mark}"] = result - weight
write(FOLDER / "peft_butterfly" / "adapter_model.safetensors", boft)

# Norms, beside all of it.
base["model.diffusion_model.input_blocks.4.1.norm.weight"] = normal(8).astype(np.float32)
base["model.diffusion_model.input_blocks.4.1.norm.bias"] = normal(8).astype(np.float32)
made = NormModule("x", torch.nn.GroupNorm(2, 8))
randomise(made, "w_norm", "b_norm")
save("input_blocks.4.1.norm", made)

write(FOLDER / "base.safetensors", base)
write(FOLDER / "lycoris.safetensors", lycoris, {"ss_network_module": "lycoris.kohya"})
write(FOLDER / "sd_scripts.safetensors", sd_scripts)
write(FOLDER / "onetrainer.safetensors", onetrainer)
write(FOLDER / "expected.safetensors", expected)
print(len(expected), "matrices,", sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file()), "bytes")
