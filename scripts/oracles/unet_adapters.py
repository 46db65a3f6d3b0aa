"""Adapters on the tiny UNets: their random factors, PEFT's outputs and the files they are stored in.

Part of make_unet_fixture.py; writes what it is told to. Needs: requirements-models.txt.
"""

import numpy as np
import torch

from container import write
from tiny_unets import fan_in, half_exact, kohya_stem, normal


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


def write_kohya(path, family, factors, alpha):
    """A LoRA as kohya's trainers store it."""
    tensors = {}
    for (layer, side), value in factors.items():
        stem = kohya_stem(layer, family)
        tensors[f"{stem}.{'lora_down' if side == 'lora_A' else 'lora_up'}.weight"] = np.asarray(value.half())
        tensors[f"{stem}.alpha"] = np.float16(alpha)
    write(path, tensors)
