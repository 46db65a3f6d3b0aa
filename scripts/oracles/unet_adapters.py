"""Adapters on the tiny UNets: their random factors, PEFT's outputs and the files they are stored in.

Part of make_unet_fixture.py; writes what it is told to. Needs: requirements-models.txt.
"""

import copy

import numpy as np
import torch
from diffusers.loaders import StableDiffusionLoraLoaderMixin, StableDiffusionXLLoraLoaderMixin
from peft import LoHaConfig, LoKrConfig, LoraConfig, inject_adapter_in_model

from container import write
from tiny_unets import ATTENTION, EVERYTHING, PROJECTIONS, fan_in, half_exact, kohya_stem, normal

SECOND = rf"(mid_block|down_blocks\.1|up_blocks\.1)\..*\.({ATTENTION})"
# Widths of 8 and of 12, so that LoKr has whole and decomposed factors.
SMALL = rf"(mid_block|down_blocks\.1)\..*\.({ATTENTION}|{PROJECTIONS}|conv1)"


def numbers(tensors):
    return {name: value.detach().contiguous().numpy() for name, value in tensors.items()}


def fill(unet, family, seed, adapter):
    """Gives a LoRA's factors random values that F16 holds; (layer, side) → values.

    PEFT starts B at 0, with which the gradients of A would be 0 and prove nothing.
    """
    factors = {}
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            for side in ("lora_A", "lora_B"):
                ending = f".{side}.{adapter}.weight"
                if not name.endswith(ending):
                    continue
                drawn = normal((family, seed, name), parameter.shape)
                drawn *= fan_in(parameter.shape) ** -0.5 if side == "lora_A" else 0.4
                parameter.copy_(half_exact(drawn))
                factors[name.removesuffix(ending), side] = parameter.detach().clone()
    assert factors
    return factors


def kohya(family, factors, alpha):
    """A LoRA's tensors as kohya's trainers name them."""
    tensors = {}
    for (layer, side), value in factors.items():
        stem = kohya_stem(layer, family)
        tensors[f"{stem}.{'lora_down' if side == 'lora_A' else 'lora_up'}.weight"] = np.asarray(value.half())
        tensors[f"{stem}.alpha"] = np.float16(alpha)
    return tensors


def lora(unet, family):
    """A copy of the network with both LoRAs, `default` and `second`, and their factors."""
    unet = copy.deepcopy(unet)
    unet.add_adapter(LoraConfig(r=4, lora_alpha=2, target_modules=EVERYTHING))
    first = fill(unet, family, "lora", "default")
    unet.add_adapter(LoraConfig(r=2, lora_alpha=3, target_modules=SECOND), "second")
    return unet, first, fill(unet, family, "second", "second")


def dora(unet, family):
    """A copy with a DoRA whose magnitudes are not the norms that it started from; its tensors in kohya's form."""
    unet = copy.deepcopy(unet)
    unet.add_adapter(LoraConfig(r=4, lora_alpha=2, target_modules=SMALL, use_dora=True))
    factors = fill(unet, family, "dora", "default")
    tensors = kohya(family, factors, alpha=2)
    for name, parameter in unet.named_parameters():
        layer, ending, _ = name.partition(".lora_magnitude_vector.default.weight")
        if not ending:
            continue
        with torch.no_grad():
            parameter.mul_(1 + 0.2 * normal((family, "dora", name), parameter.shape))
        outputs = parameter.numel()
        shape = (outputs, 1, 1, 1) if parameter.dim() == 4 else (outputs, 1)
        tensors[f"{kohya_stem(layer, family)}.dora_scale"] = parameter.detach().reshape(shape).numpy().copy()
    return unet, factors, tensors


def dora_merged(unet, family, factors, tensors, strength):
    """The plain network with V · (s (m / ‖V‖ − 1) + 1), V = W + s ΔW, in place of each weight W."""
    unet = copy.deepcopy(unet)
    for layer in sorted({layer for layer, _ in factors}):
        weight = unet.get_submodule(layer).weight
        a, b = factors[layer, "lora_A"], factors[layer, "lora_B"]
        moved = weight + strength * 0.5 * (b.flatten(1) @ a.flatten(1)).reshape(weight.shape)
        scale = torch.from_numpy(tensors[f"{kohya_stem(layer, family)}.dora_scale"])
        norm = moved.flatten(1).norm(dim=1).reshape(scale.shape)
        weight.copy_(moved * (strength * (scale / norm - 1) + 1))
    return unet


