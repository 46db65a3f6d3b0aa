"""Checks LoRA files that `troupe train` wrote: diffusers and PEFT must find in them what the files say.

Usage: python check_trained_files.py MODEL FILES
MODEL is a model's folder as diffusers saves it, FILES a folder of LoRA files in kohya's names; SDXL's UNet may have the
original block names or diffusers'. Of each file
- every tensor must belong to a layer of the model, every layer must be whole, and all numbers must be finite;
- the UNet's part, read by diffusers' pipeline, must change the very layers that are named, by alpha/rank · up · down;
- so must every network's part, read by PEFT. (diffusers 0.42 does not find the layers of the text encoders of
  transformers 5, so that PEFT reads their parts alone.)

Exits with 1 after all files where anything was wrong, 2 where nothing could be checked. Writes nothing.
Needs Python 3.11 and requirements-models.txt; a CPU.
"""

import os
import pathlib
import re
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers
import torch
import transformers
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

ROLES = ("lora_down.weight", "lora_up.weight", "alpha")
# Of products of factors in F32, relative to the greatest change in a layer.
TOLERANCE = 1e-5

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
diffusers.logging.disable_progress_bar()
diffusers.logging.set_verbosity_error()
warnings.filterwarnings("ignore", message="Already found a `peft_config`")


def original_path(path, unet):
    """The place of a layer in the original SDXL code, if it is in a block."""
    pieces = path.split(".")
    per_level = unet.config.layers_per_block + 1
    if pieces[0] == "mid_block":
        number = int(pieces[2])
        place, rest = f"middle_block.{1 if pieces[1] == 'attentions' else 2 * number}", pieces[3:]
    elif pieces[0] in ("down_blocks", "up_blocks"):
        level, kind, number, rest = int(pieces[1]), pieces[2], int(pieces[3]), pieces[4:]
        if kind == "downsamplers":
            return f"input_blocks.{per_level * (level + 1)}.0.op"
        if kind == "upsamplers":
            attends = hasattr(unet.up_blocks[level], "attentions")
            return f"output_blocks.{per_level * (level + 1) - 1}.{2 if attends else 1}.conv"
        block = f"input_blocks.{per_level * level + number + 1}"
        if pieces[0] == "up_blocks":
            block = f"output_blocks.{per_level * level + number}"
        place = f"{block}.{1 if kind == 'attentions' else 0}"
    else:
        return None
    rest = ".".join(rest)
    inner = {
        "conv1": "in_layers.2", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1",
        "conv_shortcut": "skip_connection"}
    return f"{place}.{inner.get(rest, rest)}"


class Model:
    """The networks of a folder, and the layers that kohya's names mean."""

    def __init__(self, folder):
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
        self.networks = {"unet": unet}
        self.is_xl = (folder / "text_encoder_2").is_dir()
        first = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        if self.is_xl:
            second = CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2", dtype=torch.float32)
            self.networks |= {"te1": first, "te2": second}
        else:
            self.networks["te"] = first
        self.layers = {}
        for prefix, network in self.networks.items():
            for path, layer in network.named_modules():
                if not isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
                    continue
                names = [path] if prefix == "unet" else ["text_model." + path.removeprefix("text_model.")]
                if prefix == "unet" and self.is_xl:
                    names.append(original_path(path, unet))
                for name in filter(None, names):
                    stem = f"lora_{prefix}_" + name.replace(".", "_")
                    assert self.layers.get(stem, (prefix, path)) == (prefix, path), stem
                    self.layers[stem] = (prefix, path)
        # A network of its own: PEFT reads into the other.
        plain = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
        nothing = dict.fromkeys(("vae", "text_encoder", "tokenizer"))
        if self.is_xl:
            nothing |= dict.fromkeys(("text_encoder_2", "tokenizer_2"))
        else:
            nothing |= dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
        kind = StableDiffusionXLPipeline if self.is_xl else StableDiffusionPipeline
        self.pipe = kind.from_pretrained(folder, unet=plain, **nothing)


class Failed(Exception):
    pass


def layers_of(file, model):
    """(network, path) → down, up, alpha of a file, in F32, all checked to be there."""
    found, problems = {}, []
    for name, tensor in load_file(file).items():
        stem, _, role = name.partition(".")
        if role not in ROLES or stem not in model.layers:
            problems.append(f"{name} is no part of a LoRA of a layer of the model")
            continue
        if not tensor.isfinite().all():
            problems.append(f"{name} has numbers that are not finite")
        parts = found.setdefault(model.layers[stem], {"stem": stem})
        if parts["stem"] != stem or role in parts:
            problems.append(f"{name} is there twice, under two names")
        parts[role] = tensor.float()
    for (prefix, path), parts in found.items():
        missing = [role for role in ROLES if role not in parts]
        if missing:
            problems.append(f"{parts['stem']} has no {', '.join(missing)}")
            continue
        down, up = parts[ROLES[0]], parts[ROLES[1]]
        shape = model.networks[prefix].get_submodule(path).weight.shape
        if down.shape != (down.shape[0], *shape[1:]) or up.flatten(1).shape != (shape[0], down.shape[0]):
            problems.append(f"{parts['stem']}: {tuple(down.shape)} and {tuple(up.shape)} do not fit {tuple(shape)}")
        if parts["alpha"].numel() != 1:
            problems.append(f"{parts['stem']}.alpha has {parts['alpha'].numel()} numbers")
    if not found and not problems:
        problems.append("the file has no tensors")
    if problems:
        raise Failed("\n".join(problems))
    return found


