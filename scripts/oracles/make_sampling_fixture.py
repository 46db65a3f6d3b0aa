"""Writes Tests/Fixtures/diffusion/sampling/: what diffusers' schedulers do with a small analytic model.

runs.safetensors: one tensor a run (F32, `[steps + 1, 2 + latents]`) named "sampler.schedule.prediction.steps", with
"zero-" before the prediction when the betas end without signal. Row 0: the scale of the first noise, 0, the first
latents. Row i: the i-th time, its sigma (for ddim: its alpha bar), the latents after the step. Latents are
`[images, 4, 2, 2]`, from one generator an image with seeds 7 and 8, which also draw the noise of the steps.
tables.safetensors: alpha bars in both precisions, the times of many numbers of steps, first noises of some seeds,
guidance with rescaling, added noise and velocities.

diffusers has no Karras sigmas for Euler ancestral: there its tables are those of Euler, its steps its own.

Run: python make_sampling_fixture.py. Needs Python 3.11, numpy 2.4, torch 2.13, diffusers 0.42, transformers,
safetensors 0.8.0.
"""

import math

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from diffusers.utils.torch_utils import randn_tensor

from container import FIXTURES, write

FOLDER = FIXTURES / "diffusion" / "sampling"
SEED = 7

# The scheduler configuration in the folders of SD 1.5 and SDXL.
STABLE = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    steps_offset=1,
)
DDIM = dict(clip_sample=False, set_alpha_to_one=False)
SPACINGS = {"normal": "leading", "trailing": "trailing", "linspace": "linspace"}

MIXING = torch.tensor([[0.6, -0.3, 0.2, 0.1], [0.1, 0.5, -0.4, 0.2], [-0.2, 0.3, 0.7, -0.1], [0.3, -0.1, 0.2, 0.4]])


def model(latents, time):
    """Smooth in latents and time, bounded, and different in every channel."""
    shift = torch.tensor([0.5 * math.sin(float(time) / 1000 * (c + 1)) for c in range(4)])
    mixed = torch.einsum("oc,bchw->bohw", MIXING, latents)
    return torch.tanh(0.8 * mixed + shift[None, :, None, None])


def make(sampler, schedule, prediction, zero):
    karras = schedule.startswith("karras")
    spacing = SPACINGS[schedule.removeprefix("karras-") if schedule != "karras" else "normal"]
    common = dict(STABLE, timestep_spacing=spacing, prediction_type=prediction, rescale_betas_zero_snr=zero)
    match sampler.split("@")[0]:
        case "ddim":
            return DDIMScheduler(**common, **DDIM)
        case "euler":
            return EulerDiscreteScheduler(**common, use_karras_sigmas=karras)
        case "euler-a":
            return EulerAncestralDiscreteScheduler(**common)
        case "dpmpp-2m":
            return DPMSolverMultistepScheduler(
                **common,
                use_karras_sigmas=karras,
                algorithm_type="dpmsolver++",
                solver_order=2,
                solver_type="midpoint",
                lower_order_final=True,
                final_sigmas_type="zero",
            )


def run(sampler, schedule, prediction, zero, steps, images=1):
    """One run as the pipelines do it; "ddim@1" is DDIM with eta 1."""
    scheduler = make(sampler, schedule, prediction, zero)
    scheduler.set_timesteps(steps)
    if sampler == "euler-a" and schedule.startswith("karras"):
        tables = make("euler", schedule, prediction, zero)
        tables.set_timesteps(steps)
        scheduler.timesteps, scheduler.sigmas = tables.timesteps, tables.sigmas
    generators = [torch.Generator("cpu").manual_seed(SEED + i) for i in range(images)]
    latents = randn_tensor((images, 4, 2, 2), generator=generators) * scheduler.init_noise_sigma
    rows = [[float(scheduler.init_noise_sigma), 0, *latents.flatten().tolist()]]
    extra = {}
    if sampler == "euler-a":
        extra = dict(generator=generators)
    elif sampler.startswith("ddim"):
        extra = dict(generator=generators, eta=float(sampler.partition("@")[2] or 0))
    assert len(scheduler.timesteps) == steps
    for i, time in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(latents, time)
        latents = scheduler.step(model(scaled, time), time, latents, **extra).prev_sample
        level = scheduler.alphas_cumprod[time] if sampler.startswith("ddim") else scheduler.sigmas[i]
        rows.append([float(time), float(level), *latents.flatten().tolist()])
    result = np.array(rows, dtype=np.float32)
    assert np.isfinite(result).all(), (sampler, schedule, prediction, steps)
    return result


