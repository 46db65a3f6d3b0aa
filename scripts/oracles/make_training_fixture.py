"""Writes Tests/Fixtures/training/: what reference optimisers, schedules and losses make of given numbers.

optimisers.safetensors: `initial.<i>`, `gradient.<i>` ([steps, ...]), `rate` ([steps]), and for each case
`<case>.<i>.<step>`, the parameters after chosen steps (`<case>.eval.<i>` in evaluation mode of schedule-free AdamW,
`prodigy*.d` ([steps]) the estimates). Parameters 0 to 2 are the first group, the others the second. Parameter 3 has no
gradient in step 5.
schedules.json, tools.safetensors, losses.safetensors, noise.safetensors: see the functions below.

Run: python make_training_fixture.py. Needs Python 3.11 and requirements-models.txt; a CPU.
"""

import math
from functools import partial

import numpy as np
import torch
from diffusers import optimization as diffusers_optimization
from diffusers.training_utils import EMAModel
from lion_pytorch import Lion
from prodigyopt import Prodigy
from schedulefree import AdamWScheduleFree
from transformers import optimization as transformers_optimization
from transformers.optimization import Adafactor

from container import FIXTURES, write, write_json

FOLDER = FIXTURES / "training"
STEPS = 30
KEPT = [1, 2, 5, 10, 20, 30]
SHAPES = [(4, 6), (5, 1), (3,), (2, 3, 3, 3), (8, 4)]

torch.set_num_threads(1)


def problem():
    """Gradients with a direction of their own and noise, of very different sizes; one parameter starts at zero."""
    draw = torch.Generator().manual_seed(11)
    initial = [torch.randn(s, generator=draw) * 0.5 for s in SHAPES]
    initial[4].zero_()
    gradients = []
    for i, shape in enumerate(SHAPES):
        drift = torch.randn(shape, generator=draw)
        noise = torch.randn((STEPS, *shape), generator=draw)
        gradients.append((drift + 0.5 * noise) * 10.0 ** (1 - i))
    rates = [min(1, (k + 1) / 6) * (0.6 + 0.4 * math.cos(k / 5)) for k in range(STEPS)]
    rates = torch.tensor(rates, dtype=torch.float64)
    return initial, gradients, rates


def train(name, make, out, base, *, ratio=0.5, decay=(0.0, 0.0), scheduled=True, watch=None):
    initial, gradients, rates = problem()
    parameters = [torch.nn.Parameter(p.clone()) for p in initial]
    factors = (1.0, ratio)
    groups = []
    for part, factor, weight in zip((parameters[:3], parameters[3:]), factors, decay):
        group = dict(params=part, weight_decay=weight)
        if base is not None:
            group["lr"] = base * factor
        groups.append(group)
    optimiser = make(groups)
    modes = hasattr(optimiser, "train")
    if modes:
        optimiser.train()
    watched = []
    for k in range(STEPS):
        for i, p in enumerate(parameters):
            p.grad = None if (i, k) == (3, 4) else gradients[i][k].clone()
        if base is not None:
            for group, factor in zip(optimiser.param_groups, factors):
                group["lr"] = base * factor * (rates[k].item() if scheduled else 1)
        optimiser.step()
        if watch:
            watched.append(optimiser.param_groups[0][watch])
        if k + 1 in KEPT:
            for i, p in enumerate(parameters):
                out[f"{name}.{i}.{k + 1}"] = p.detach().numpy().copy()
        if modes and k + 1 in (10, STEPS):
            # There and back again: later steps show that nothing is lost.
            optimiser.eval()
            for i, p in enumerate(parameters):
                out[f"{name}.eval.{i}.{k + 1}"] = p.detach().numpy().copy()
            optimiser.train()
    if watch:
        out[f"{name}.{watch}"] = np.array(watched, dtype=np.float64)