def expected(parts):
    down, up = parts[ROLES[0]].double(), parts[ROLES[1]].double()
    change = (up.flatten(1) @ down.flatten(1)) * (parts[ROLES[2]].double() / down.shape[0])
    return change.reshape(up.shape[0], *down.shape[1:])


def compare(reader, network, adapter, wanted):
    """Throws unless a network's layers are changed as wanted; the greatest relative difference."""
    got = {}
    for path, layer in network.named_modules():
        if isinstance(layer, LoraLayer) and adapter in layer.lora_A:
            got[path] = layer.get_delta_weight(adapter).detach().double()
    problems = [f"{reader} does not change {path}" for path in sorted(set(wanted) - set(got))]
    problems += [f"{reader} changes {path}, which the file does not name" for path in sorted(set(got) - set(wanted))]
    worst = 0.0
    for path in sorted(set(wanted) & set(got)):
        change = expected(wanted[path])
        difference = (got[path] - change).abs().max().item() / max(change.abs().max().item(), 1e-30)
        worst = max(worst, difference)
        if not difference <= TOLERANCE:
            problems.append(f"{reader} changes {path} otherwise than the file says, by {difference:.2e} of it")
    if problems:
        raise Failed("\n".join(problems))
    return worst


def by_diffusers(file, model, wanted):
    """diffusers' own reading of the UNet's part."""
    state = {name: tensor for name, tensor in load_file(file).items() if name.startswith("lora_unet_")}
    try:
        model.pipe.load_lora_weights(state, adapter_name="checked")
    except Exception as error:
        raise Failed(f"diffusers refuses the file: {error}") from error
    try:
        return compare("diffusers", model.pipe.unet, "checked", wanted)
    finally:
        model.pipe.unload_lora_weights()


def by_peft(network, adapter, wanted):
    """PEFT's reading of a network's part."""
    ranks = {re.escape(path): parts[ROLES[0]].shape[0] for path, parts in wanted.items()}
    alphas = {re.escape(path): parts[ROLES[2]].item() for path, parts in wanted.items()}
    config = LoraConfig(target_modules=list(wanted), rank_pattern=ranks, alpha_pattern=alphas)
    inject_adapter_in_model(config, network, adapter)
    state = {}
    for path, parts in wanted.items():
        base = network.get_submodule(path).base_layer
        down, up = parts[ROLES[0]], parts[ROLES[1]]
        state[f"{path}.lora_A.weight"] = down
        state[f"{path}.lora_B.weight"] = up.reshape(*up.shape[:2], 1, 1) if base.weight.dim() == 4 else up
    outcome = set_peft_model_state_dict(network, state, adapter_name=adapter)
    if outcome.unexpected_keys:
        raise Failed(f"PEFT does not know {', '.join(outcome.unexpected_keys)}")
    worst = compare("PEFT", network, adapter, wanted)
    for layer in network.modules():
        if isinstance(layer, LoraLayer) and adapter in layer.lora_A:
            layer.delete_adapter(adapter)
    return worst


def check(number, file, model):
    found = layers_of(file, model)
    counts, worst = [], 0.0
    for prefix, network in model.networks.items():
        wanted = {path: parts for (part, path), parts in found.items() if part == prefix}
        if not wanted:
            continue
        worst = max(worst, by_peft(network, f"file{number}", wanted))
        if prefix == "unet":
            worst = max(worst, by_diffusers(file, model, wanted))
        unchanged = sum(not expected(parts).any() for parts in wanted.values())
        counts.append(f"{len(wanted)} of {prefix}" + (f" ({unchanged} change nothing)" if unchanged else ""))
    print(f"{file.name}: {', '.join(counts)}; agree within {worst:.1e}")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    files = sorted(pathlib.Path(sys.argv[2]).glob("*.safetensors"))
    if not files:
        print(f"{sys.argv[2]} has no .safetensors file", file=sys.stderr)
        sys.exit(2)
    model = Model(pathlib.Path(sys.argv[1]))
    failures = 0
    for number, file in enumerate(files):
        try:
            check(number, file, model)
        except Failed as failure:
            failures += 1
            print(f"{file.name}: WRONG", *str(failure).splitlines(), sep="\n  ")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
