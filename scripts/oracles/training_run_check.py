"""A second implementation of the training runs of make_training_run_fixture.py; writes nothing itself.

It reads a fixture and replays it in F64: whole batches at once, without PEFT (each layer's weight is W + alpha/rank ·
up · down), AdamW, clipping and rates from their formulas. That both agree shows that the fixture says all that a replay
needs, and how much of a replay's difference may come from rounding.

Needs: requirements-models.txt.
"""

import json
import math

import torch
from safetensors.torch import load_file
from torch.func import functional_call

# F32 against F64 over 20 steps: a tenth and less of what replays are allowed, 1e-4.
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 5e-6, 1e-5


class Replay:
    def __init__(self, folder, name, networks):
        self.case = json.loads((folder / f"{name}.json").read_text())
        self.tensors = {k: v.double() for k, v in load_file(folder / f"{name}.safetensors").items()}
        self.networks = {part: network.double().eval() for part, network in networks.items()}
        self.weights = {part: dict(network.named_parameters()) for part, network in self.networks.items()}
        self.factors = {k: v[0].clone().requires_grad_() for k, v in self.tensors.items() if ".lora_" in k}
        self.moments = {k: [0.0, 0.0, 0] for k in self.factors}
        roots = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64)
        self.signal = torch.cumprod(1 - roots**2, 0).sqrt()
        if self.case["zero_terminal_snr"]:
            self.signal = (self.signal - self.signal[-1]) / (1 - self.signal[-1] / self.signal[0])

    def changed(self, part, lora):
        """The network's parameters with a LoRA added; the plain ones without."""
        made = dict(self.weights[part])
        if lora is None:
            return made
        prefix = f"{lora}." if self.case["loras"] > 1 else ""
        for name, module in self.case["modules"].items():
            if module["network"] != part:
                continue
            down = self.factors[f"{prefix}{name}.lora_down.weight"]
            up = self.factors[f"{prefix}{name}.lora_up.weight"]
            key = module["path"] + ".weight"
            delta = (up.flatten(1) @ down.flatten(1)).reshape(made[key].shape)
            made[key] = made[key] + module["alpha"] / module["rank"] * delta
        return made

    def call(self, part, lora, *arguments, **options):
        return functional_call(self.networks[part], self.changed(part, lora), arguments, options)

    def predict(self, lora, noisy, samples, captions):
        captions = [self.case["captions"][c] for c in captions]
        count = len(samples)
        ids = torch.tensor([c["ids"] for c in captions]).flatten(0, 1)
        first = self.call("text_encoder", lora, ids, output_hidden_states=True)
        context, added = first.last_hidden_state, None
        if self.case["family"] == "sdxl":
            ids = torch.tensor([c["ids_2"] for c in captions]).flatten(0, 1)
            second = self.call("text_encoder_2", lora, ids, output_hidden_states=True)
            context = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], 2)
            pooled = second.text_embeds.unflatten(0, (count, -1))[:, 0]
            sizes = torch.tensor([s["size"] for s in samples], dtype=torch.float64)
            added = {"text_embeds": pooled, "time_ids": sizes}
        context = context.unflatten(0, (count, -1)).flatten(1, 2)
        times = torch.tensor([s["time"] for s in samples])
        return self.call("unet", lora, noisy, times, context, added_cond_kwargs=added).sample

    def base_distance(self, lora, noisy, samples, captions):
        with torch.no_grad():
            base = self.predict(None, noisy, samples, captions)
        return ((self.predict(lora, noisy, samples, captions) - base) ** 2).mean((1, 2, 3))

    def target_losses(self, lora, noisy, target, samples):
        distance = self.predict(lora, noisy, samples, [s["caption"] for s in samples]) - target
        elements = distance**2
        signal = self.signal[[s["time"] for s in samples]].view(-1, 1, 1, 1)
        ratio = (signal**2 / (1 - signal**2)).flatten()
        if self.case["element_loss"] == "huber":
            least = self.case["huber_c"]
            c = ((1 - least) * (1 + ratio**-0.5) ** -2 + least).view(-1, 1, 1, 1) * self.case["huber_scale"]
            elements = 2 * c * ((distance**2 + c**2).sqrt() - c)
        for i, sample in enumerate(samples):
            if sample.get("mask") is not None:
                mask = self.tensors[f"mask.{sample['mask']}"]
                share = (elements[i] * mask).sum() / (4 * mask.sum())
                elements = torch.cat([elements[:i], share.expand_as(elements[i])[None], elements[i + 1:]])
        losses = elements.mean((1, 2, 3))
        gamma = self.case["min_snr_gamma"]
        if gamma is not None:
            over = ratio + 1 if self.case["prediction"] == "velocity" else ratio
            losses = losses * ratio.clamp(max=gamma) / over
        return losses

    def batch(self, samples, losses, offset):
        """Adds the losses of samples of one LoRA to the step's."""
        lora = samples[0].get("lora", 0)
        clean = torch.stack([self.tensors[f"latent.{s['latent']}"] for s in samples])
        shape = clean[:1].shape
        noise = torch.cat([torch.randn(shape, generator=torch.Generator().manual_seed(s["seed"])) for s in samples])
        noise = noise.double()
        signal = self.signal[[s["time"] for s in samples]].view(-1, 1, 1, 1)
        spread = (1 - signal**2).sqrt()
        noisy = signal * clean + spread * noise
        target = signal * noise - spread * clean if self.case["prediction"] == "velocity" else noise

        def add(term, chosen, values):
            for i, value in zip(chosen, values):
                losses.setdefault(term, {})[offset[i]] = value

        everyone = range(len(samples))
        plain = [i for i in everyone if samples[i]["target"] == "noise"]
        held = [i for i in everyone if samples[i]["target"] == "base"]
        known = [i for i in everyone if samples[i]["character"] is not None]

        def pick(chosen, key="caption"):
            return noisy[chosen], [samples[i] for i in chosen], [samples[i][key] for i in chosen]

        if plain:
            add("target", plain, self.target_losses(lora, noisy[plain], target[plain], [samples[i] for i in plain]))
        if held:
            add("base", held, self.base_distance(lora, *pick(held)))
        if known and self.case["output_preservation"]:
            add("preservation", known, self.base_distance(lora, *pick(known, "class_caption")))
        if known and self.case["cross_prior"]:
            add("cross-prior", known, self.base_distance(1 - lora, *pick(known)))

    def step(self, step):
        """The losses of all samples and the step's own."""
        losses, count, total = {}, 0, 0
        weights = [s["weight"] for batch in step["batches"] for s in batch]
        for batch in step["batches"]:
            for lora in range(self.case["loras"]):
                chosen = [i for i, s in enumerate(batch) if s.get("lora", 0) == lora]
                if chosen:
                    self.batch([batch[i] for i in chosen], losses, [count + i for i in chosen])
            count += len(batch)
        scale = {"preservation": self.case["output_preservation"], "cross-prior": self.case["cross_prior"]}
        for term, values in losses.items():
            total = total + scale.get(term, 1) * sum(weights[i] * v for i, v in values.items()) / count
        return losses, total

    def update(self, k, gradients):
        """AdamW after clipping; factors without a gradient stay."""
        case = self.case
        norm = sum((g**2).sum() for g in gradients.values() if g is not None).sqrt().item()
        clip = min(1, case["max_grad_norm"] / (norm + 1e-6))
        warmup, rate = case["warmup_steps"], 1.0
        if k < warmup:
            rate = k / warmup
        elif case["schedule"] == "cosine":
            rate = 0.5 * (1 + math.cos(math.pi * (k - warmup) / (case["run_steps"] - warmup)))
        b1, b2 = case["betas"]
        with torch.no_grad():
            for name, gradient in gradients.items():
                if gradient is None:
                    continue
                module = name.rsplit(".lora_", 1)[0].split(".")[-1]
                lr = case["rates"][case["modules"][module]["network"]] * rate
                m, v, n = self.moments[name]
                m, v, n = b1 * m + (1 - b1) * clip * gradient, b2 * v + (1 - b2) * (clip * gradient) ** 2, n + 1
                self.moments[name] = [m, v, n]
                p = self.factors[name]
                p -= lr * case["weight_decay"] * p
                p -= lr * (m / (1 - b1**n)) / ((v / (1 - b2**n)).sqrt() + case["epsilon"])
        return norm

    def objective(self):
        """The loss over all samples of the run with the present factors."""
        with torch.no_grad():
            return sum(self.step(step)[1] for step in self.case["steps"]).item() / len(self.case["steps"])