def lycoris(unet, family, kind):
    """A copy with a LoHa or LoKr, and its tensors under LyCORIS' names."""
    unet = copy.deepcopy(unet)
    common = {"r": 2, "alpha": 1, "target_modules": SMALL, "use_effective_conv2d": True}
    config = LoHaConfig(**common) if kind == "loha" else LoKrConfig(decompose_factor=2, **common)
    unet = inject_adapter_in_model(config, unet).eval()
    tensors = {}
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            layer, _, role = name.removesuffix(".default").rpartition(".")
            if not role.startswith(("hada_", "lokr_")):
                continue
            # Products of two or three factors, then of two of those: each is drawn larger than a LoRA's.
            drawn = normal((family, kind, name), parameter.shape)
            parameter.copy_(half_exact(drawn * (0.6 if kind == "loha" else 0.5)))
            tensors[f"{kohya_stem(layer, family)}.{role}"] = np.asarray(parameter.detach().half())
    for layer, module in unet.named_modules():
        if "default" not in getattr(module, "scaling", {}):
            continue
        alpha = 1
        if kind == "lokr" and "default" in module.lokr_w1 and "default" in module.lokr_w2:
            # LyCORIS ignores alpha where both factors are whole, PEFT does not.
            alpha, module.alpha["default"] = 5, module.r["default"]
            module.scaling["default"] = 1.0
        tensors[f"{kohya_stem(layer, family)}.alpha"] = np.float16(alpha)
    return unet, tensors


def rescale(unet, strength):
    for module in unet.modules():
        if "default" in getattr(module, "scaling", {}):
            module.set_scale("default", strength)


def read_by_diffusers(path, unet, family):
    """A copy of the plain network into which diffusers' own loader has read a LoRA."""
    unet = copy.deepcopy(unet)
    loader = StableDiffusionXLLoraLoaderMixin if family == "sdxl" else StableDiffusionLoraLoaderMixin
    state, alphas, metadata = loader.lora_state_dict(str(path), unet_config=unet.config, return_lora_metadata=True)
    loader.load_lora_into_unet(state, alphas, unet, adapter_name="default", metadata=metadata)
    return unet.eval()


def write_all(family, plain, folder, call, made):
    """The adapters' files, and adapters.safetensors with the outputs for the inputs of the training step."""
    outputs = {"base": call(plain, made)}

    unet, first, second = lora(plain, family)
    write(folder / "second_kohya.safetensors", kohya(family, second, alpha=3))
    for strengths in ({"default": 1.0}, {"default": 0.6}, {"second": 1.0}, {"default": 0.8, "second": 0.5}):
        unet.set_adapters(list(strengths), list(strengths.values()))
        label = "+".join(f"{name.replace('default', 'lora')}@{s:g}" for name, s in strengths.items())
        outputs[label] = call(unet, made)
    outputs["switched"] = torch.cat([outputs["lora@1"][:1], outputs["second@1"][1:]])

    unet, factors, tensors = dora(plain, family)
    write(folder / "dora_kohya.safetensors", tensors)
    outputs["dora@1"] = call(unet, made)
    outputs["dora@0.6"] = call(dora_merged(plain, family, factors, tensors, 0.6), made)
    merged = call(dora_merged(plain, family, factors, tensors, 1.0), made)
    torch.testing.assert_close(merged, outputs["dora@1"], rtol=0, atol=2e-5)

    for kind in ("loha", "lokr"):
        unet, tensors = lycoris(plain, family, kind)
        write(folder / f"{kind}.safetensors", tensors)
        for strength in (1.0, 0.6):
            rescale(unet, strength)
            outputs[f"{kind}@{strength:g}"] = call(unet, made)
    write(folder / "adapters.safetensors", numbers(outputs))

    # diffusers reads the written files as what was computed.
    for name in ("lora_kohya", "lora_diffusers", "second_kohya"):
        path = folder / f"{name}.safetensors"
        if path.exists():
            read = call(read_by_diffusers(path, plain, family), made)
            expected = outputs["second@1" if name == "second_kohya" else "lora@1"]
            torch.testing.assert_close(read, expected, rtol=0, atol=2e-5, msg=lambda text, name=name: f"{name}: {text}")
    return {
        name: {"change_mean": (value - outputs["base"]).abs().mean().item()}
        for name, value in outputs.items()
        if name != "base"
    }
