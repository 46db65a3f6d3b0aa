"""Ten sampling steps of the tiny UNets with diffusers' schedulers, in a loop that does what the pipelines do.

Part of make_unet_fixture.py; writes what it is told to. Needs: requirements-models.txt.
"""

import copy

import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler

from container import write
from tiny_unets import FAMILIES, POOLED, normal
from unet_adapters import numbers

STEPS = 10
TRAINED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
DDIM = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading"}
VELOCITY = {"prediction_type": "v_prediction"}
TRAILING = {"timestep_spacing": "trailing"}
LEADING = {"timestep_spacing": "leading", "steps_offset": 1}
# family: sampler: (scheduler, its configuration, guidance)
SAMPLERS = {
    "sd15": {
        "ddim": (DDIMScheduler, DDIM, 7.0),
        "euler": (EulerDiscreteScheduler, LEADING, 7.0),
    },
    "sd2": {
        "ddim": (DDIMScheduler, DDIM | VELOCITY, 7.0),
        "euler_trailing": (EulerDiscreteScheduler, TRAILING | VELOCITY, 7.0),
    },
    "sdxl": {
        "euler": (EulerDiscreteScheduler, LEADING, 5.0),
        "euler_zero_snr": (EulerDiscreteScheduler, TRAILING | VELOCITY | {"rescale_betas_zero_snr": True}, 5.0),
    },
}


def run(unet, made, scheduler, guidance, dtype):
    """Latents before the first step, then after each; the two predictions of the first step."""
    scheduler.set_timesteps(STEPS)
    context = torch.cat([made["negative_context"], made["context"]]).to(dtype)
    added = None
    if "text_embeds" in made:
        added = {
            "text_embeds": torch.cat([made["negative_text_embeds"], made["text_embeds"]]).to(dtype),
            "time_ids": torch.cat([made["time_ids"]] * 2).to(dtype),
        }
    latents = made["noise"].to(dtype) * scheduler.init_noise_sigma
    history, first = [latents], None
    for time in scheduler.timesteps:
        both = scheduler.scale_model_input(torch.cat([latents] * 2), time)
        predicted = unet(both, time, context, added_cond_kwargs=added).sample
        first = predicted if first is None else first
        without, text = predicted.chunk(2)
        latents = scheduler.step(without + guidance * (text - without), time, latents).prev_sample
        history.append(latents)
    return history, first


def write_all(family, unet, folder):
    """samples.safetensors, and how far F32 ends from F64."""
    width = FAMILIES[family]["cross_attention_dim"]
    made = {
        "noise": normal((family, "sampling", "noise"), (1, 4, 8, 16)),
        "context": normal((family, "sampling", "context"), (1, 77, width)),
        "negative_context": normal((family, "sampling", "negative_context"), (1, 77, width)),
    }
    if family == "sdxl":
        made["text_embeds"] = normal((family, "sampling", "text_embeds"), (1, POOLED))
        made["negative_text_embeds"] = normal((family, "sampling", "negative_text_embeds"), (1, POOLED))
        made["time_ids"] = torch.tensor([[64.0, 128.0, 0.0, 0.0, 64.0, 128.0]])
    tensors, report = dict(made), {}
    double = copy.deepcopy(unet).double()
    for name, (scheduler, options, guidance) in SAMPLERS[family].items():
        history, first = run(unet, made, scheduler(**TRAINED, **options), guidance, torch.float32)
        exact, _ = run(double, made, scheduler(**TRAINED, **options), guidance, torch.float64)
        used = scheduler(**TRAINED, **options)
        used.set_timesteps(STEPS)
        tensors[f"{name}.timesteps"] = used.timesteps.float()
        tensors[f"{name}.first_prediction"] = first
        if scheduler is EulerDiscreteScheduler:
            tensors[f"{name}.sigmas"] = used.sigmas
        tensors |= {f"{name}.latents.{step}": value for step, value in enumerate(history)}
        report[name] = {
            "scheduler": scheduler.__name__,
            "steps": STEPS,
            "guidance": guidance,
            "configuration": TRAINED | options,
            "latents_max": history[-1].abs().max().item(),
            "f32_error_max": [(a.double() - b.double()).abs().max().item() for a, b in zip(history, exact)],
        }
    write(folder / "samples.safetensors", numbers(tensors))
    return report
