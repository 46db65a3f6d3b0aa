"""Writes Tests/Fixtures/diffusion/unet: tiny UNets of three families, their outputs, LoRAs, gradients and samples.

diffusers computes everything in F32 on one thread; PEFT computes the adapters. The README beside the fixtures lists
every file and key. index.json holds versions, seeds, sizes and the errors that rounding alone makes.

Run: python make_unet_fixture.py. Needs: requirements-models.txt. Two runs write the same bytes.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import copy
import hashlib
import json

import diffusers
import numpy as np
import peft
import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

import unet_adapters
import unet_samples

from container import FIXTURES, write, write_json
from tiny_unets import EVERYTHING, FAMILIES, POOLED, SEED, make, normal
from unet_adapters import numbers

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

FOLDER = FIXTURES / "diffusion" / "unet"
# Height, width, tokens, times. 10 × 14 halves to odd sizes on the way down.
CASES = {"square": (16, 16, 77, [981, 37]), "wide": (8, 24, 154, [501, 3]), "odd": (10, 14, 77, [261])}
TRAINING = (8, 16, 77, [801, 142])
TRACED = [
    "time_proj",
    "time_embedding",
    "add_embedding",
    "conv_in",
    "down_blocks.0.resnets.0",
    "down_blocks.0.downsamplers.0",
    "down_blocks.1.resnets.0",
    "down_blocks.1.attentions.0.norm",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn2",
    "down_blocks.1.attentions.0.transformer_blocks.0.ff",
    "down_blocks.1.attentions.0.transformer_blocks.0",
    "down_blocks.1.attentions.0",
    "mid_block",
    "up_blocks.0",
    "up_blocks.1",
    "up_blocks.2",
    "conv_norm_out",
]


def inputs(family, case, height, width, tokens, times):
    """What a UNet is called with, as a dictionary of tensors."""
    batch = len(times)
    made = {
        "sample": normal((family, case, "sample"), (batch, 4, height, width)),
        "timesteps": torch.tensor(times),
        "context": normal(
            (family, case, "context"), (batch, tokens, FAMILIES[family]["cross_attention_dim"])
        ),
    }
    if family == "sdxl":
        made["text_embeds"] = normal((family, case, "text_embeds"), (batch, POOLED))
        sizes = [[1024.0, 1024.0, 0.0, 0.0, 1024.0, 1024.0], [1216.0, 832.0, 64.0, 16.0, 832.0, 1216.0]]
        made["time_ids"] = torch.tensor(sizes[-batch:])
    return made


def call(unet, made, dtype=torch.float32):
    added = {name: made[name].to(dtype) for name in ("text_embeds", "time_ids") if name in made}
    return unet(
        made["sample"].to(dtype), made["timesteps"], made["context"].to(dtype), added_cond_kwargs=added or None
    ).sample


def traced(unet, made):
    """The output, and what the named modules gave for the first sample."""
    seen, hooks = {}, []

    def keep(name):
        def hook(module, arguments, output):
            output = output[0] if isinstance(output, tuple) else getattr(output, "sample", output)
            seen[name] = output[:1].clone()

        return hook

    for name, module in unet.named_modules():
        if name in TRACED:
            hooks.append(module.register_forward_hook(keep(name)))
    output = call(unet, made)
    for hook in hooks:
        hook.remove()
    return output, seen


def difference(a, b):
    gap = (a.double() - b.double()).abs()
    return {"max": gap.max().item(), "mean": gap.mean().item()}


def forward(family, unet, folder):
    """forward.safetensors, and how far F32 and BF16 are from F64."""
    tensors, report = {}, {}
    double, brain = copy.deepcopy(unet).double(), copy.deepcopy(unet).bfloat16()
    for case, shape in CASES.items():
        made = inputs(family, case, *shape)
        output, seen = traced(unet, made)
        tensors |= {f"{case}.{name}": value for name, value in made.items()} | {f"{case}.output": output}
        if case == "square":
            tensors |= {f"{case}.activation.{name}": value for name, value in seen.items()}
        report[case] = {
            "output_max": output.abs().max().item(),
            "output_mean": output.abs().mean().item(),
            "f32_error": difference(output, call(double, made, torch.float64)),
            "bf16_error": difference(call(brain, made, torch.bfloat16), output),
        }
    write(folder / "forward.safetensors", numbers(tensors))
    return report


def training(family, unet, folder):
    """The LoRA of every layer in two formats, the loss and the gradients."""
    unet = copy.deepcopy(unet)
    unet.add_adapter(LoraConfig(r=4, lora_alpha=2, target_modules=EVERYTHING))
    factors = unet_adapters.fill(unet, family, "lora", "default")
    made = inputs(family, "training", *TRAINING)
    target = normal((family, "training", "target"), made["sample"].shape)

    unet.train()
    gradients = []
    for checkpointing in (False, True):
        unet.zero_grad()
        if checkpointing:
            unet.enable_gradient_checkpointing()
        output = call(unet, made)
        loss = torch.nn.functional.mse_loss(output, target)
        loss.backward()
        gradients.append(
            {
                name.replace(".default", ""): parameter.grad.clone()
                for name, parameter in unet.named_parameters()
                if parameter.requires_grad
            }
        )
    unet.disable_gradient_checkpointing()
    plain, recomputed = gradients
    assert plain.keys() == recomputed.keys() == {f"{path}.{side}.weight" for path, side in factors}
    for name in plain:
        assert torch.equal(plain[name], recomputed[name]), name
        assert plain[name].abs().max() > 0, name

    tensors = {f"input.{name}": value for name, value in made.items()}
    tensors |= {"target": target, "output": output.detach(), "loss": loss.detach()}
    tensors |= {f"gradient.{name}": value for name, value in plain.items()}
    write(folder / "training.safetensors", numbers(tensors))

    report = {"loss": loss.item(), "layers": len(factors) // 2}
    write(folder / "lora_kohya.safetensors", unet_adapters.kohya(family, factors, alpha=2))
    if family != "sd15":  # the names follow one rule in all families
        return report
    # Not through diffusers' convert_state_dict_to_diffusers: it renames the attention's keys alone, and diffusers' own
    # loader then passes over them.
    state = {
        f"unet.{name}": np.asarray(value.detach().half()) for name, value in get_peft_model_state_dict(unet).items()
    }
    metadata = {"unet.r": 4, "unet.lora_alpha": 2, "unet.peft_type": "LORA", "unet.target_modules": EVERYTHING}
    write(
        folder / "lora_diffusers.safetensors",
        state,
        {"format": "pt", "lora_adapter_metadata": json.dumps(metadata, indent=2, sort_keys=True)},
    )
    return report


def main():
    index = {
        "seed": SEED,
        "versions": {
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
            "peft": peft.__version__,
            "numpy": np.__version__,
        },
        "families": {},
    }
    for family in FAMILIES:
        folder = FOLDER / family
        folder.mkdir(parents=True, exist_ok=True)
        unet = make(family)
        unet.save_config(folder)
        weights = {name: value.numpy() for name, value in unet.state_dict().items()}
        write(folder / "diffusion_pytorch_model.safetensors", weights, {"format": "pt"})
        entry = {"parameters": sum(value.size for value in weights.values())}
        with torch.no_grad():
            entry["forward"] = forward(family, unet, folder)
        entry["training"] = training(family, unet, folder)
        with torch.no_grad():
            made = inputs(family, "training", *TRAINING)
            entry["adapters"] = unet_adapters.write_all(family, unet, folder, call, made)
            entry["samples"] = unet_samples.write_all(family, unet, folder)
        index["families"][family] = entry

    files = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".safetensors",) or path.name == "config.json")
    index["files"] = {
        str(path.relative_to(FOLDER)): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
    }
    write_json(FOLDER / "index.json", index)


if __name__ == "__main__":
    main()