def runs():
    result = {}
    plain = list(SPACINGS)
    karras = ["karras", "karras-trailing", "karras-linspace"]

    def add(sampler, schedule, prediction, zero, steps, images=1):
        kind = ("zero-" if zero else "") + {"epsilon": "epsilon", "v_prediction": "v"}[prediction]
        name = f"{sampler}.{schedule}.{kind}.{steps}"
        result[name] = run(sampler, schedule, prediction, zero, steps, images)

    for sampler, schedules in [
        ("ddim", plain),
        ("euler", plain + karras),
        ("euler-a", plain + karras[:1]),
        ("dpmpp-2m", plain + karras),
    ]:
        for schedule in schedules:
            for steps in (4, 10, 20):
                for prediction in ("epsilon", "v_prediction"):
                    # Two images now and then: each has noise of its own.
                    add(sampler, schedule, prediction, False, steps, 2 if steps == 10 and schedule == "normal" else 1)
        for steps in (1, 4, 20):
            add(sampler, "trailing", "v_prediction", True, steps)
        if sampler in ("euler", "dpmpp-2m"):
            add(sampler, "karras-trailing", "v_prediction", True, 10)
    for prediction in ("epsilon", "v_prediction"):
        add("ddim@1", "normal", prediction, False, 10, 2)
        add("ddim@0.5", "trailing", prediction, False, 4)
    add("dpmpp-2m", "normal", "epsilon", False, 1)
    # A thousand is no multiple of these.
    for sampler in ("ddim", "euler", "dpmpp-2m"):
        add(sampler, "trailing", "epsilon", False, 7)
        add(sampler, "normal", "epsilon", False, 7)
    return result


def alpha_bars(zero):
    """In doubles, from the definition."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    roots = np.sqrt(np.cumprod(1 - betas))
    if zero:
        roots = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
    return roots**2


def time_sums(sampler, schedule, counts):
    """`Σ i · tᵢ`, i from 1, for each number of steps; NaN where diffusers makes a step too many."""
    sums = []
    for steps in counts:
        scheduler = make(sampler, schedule, "epsilon", False)
        scheduler.set_timesteps(steps)
        times = scheduler.timesteps.double().numpy()
        sums.append((np.arange(1, steps + 1) * times).sum() if len(times) == steps else np.nan)
    return np.array(sums)


def tables():
    result = {}
    for zero in (False, True):
        kind = "zero" if zero else "plain"
        result[f"alpha-bars.{kind}.f64"] = alpha_bars(zero)
        scheduler = make("ddim", "normal", "v_prediction", zero)
        result[f"alpha-bars.{kind}.f32"] = scheduler.alphas_cumprod.numpy()
    linear = DDIMScheduler(**dict(STABLE, beta_schedule="linear"), **DDIM)
    result["alpha-bars.linear.f32"] = linear.alphas_cumprod.numpy()

    # All numbers of steps where rounding is delicate, the first of them elsewhere.
    result["times.ddim.trailing"] = time_sums("ddim", "trailing", range(1, 1001))
    for sampler in ("ddim", "euler", "dpmpp-2m"):
        for schedule in ("normal", "linspace"):
            result[f"times.{sampler}.{schedule}"] = time_sums(sampler, schedule, range(1, 151))
    result["times.dpmpp-2m.karras"] = time_sums("dpmpp-2m", "karras", range(1, 101))

    for seed in (0, 1, 42, 2**32 + 5, 2**64 - 1):
        noise = torch.randn((1, 4, 3, 5), generator=torch.Generator("cpu").manual_seed(seed))
        result[f"noise.{seed}"] = noise.numpy()

    torch.manual_seed(1)
    conditional, unconditional = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3)
    result["guidance.conditional"] = conditional.numpy()
    result["guidance.unconditional"] = unconditional.numpy()
    guided = unconditional + 7.5 * (conditional - unconditional)
    for phi in (0.0, 0.7, 1.0):
        result[f"guidance.{phi}"] = rescale_noise_cfg(guided, conditional, phi).numpy()

    times = torch.tensor([0, 250, 999])
    clean, noise = torch.randn(3, 4, 2, 2), torch.randn(3, 4, 2, 2)
    result |= {"forward.clean": clean.numpy(), "forward.noise": noise.numpy()}
    for zero in (False, True):
        kind = "zero" if zero else "plain"
        scheduler = DDPMScheduler(**STABLE, rescale_betas_zero_snr=zero)
        result[f"forward.noisy.{kind}"] = scheduler.add_noise(clean, noise, times).numpy()
        result[f"forward.velocity.{kind}"] = scheduler.get_velocity(clean, noise, times).numpy()
    return result


torch.set_num_threads(1)
write(FOLDER / "runs.safetensors", runs())
write(FOLDER / "tables.safetensors", tables())