def optimisers():
    initial, gradients, rates = problem()
    out = {"rate": rates.numpy()}
    for i, (p, g) in enumerate(zip(initial, gradients)):
        out[f"initial.{i}"], out[f"gradient.{i}"] = p.numpy(), g.numpy()
    train("adamw", torch.optim.AdamW, out, 1e-2, decay=(0.01, 0.1))
    train("adamw-betas", lambda g: torch.optim.AdamW(g, betas=(0.4, 0.95), eps=1e-3), out, 1e-2)
    train("lion", Lion, out, 1e-3, decay=(0.01, 0.1))
    train("prodigy", Prodigy, out, 1.0, ratio=1, watch="d", scheduled=False)
    options = dict(safeguard_warmup=True, use_bias_correction=True, d_coef=2.0, growth_rate=1.5)
    warm = partial(Prodigy, betas=(0.9, 0.99), d0=1e-4, **options)
    train("prodigy-warmup", warm, out, 1.0, ratio=1, decay=(0.01, 0.1), watch="d")
    coupled = partial(Prodigy, decouple=False, beta3=0.9, growth_rate=1.3, d0=1e-4)
    train("prodigy-coupled", coupled, out, 1.0, ratio=1, decay=(0.01, 0.01), watch="d")
    train("adafactor", Adafactor, out, None)
    train("adafactor-warmup", lambda g: Adafactor(g, warmup_init=True), out, None, decay=(0.01, 0.1))
    fixed = dict(relative_step=False, scale_parameter=False)
    train("adafactor-fixed", lambda g: Adafactor(g, beta1=0.9, **fixed), out, 1e-3, decay=(0.01, 0.1))
    train("adafactor-scaled", lambda g: Adafactor(g, relative_step=False), out, 1e-2)
    train("schedulefree", AdamWScheduleFree, out, 1e-2)
    warm = partial(AdamWScheduleFree, warmup_steps=5, r=0.5, betas=(0.95, 0.99))
    train("schedulefree-warmup", warm, out, 1e-2, decay=(0.01, 0.1), scheduled=False)
    write(FOLDER / "optimisers.safetensors", out)


def tools():
    """Clipping (`clip.<limit>.<i>`, norms in `clip.norm`) and the moving average (`ema.<case>.<i>.<step>`)."""
    initial, gradients, _ = problem()
    out = {}
    norms = []
    for limit in (1.0, 1e6):
        parameters = [torch.nn.Parameter(p.clone()) for p in initial]
        for p, g in zip(parameters, gradients):
            p.grad = g[0].clone()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, limit).item())
        for i, p in enumerate(parameters):
            out[f"clip.{limit:g}.{i}"] = p.grad.numpy()
    out["clip.norm"] = np.array(norms)
    for name, options in {
        "plain": dict(decay=0.9),
        "power": dict(decay=0.8, use_ema_warmup=True, inv_gamma=1.0, power=2 / 3, update_after_step=2),
    }.items():
        parameters = [torch.nn.Parameter(p.clone()) for p in initial]
        average = EMAModel(parameters, **options)
        for k in range(20):
            for p, g in zip(parameters, gradients):
                p.data.add_(g[k], alpha=-0.01)
            average.step(parameters)
            if k + 1 in (1, 3, 20):
                for i, p in enumerate(average.shadow_params):
                    out[f"ema.{name}.{i}.{k + 1}"] = p.numpy().copy()
    write(FOLDER / "tools.safetensors", out)


def schedules():
    """The factor at each step, also after the end; 120 steps, a rate of 1, as many warm-up steps as named."""
    steps, out = 120, {}

    def add(name, warmup, make):
        optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = make(optimiser, warmup)
        values = []
        for _ in range(steps + 6 if name != "one-cycle" else steps):
            values.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            scheduler.step()
        out[f"{name}.{warmup}"] = values

    def library(get, name, **specific):
        return lambda o, w: get(name, o, num_warmup_steps=w, num_training_steps=steps, **specific)

    diffusers, transformers = diffusers_optimization.get_scheduler, transformers_optimization.get_scheduler
    for w in (0, 10):
        add("constant", w, library(diffusers, "constant_with_warmup" if w else "constant"))
        add("linear", w, library(diffusers, "linear"))
        add("cosine", w, library(diffusers, "cosine"))
        add("cosine-cycles", w, lambda o, w: transformers_optimization.get_cosine_schedule_with_warmup(
            o, w, steps, num_cycles=1.25))
        add("restarts", w, library(diffusers, "cosine_with_restarts", num_cycles=3))
        add("polynomial", w, library(diffusers, "polynomial", power=2.0))
        add("inverse", w, library(transformers, "inverse_sqrt"))
        add("inverse-scale", w, library(transformers, "inverse_sqrt", scheduler_specific_kwargs={"timescale": 40}))
        add("minimum", w, library(transformers, "cosine_with_min_lr", scheduler_specific_kwargs={"min_lr_rate": 0.1}))
        # The least rate is also the warm-up's first, which Troupe has not: only without a warm-up.
        decay = int((steps - w) * 0.25)
        specific = {"num_stable_steps": steps - w - decay, "num_decay_steps": decay, "min_lr_ratio": 0 if w else 0.05}
        add("stable", w, partial(transformers_optimization.get_wsd_schedule, **specific))
    cycle = partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=steps, cycle_momentum=False)
    add("one-cycle", 0, lambda o, w: cycle(o))

    # The paper's formula; no library has it in this form.
    z = np.clip(np.arange(steps) / steps, 0, 1)
    out["rex.0"] = list((1 - z) / (0.5 + 0.5 * (1 - z)))
    out["rex-deep.0"] = list(0.1 + 0.9 * (1 - z) / (0.1 + 0.9 * (1 - z)))
    write_json(FOLDER / "schedules.json", out)


