"""Checks what `troupe convert` writes: diffusers and PEFT must load it and change the model as the original says.

Usage: python check_converted_files.py MODEL TROUPE SCRATCH
MODEL is a model's folder as diffusers saves it. A LoRA of its UNet's attention is made in kohya's names, in F16, with an
alpha that is no simple part of the rank, and converted
- to diffusers with alphas in the factors, and with alphas in metadata: loaded by diffusers' pipeline class;
- to PEFT's folder: loaded by PeftModel.
Of each, every layer's change must be alpha / rank · up · down. Exits with 1 where it is not.
Needs Python 3.11 and requirements-models.txt; a CPU.
"""

import os
import pathlib
import subprocess
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file

diffusers.logging.set_verbosity_error()
RANK, ALPHA = 3, 2.0
# A product of F16 factors in F32; where alpha is folded, one rounding to F16 (2^-11) of each number beside that.
EXACT, FOLDED = 1e-6, 6e-4


def make(unet, path):
    """A LoRA of every attention layer, and the change of each."""
    generator = torch.Generator().manual_seed(7)
    tensors, changes = {}, {}
    for name, module in unet.named_modules():
        if not isinstance(module, torch.nn.Linear) or not any(part in name for part in ("to_q", "to_k", "to_v", "to_out.0")):
            continue
        up = torch.randn(module.out_features, RANK, generator=generator).half()
        down = torch.randn(RANK, module.in_features, generator=generator).half()
        stem = "lora_unet_" + name.replace(".", "_")
        tensors |= {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down, f"{stem}.alpha": torch.tensor(ALPHA)}
        changes[name] = ALPHA / RANK * up.float() @ down.float()
    save_file(tensors, path)
    return changes


def compare(unet, changes, tolerance, what):
    """The changes that adapters in a UNet make, beside those that were meant."""
    found = {}
    for name, module in unet.named_modules():
        if isinstance(module, LoraLayer):
            (adapter,) = module.lora_A.keys()
            found[name] = module.get_delta_weight(adapter).float()
    if set(found) != set(changes):
        sys.exit(f"{what}: {len(found)} layers are changed, {len(changes)} were meant")
    worst = max(((found[name] - changes[name]).norm() / changes[name].norm()).item() for name in changes)
    print(f"{what}: {len(found)} layers, worst {worst:.1e}")
    if not worst < tolerance:
        sys.exit(f"{what}: {worst:.1e} is more than {tolerance}")


def main():
    model, troupe, scratch = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    scratch.mkdir(parents=True)
    unet = UNet2DConditionModel.from_pretrained(f"{model}/unet")
    source = scratch / "source.safetensors"
    changes = make(unet, source)

    def convert(output, *options):
        subprocess.run([troupe, "convert", source, "--output", output, *options], check=True, stdout=subprocess.DEVNULL)
        return output

    pipeline = StableDiffusionXLPipeline if unet.config.addition_embed_type else StableDiffusionPipeline
    for options, tolerance in (([], FOLDED), (["--alpha", "metadata"], EXACT)):
        path = convert(scratch / f"diffusers{len(options)}.safetensors", "--to", "diffusers", *options)
        unet = UNet2DConditionModel.from_pretrained(f"{model}/unet")
        state, alphas, metadata = pipeline.lora_state_dict(
            str(path), unet_config=unet.config, return_lora_metadata=True)
        pipeline.load_lora_into_unet(state, network_alphas=alphas, unet=unet, metadata=metadata)
        compare(unet, changes, tolerance, f"{pathlib.Path(model).name}, diffusers {' '.join(options)}")

    folder = convert(scratch / "peft", "--to", "peft")
    unet = UNet2DConditionModel.from_pretrained(f"{model}/unet")
    compare(PeftModel.from_pretrained(unet, str(folder)).base_model.model, changes, EXACT, f"{pathlib.Path(model).name}, PEFT")


if __name__ == "__main__":
    main()
