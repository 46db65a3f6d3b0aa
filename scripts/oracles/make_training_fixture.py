"""Writes Tests/Fixtures/training/: what reference optimisers, schedules and losses make of given numbers.

optimisers.safetensors: `initial.<i>`, `gradient.<i>` ([steps, ...]), `rate` ([steps]), and for each case
`<case>.<i>.<step>`, the parameters after chosen steps (`<case>.eval.<i>` in evaluation mode of schedule-free AdamW,
`prodigy*.d` ([steps]) the estimates). Parameters 0 to 2 are the first group, the others the second. Parameter 3 has no
gradient in step 5.
schedules.json, tools.safetensors, losses.safetensors: see the functions below.

Run: python make_training_fixture.py. Needs Python 3.11 and requirements-models.txt; a CPU.
"""

import math

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
    rates = torch.tensor([min(1, (k + 1) / 6) * (0.6 + 0.4 * math.cos(k / 5)) for k in range(STEPS)], dtype=torch.float64)
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
    options = dict(safeguard_warmup=True, use_bias_correction=True, d_coef=2.0, growth_rate=1.5, betas=(0.9, 0.99), d0=1e-4)
    train("prodigy-warmup", lambda g: Prodigy(g, **options), out, 1.0, ratio=1, decay=(0.01, 0.1), watch="d")
    train("prodigy-coupled", lambda g: Prodigy(g, decouple=False, beta3=0.9, growth_rate=1.3, d0=1e-4), out, 1.0, ratio=1, decay=(0.01, 0.01), watch="d")
    train("adafactor", Adafactor, out, None)
    train("adafactor-warmup", lambda g: Adafactor(g, warmup_init=True), out, None, decay=(0.01, 0.1))
    fixed = dict(relative_step=False, scale_parameter=False)
    train("adafactor-fixed", lambda g: Adafactor(g, beta1=0.9, **fixed), out, 1e-3, decay=(0.01, 0.1))
    train("adafactor-scaled", lambda g: Adafactor(g, relative_step=False), out, 1e-2)
    train("schedulefree", AdamWScheduleFree, out, 1e-2)
    options = dict(warmup_steps=5, r=0.5, betas=(0.95, 0.99))
    train("schedulefree-warmup", lambda g: AdamWScheduleFree(g, **options), out, 1e-2, decay=(0.01, 0.1), scheduled=False)
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
    """The factor at each step, also after the end of the run; 120 steps, a rate of 1, as many warm-up steps as named."""
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
        kept = {"num_decay_steps": int((steps - w) * 0.25), "min_lr_ratio": 0.05}
        add("stable", w, lambda o, w: transformers_optimization.get_wsd_schedule(
            o, w, num_stable_steps=steps - w - kept["num_decay_steps"], **kept) if w == 0 else
            transformers_optimization.get_wsd_schedule(
            o, w, num_stable_steps=steps - w - kept["num_decay_steps"], num_decay_steps=kept["num_decay_steps"]))
    add("one-cycle", 0, lambda o, w: torch.optim.lr_scheduler.OneCycleLR(o, 1.0, total_steps=steps, cycle_momentum=False))

    # The paper's formula; no library has it in this form.
    z = np.clip(np.arange(steps) / steps, 0, 1)
    out["rex.0"] = list((1 - z) / (0.5 + 0.5 * (1 - z)))
    out["rex-deep.0"] = list(0.1 + 0.9 * (1 - z) / (0.1 + 0.9 * (1 - z)))
    write_json(FOLDER / "schedules.json", out)


if __name__ == "__main__":
    optimisers()
    tools()
    schedules()