def losses():
    """`<case>` (per sample), `<case>.gradient.<input>` of the sum weighted by `seed`; inputs under their names."""
    draw = torch.Generator().manual_seed(23)

    def normal(*shape):
        return torch.randn(shape, generator=draw)

    times = torch.tensor([0, 250, 500, 999])
    inputs = {
        "prediction": normal(4, 4, 6, 5), "other": normal(4, 4, 6, 5), "target": normal(4, 4, 6, 5),
        "base": normal(4, 4, 6, 5), "mask": torch.rand(4, 1, 12, 10, generator=draw),
        "key0": normal(4, 7, 6), "value0": normal(4, 7, 6), "key1": normal(4, 7, 3), "value1": normal(4, 7, 3),
        "maps": normal(4, 2, 30, 7).softmax(-1),
        "up0": normal(6, 2), "down0": normal(2, 5), "up1": normal(6, 3), "down1": normal(3, 5),
        "up2": normal(6, 2), "down2": normal(2, 5),
    }
    inputs["mask"][2] = 0
    inputs["trigger"] = torch.tensor([[0, 1, 1, 0, 0, 0, 0], [0] * 7, [1] * 7, [1, 1, 1, 1, 1, 1, 0]]).float()
    seed = torch.tensor([1.0, -0.5, 2.0, 0.25])
    out = {"seed": seed, **inputs}
    bars = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0)[times]
    snr, sigma = bars / (1 - bars), ((1 - bars) / bars).sqrt()

    def add(name, leaves, compute):
        given = {k: (v.clone().requires_grad_() if k in leaves else v) for k, v in inputs.items()}
        value = compute(given)
        (value * seed if value.ndim else value).sum().backward()
        out[name] = value.detach()
        for leaf in leaves:
            out[f"{name}.gradient.{leaf}"] = given[leaf].grad

    def mean(x):
        return x.flatten(1).mean(1)

    def simple(name, compute):
        add(name, ["prediction"], lambda x: mean(compute(x["prediction"], x["target"])))

    functional = torch.nn.functional
    simple("mse", lambda p, t: functional.mse_loss(p, t, reduction="none"))
    simple("l1", lambda p, t: functional.l1_loss(p, t, reduction="none"))
    h, scale = 0.1, 1.5
    courses = {
        "snr": ((1 - h) / (1 + sigma) ** 2 + h) * scale,
        "exponential": torch.exp(math.log(h) * times.double() / 1000) * scale,
        "constant": torch.full((4,), h * scale),
    }
    for course, c in courses.items():
        c = c.float().view(-1, 1, 1, 1)
        out[f"threshold.{course}"] = c.flatten()
        simple(f"huber.{course}", lambda p, t: 2 * c * (torch.sqrt((p - t) ** 2 + c**2) - c))
        simple(f"smooth.{course}", lambda p, t: 2 * (torch.sqrt((p - t) ** 2 + c**2) - c))
    capped, gamma = snr.clamp(max=1000), torch.minimum(snr, torch.tensor(5.0))
    weights = {
        "minimum.noise": gamma / snr, "minimum.velocity": gamma / (snr + 1), "minimum.diffusers": gamma / snr + 1,
        "debiased.noise": 1 / capped.sqrt(), "debiased.velocity": 1 / (capped + 1),
        "debiased.onetrainer": 1 / (capped + 1).sqrt(), "scale.velocity": capped / (capped + 1),
        "like.noise": 1 + 0.1 / (capped / (capped + 1)),
    }
    for name, weight in weights.items():
        simple(f"weight.{name}", lambda p, t: (p - t) ** 2 * weight.float().view(-1, 1, 1, 1))

    def area(x):
        return functional.interpolate(x["mask"], (6, 5), mode="area")

    def masked(x, keep, normalise):
        m = area(x).clamp(min=keep)
        loss = (x["prediction"] - x["target"]) ** 2 * m
        return mean(loss / m.mean((1, 2, 3), keepdim=True).clamp(min=1e-12) if normalise else loss)

    def prior(x):
        m = 1 - area(x).clamp(min=0.2)
        return mean((x["prediction"] - x["base"]) ** 2 * m / m.mean((1, 2, 3), keepdim=True))

    add("masked.plain", ["prediction"], lambda x: masked(x, 0, False))
    add("masked.area", ["prediction"], lambda x: masked(x, 0, True))
    add("masked.kept", ["prediction"], lambda x: masked(x, 0.2, True))
    add("masked.prior", ["prediction"], prior)
    add("base-prediction", ["prediction"], lambda x: mean((x["prediction"] - x["base"]) ** 2))

    def swap(x):
        a, b, f = (x[k].flatten(1) for k in ("prediction", "other", "base"))
        return (0.7 - (a - b).norm(dim=1) / ((a - f).norm(dim=1) + (b - f).norm(dim=1))).clamp(min=0)

    add("swap", ["prediction", "other"], swap)

    def focus(x):
        total = 0
        for name in ("key0", "value0", "key1", "value1"):
            rows = []
            for change, trigger in zip(x[name], x["trigger"]):
                others = change[trigger == 0]
                rows.append(others.abs().mean() if len(others) else change.sum() * 0)
            total = total + torch.stack(rows) / 2
        return total

    add("focus", ["key0", "value0", "key1", "value1"], focus)

    def attention(x):
        rows = []
        for i, (maps, trigger, mask) in enumerate(zip(x["maps"], x["trigger"], area(x).flatten(1))):
            if i == 3 or trigger.sum() == 0:  # Sample 3 stands for a picture without a mask.
                rows.append(maps.sum() * 0)
                continue
            a = maps.mean(0)[:, trigger == 1].mean(1)
            rows.append(((a / a.max() - mask) ** 2).mean())
        return torch.stack(rows)

    add("attention", ["maps"], attention)
    factors = [f"{kind}{i}" for i in range(3) for kind in ("up", "down")]
    pairs = [(0, 1), (0, 2), (1, 2)]
    scales = (0.5, 1.0, 2.0)

    def changes(x, i):
        return scales[i] * x[f"up{i}"] @ x[f"down{i}"]

    downs = [f for f in factors if f.startswith("d")]
    ups = [f for f in factors if f.startswith("u")]
    add("inputs", downs, lambda x: sum(((x[f"down{i}"] @ x[f"down{j}"].T) ** 2).sum() for i, j in pairs))
    add("outputs", ups, lambda x: sum(((x[f"up{i}"].T @ x[f"up{j}"]) ** 2).sum() for i, j in pairs))
    add("changes", factors, lambda x: sum((changes(x, i) * changes(x, j)).sum() ** 2 for i, j in pairs))
    write(FOLDER / "losses.safetensors", {k: v.numpy() for k, v in out.items()})