def check(folder, name, networks):
    replay = Replay(folder, name, networks)
    first = replay.objective()
    worst = {"loss": 0.0, "gradient norm": 0.0}
    for k, step in enumerate(replay.case["steps"]):
        losses, total = replay.step(step)
        gradients = torch.autograd.grad(total, list(replay.factors.values()), allow_unused=True)
        norm = replay.update(k, dict(zip(replay.factors, gradients)))
        differences = [abs(total.item() - step["loss"])]
        assert set(losses) == set(step["losses"])
        for term, values in losses.items():
            stored = {i: v for i, v in enumerate(step["losses"][term]) if v is not None}
            assert set(stored) == set(values)
            differences += [abs(values[i].item() - stored[i]) for i in stored]
        worst["loss"] = max(worst["loss"], *differences)
        worst["gradient norm"] = max(worst["gradient norm"], abs(norm - step["gradient_norm"]))
        if k + 1 in replay.case["kept_steps"]:
            place = replay.case["kept_steps"].index(k + 1)
            moved = max((replay.tensors[n][place] - replay.tensors[n][0]).abs().max().item() for n in replay.factors)
            key = f"weights after {k + 1} (moved by {moved:.4f})"
            worst[key] = max((replay.tensors[n][place] - p).abs().max().item() for n, p in replay.factors.items())
            assert worst[key] < WEIGHT_TOLERANCE, (name, worst)
    last = replay.objective()
    differences = ", ".join(f"{key} {value:.1e}" for key, value in worst.items())
    print(f"  loss over all samples of the run {first:.4f} → {last:.4f}; F64 differs by: {differences}")
    assert worst["loss"] < LOSS_TOLERANCE and worst["gradient norm"] < LOSS_TOLERANCE, worst
    assert last < first