def noise():
    """What sd-scripts' formulas make of torch's streams: seeds 40 and 41, one a sample, in the documented order."""
    latents = torch.randn((2, 4, 24, 16), generator=torch.Generator().manual_seed(3)) + 0.5
    out = {"latents": latents}

    def draw(generator, latent, offset=None, adaptive=0, random=False, levels=0, discount=0.3, gamma=None):
        c, h, w = latent.shape
        noise = torch.randn((1, c, h, w), generator=generator)
        if offset is not None:
            strength = offset * (torch.rand(1, generator=generator) if random else 1)
            strength = strength + adaptive * latent.mean((1, 2), keepdim=True)[None].abs()
            strength = strength.clamp(min=0) if adaptive else strength
            noise = noise + strength * torch.randn((1, c, 1, 1), generator=generator)
        for i in range(levels):
            r = torch.rand(1, generator=generator).item() * 2 + 2
            size = (max(1, int(h / r**i)), max(1, int(w / r**i)))
            coarse = torch.randn((1, c, *size), generator=generator)
            noise = noise + torch.nn.functional.interpolate(coarse, (h, w), mode="bilinear") * discount**i
            if 1 in size:
                break
        if levels:
            noise = noise / noise.std()
        mixed = noise
        if gamma is not None:
            strength = gamma * (torch.rand(1, generator=generator) if random else 1)
            mixed = noise + strength * torch.randn((1, c, h, w), generator=generator)
        return noise, mixed

    for name, options in {
        "plain": {}, "offset": dict(offset=0.1), "adaptive": dict(offset=-0.05, adaptive=0.2),
        "pyramid": dict(levels=6, discount=0.4), "perturbation": dict(gamma=0.1),
        "all": dict(offset=0.1, random=True, levels=3, gamma=0.2),
    }.items():
        drawn = [draw(torch.Generator().manual_seed(40 + i), x, **options) for i, x in enumerate(latents)]
        # Few numbers tell.
        out[name] = torch.cat([d[0] for d in drawn])[:, :, ::3, ::3]
        out[f"{name}.input"] = torch.cat([d[1] for d in drawn])[:, :, ::3, ::3]
    uniform, logit = [], []
    for seed in range(40, 60):
        uniform.append(torch.randint(100, 900, (1,), generator=torch.Generator().manual_seed(seed)).item())
        u = torch.sigmoid(0.5 + 1.5 * torch.randn(1, generator=torch.Generator().manual_seed(seed)).double()).item()
        logit.append(100 + min(799, int(u * 800)))
    out["times.uniform"], out["times.logit"] = torch.tensor(uniform).float(), torch.tensor(logit).float()
    write(FOLDER / "noise.safetensors", {k: v.contiguous().numpy() for k, v in out.items()})


if __name__ == "__main__":
    optimisers()
    losses()
    noise()
    tools()
    schedules()
