"""Writes Tests/Fixtures/training/runs/: small training runs of LoRAs by PyTorch, diffusers, transformers and PEFT.

The models are those of Tests/Fixtures/diffusion/pipeline, in F32. A run has 20 steps of AdamW.

<case>.json             the settings under plain names, and
  captions              `text`, `ids` (pieces of 77 tokens) and, for SDXL, `ids_2` of the second tokenizer; each caption
                        has `chunks` pieces, encoded on their own and laid one after another
  modules               kohya's name of each trained layer (with diffusers' blocks): its `network` (`unet`,
                        `text_encoder`, `text_encoder_2`), its `path` in it, `rank` and `alpha`
  untouched             the layers that no loss depends on: without a gradient AdamW leaves them alone
  time_factors          min-SNR's factor at each time that occurs, by the schedule that the model has (with zero
                        terminal SNR where that is on)
  thresholds            Huber's at each time that occurs
  steps                 of each step
    batches             lists of samples: `latent` (its number), `caption`, `time`, `seed` of the noise (a generator of
                        its own, [1, 4, height, width]), `weight`, `character` (null: regularisation), `target`
                        (`noise`, which for velocity models stands for the velocity, or `base`: what the model predicts
                        without LoRA); where they matter `class_caption` (output preservation), `mask` (null: all
                        counts), `lora` (which one learns), `size` (SDXL's six numbers: original height and width, crop
                        from the top and the left, target height and width)
    rates               of each network
    loss, terms         the sum, and each term as it counts: λ Σ weight · loss / n, with n samples in all batches
    losses              of each term for each sample, batch after batch: with masks and time factors, without weights;
                        null where a sample does not have the term
    gradient_norm       before clipping, all factors together
<case>.safetensors
  latent.<i>, mask.<i>  [4, height, width] and [1, height, width], F32, as the UNet and the loss take them
  <module>.lora_down.weight, <module>.lora_up.weight
                        stacked: [4, …], before the first step and after 1, 5 and 20 (`kept_steps`); with two LoRAs
                        `0.` or `1.` stands before the name

Terms are named as in Troupe: `target`; `base` (regularisation held to the base prediction); `preservation` (character
samples under `class_caption`, held to the base prediction under it); `cross-prior` (with two LoRAs, the other one under
a sample's own caption, held to the base prediction). For base predictions text encoders' LoRAs are off too. Huber's loss,
masks and time factors are for `target` alone; the other terms are mean squares.

Checked here: with `up` at zero the prediction is the base's, exactly; layers are those in the classes that sd-scripts
names; the schedule of noise is diffusers'; every run is repeated in F64 without PEFT (training_run_check.py), and both
agree.

Run: python make_training_run_fixture.py. Needs Python 3.11 and requirements-models.txt; a CPU, about a minute.
"""

import json
import os
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.optimization import get_scheduler
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

import training_run_check
from container import FIXTURES, write
from training_run_cases import (
    CAPTIONS, CASES, KEPT, LOCON, SHAPES, SPATIAL, TEXT, TRIGGERS, UNET, settings, steps,
)

FOLDER = FIXTURES / "training" / "runs"
MODELS = FIXTURES / "diffusion" / "pipeline"
PREFIX = {"unet": "lora_unet_", "text_encoder": "lora_te_", "text_encoder_2": "lora_te2_"}

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
# Two adapters in one model are meant.
warnings.filterwarnings("ignore", message="Already found a `peft_config`")


def load(family):
    """The networks, frozen and in F32, and the tokenizers."""
    folder = MODELS / family
    networks = {
        "unet": UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32),
        "text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32),
    }
    tokenizers = [CLIPTokenizer.from_pretrained(folder / "tokenizer")]
    if family == "sdxl":
        second = CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2", dtype=torch.float32)
        networks["text_encoder_2"] = second
        tokenizers.append(CLIPTokenizer.from_pretrained(folder / "tokenizer_2"))
    for network in networks.values():
        network.requires_grad_(False).train()
    return networks, tokenizers


def pieces(tokenizer, text, count):
    """The ids of a caption in `count` pieces of 77: start, up to 75 tokens, end, padding."""
    ids = tokenizer(text, add_special_tokens=False).input_ids
    assert len(ids) <= 75 * count, text
    made = []
    for i in range(count):
        part = ids[75 * i:75 * (i + 1)]
        padding = [tokenizer.pad_token_id] * (75 - len(part))
        made.append([tokenizer.bos_token_id, *part, tokenizer.eos_token_id, *padding])
    if len(ids) <= 75:
        assert made[0] == tokenizer(text, padding="max_length", max_length=77).input_ids
    return made


def captions(case, tokenizers):
    made = []
    for text in CAPTIONS:
        if case["chunks"] == 1 and len(tokenizers[0](text).input_ids) > 77:
            continue  # the last ones, so that numbers stay
        made.append({"text": text, "ids": pieces(tokenizers[0], text, case["chunks"])})
        if len(tokenizers) > 1:
            made[-1]["ids_2"] = pieces(tokenizers[1], text, case["chunks"])
    lengths = [caption["ids"][-1].index(tokenizers[0].eos_token_id) for caption in made]
    assert any(length > 1 for length in lengths) and 1 in lengths
    return made


def alpha_bars(zero_terminal):
    """ᾱ of each time in F64."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    bars = torch.cumprod(1 - betas, 0)
    if zero_terminal:
        roots = bars.sqrt()
        bars = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2
    reference = DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", rescale_betas_zero_snr=zero_terminal)
    torch.testing.assert_close(reference.alphas_cumprod.double(), bars, rtol=1e-5, atol=1e-5)
    return bars


def stem(case, part, path):
    prefix = PREFIX[part]
    if part == "text_encoder" and case["family"] == "sdxl":
        prefix = "lora_te1_"
    path = path if part == "unet" else "text_model." + path.removeprefix("text_model.")
    return prefix + path.replace(".", "_")


def targets(case, part, network):
    """The layers by the classes that hold them, as sd-scripts finds them."""
    holders = {"CLIPAttention", "CLIPMLP"} if part != "unet" else {"Transformer2DModel"}
    if part == "unet" and case["convolutions"]:
        holders |= {"ResnetBlock2D", "Downsample2D", "Upsample2D"}
    found = set()
    for name, module in network.named_modules():
        if type(module).__name__ not in holders:
            continue
        for inner, layer in module.named_modules():
            if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
                found.add(f"{name}.{inner}")
    return found


class Run:
    """A run by PEFT, sample after sample."""

    def __init__(self, case):
        self.case = case
        self.networks, tokenizers = load(case["family"])
        self.captions = captions(case, tokenizers)
        self.bars = alpha_bars(case["zero_terminal_snr"])
        self.tensors = self.inputs()
        self.modules, self.layers = {}, {}
        torch.manual_seed(case["seed"])
        for part, network in self.networks.items():
            if part == "unet" or case["train_text_encoders"]:
                self.adapt(part, network)

    def inputs(self):
        draw = torch.Generator().manual_seed(31)
        tensors = {}
        for i, (height, width) in enumerate(SHAPES):
            tensors[f"latent.{i}"] = torch.randn((4, height, width), generator=draw) * 0.8 + 0.1
            if self.case["masked"]:
                mask = torch.rand((1, height, width), generator=draw)
                mask[:, : 2 + i % 3, 1:6] = 0
                tensors[f"mask.{i}"] = mask
        return tensors

    def adapt(self, part, network):
        case = self.case
        wanted = targets(case, part, network)
        pattern = TEXT if part != "unet" else LOCON if case["convolutions"] else UNET
        options = {}
        if case["convolutions"]:
            options = dict(rank_pattern={SPATIAL: case["conv_rank"]}, alpha_pattern={SPATIAL: case["conv_alpha"]})
        for adapter in range(case["loras"]):
            config = LoraConfig(r=case["rank"], lora_alpha=case["alpha"], target_modules=pattern, **options)
            inject_adapter_in_model(config, network, str(adapter))
        layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, LoraLayer)}
        assert set(layers) == wanted, set(layers) ^ wanted
        for path, layer in layers.items():
            name = stem(case, part, path)
            spatial = getattr(layer.base_layer, "kernel_size", None) == (3, 3)
            rank, alpha = layer.r["0"], layer.lora_alpha["0"]
            assert rank == (case["conv_rank"] if spatial and case["conv_rank"] else case["rank"]), path
            self.modules[name] = {"network": part, "path": path, "rank": rank, "alpha": alpha}
            self.layers[name] = layer
            for adapter in layer.lora_B:
                down, up = layer.lora_A[adapter].weight, layer.lora_B[adapter].weight
                assert down.abs().max() <= down[0].numel() ** -0.5 and not up.any()
                with torch.no_grad():
                    up.normal_(0, case["up_deviation"])

    def factors(self):
        """All trained tensors under the fixture's names, with their networks."""
        found = {}
        for name, layer in self.layers.items():
            for adapter in layer.lora_A:
                place = f"{adapter}.{name}" if self.case["loras"] > 1 else name
                part = self.modules[name]["network"]
                found[f"{place}.lora_down.weight"] = (part, layer.lora_A[adapter].weight)
                found[f"{place}.lora_up.weight"] = (part, layer.lora_B[adapter].weight)
        return found

    def switch(self, lora):
        """Lets one LoRA act and learn in all networks, or none."""
        for layer in self.layers.values():
            layer.enable_adapters(lora is not None)
            if lora is not None:
                layer.set_adapter(str(lora))

    def encoded(self, caption):
        caption = self.captions[caption]
        ids = torch.tensor(caption["ids"])
        if self.case["family"] != "sdxl":
            return self.networks["text_encoder"](ids).last_hidden_state.flatten(0, 1)[None], None
        first = self.networks["text_encoder"](ids, output_hidden_states=True).hidden_states[-2]
        second = self.networks["text_encoder_2"](torch.tensor(caption["ids_2"]), output_hidden_states=True)
        context = torch.cat([first, second.hidden_states[-2]], 2)
        return context.flatten(0, 1)[None], second.text_embeds[:1]

    def predict(self, lora, noisy, sample, caption):
        """The UNet's prediction with one LoRA; with none it is the base's, without a gradient."""
        self.switch(lora)
        with torch.set_grad_enabled(lora is not None and torch.is_grad_enabled()):
            context, pooled = self.encoded(caption)
            added = None
            if pooled is not None:
                added = {"text_embeds": pooled, "time_ids": torch.tensor([sample["size"]], dtype=torch.float32)}
            time = torch.tensor([sample["time"]])
            return self.networks["unet"](noisy, time, context, added_cond_kwargs=added).sample

    def diffused(self, sample):
        """The noisy latents and the target."""
        clean = self.tensors[f"latent.{sample['latent']}"][None]
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(sample["seed"]))
        bar = self.bars[sample["time"]]
        signal, spread = bar.sqrt().float(), (1 - bar).sqrt().float()
        noisy = signal * clean + spread * noise
        velocity = self.case["prediction"] == "velocity"
        return noisy, signal * noise - spread * clean if velocity else noise

    def threshold(self, time):
        sigma = ((1 - self.bars[time]) / self.bars[time]).sqrt().item()
        h = self.case["huber_c"]
        return ((1 - h) / (1 + sigma) ** 2 + h) * self.case["huber_scale"]

    def time_factor(self, time):
        gamma = self.case["min_snr_gamma"]
        if gamma is None:
            return 1.0
        ratio = (self.bars[time] / (1 - self.bars[time])).item()
        if self.case["prediction"] == "velocity":
            return min(ratio, gamma) / (ratio + 1)
        return min(ratio, gamma) / ratio

    def target_loss(self, prediction, target, sample):
        distance = prediction - target
        elements = distance**2
        if self.case["element_loss"] == "huber":
            c = self.threshold(sample["time"])
            elements = 2 * c * (torch.sqrt(distance**2 + c**2) - c)
        if sample.get("mask") is not None:
            mask = self.tensors[f"mask.{sample['mask']}"][None]
            elements = elements * mask / mask.mean()
        return elements.mean() * self.time_factor(sample["time"])

    def sample_losses(self, sample):
        """The terms of a sample, one after another, because the next one may switch to another LoRA."""
        case, lora = self.case, sample.get("lora", 0)
        noisy, target = self.diffused(sample)
        caption = sample["caption"]
        if sample["target"] == "base":
            base = self.predict(None, noisy, sample, caption)
            yield "base", torch.nn.functional.mse_loss(self.predict(lora, noisy, sample, caption), base)
        else:
            yield "target", self.target_loss(self.predict(lora, noisy, sample, caption), target, sample)
        if sample["character"] is None:
            return
        if case["output_preservation"]:
            base = self.predict(None, noisy, sample, sample["class_caption"])
            kept = self.predict(lora, noisy, sample, sample["class_caption"])
            yield "preservation", torch.nn.functional.mse_loss(kept, base)
        if case["cross_prior"]:
            base = self.predict(None, noisy, sample, caption)
            other = self.predict(1 - lora, noisy, sample, caption)
            yield "cross-prior", torch.nn.functional.mse_loss(other, base)

    def step(self, step):
        """Gradients of a step, and its numbers."""
        weights = {"target": 1, "base": 1}
        weights |= {"preservation": self.case["output_preservation"], "cross-prior": self.case["cross_prior"]}
        samples = [sample for batch in step["batches"] for sample in batch]
        losses, terms = {}, {}
        for i, sample in enumerate(samples):
            for term, loss in self.sample_losses(sample):
                part = loss * (weights[term] * sample["weight"] / len(samples))
                part.backward()
                losses.setdefault(term, [None] * len(samples))[i] = loss.item()
                terms[term] = terms.get(term, 0) + part.item()
        return {"loss": sum(terms.values()), "terms": terms, "losses": losses}

    def check_start(self, step):
        """With `up` at zero a LoRA changes nothing, exactly; otherwise it does."""
        for sample in step["batches"][0]:
            noisy, _ = self.diffused(sample)
            with torch.no_grad():
                base = self.predict(None, noisy, sample, sample["caption"])
                for lora in range(self.case["loras"]):
                    same = torch.equal(self.predict(lora, noisy, sample, sample["caption"]), base)
                    assert same == (self.case["up_deviation"] == 0)

    def train(self):
        case, given = self.case, steps(self.case)
        self.check_start(given[0])
        for lora in range(case["loras"]):
            self.switch(lora)  # PEFT made the others' factors constant
        trained = self.factors()
        groups = [
            dict(params=[p for part, p in trained.values() if part == network], lr=rate)
            for network, rate in case["rates"].items()]
        parameters = [p for _, p in trained.values()]
        assert sum(len(group["params"]) for group in groups) == len(parameters)
        optimiser = torch.optim.AdamW(
            groups, betas=tuple(case["betas"]), eps=case["epsilon"], weight_decay=case["weight_decay"])
        schedule = get_scheduler(
            case["schedule"], optimiser, num_warmup_steps=case["warmup_steps"], num_training_steps=case["run_steps"])
        kept = {name: [p.detach().clone()] for name, (_, p) in trained.items()}
        for k, step in enumerate(given):
            optimiser.zero_grad(set_to_none=True)
            numbers = self.step(step)
            norm = torch.nn.utils.clip_grad_norm_(parameters, case["max_grad_norm"])
            rates = dict(zip(case["rates"], schedule.get_last_lr()))
            step |= {"rates": rates} | numbers | {"gradient_norm": norm.item()}
            optimiser.step()
            schedule.step()
            if k + 1 in KEPT:
                for name, (_, p) in trained.items():
                    kept[name].append(p.detach().clone())
        stacked = {name: torch.stack(values) for name, values in kept.items()}
        self.untouched = sorted({
            name.rsplit(".lora_", 1)[0] for name, (_, p) in trained.items() if p not in optimiser.state})
        unused = f"encoder.layers.{self.networks['text_encoder'].config.num_hidden_layers - 1}."
        for name in self.untouched:
            module = self.modules[name]
            assert case["family"] == "sdxl" and module["network"] == "text_encoder" and unused in module["path"], name
        return given, self.tensors | stacked

    def described(self, given):
        """The JSON: everything that a replay needs, and what it should find."""
        case = {key: value for key, value in self.case.items() if key != "seed"}
        times = sorted({s["time"] for step in given for batch in step["batches"] for s in batch})
        case |= {"model": f"diffusion/pipeline/{case['family']}", "kept_steps": KEPT}
        case |= {"triggers": TRIGGERS, "captions": self.captions, "modules": self.modules}
        case |= {"untouched": self.untouched, "time_factors": {}, "thresholds": {}}
        if case["min_snr_gamma"] is not None:
            case["time_factors"] = {str(t): self.time_factor(t) for t in times}
        if case["element_loss"] == "huber":
            case["thresholds"] = {str(t): self.threshold(t) for t in times}
        return case | {"steps": given}


def compact(value, depth=0):
    """JSON with lists of numbers and whole samples on one line each."""
    text = json.dumps(value, allow_nan=False)
    if len(text) < 240 or not isinstance(value, dict | list):
        return text
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(key)}: {compact(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * depth + "}"
    if all(isinstance(item, int | float) for item in value):
        return text
    return "[\n" + ",\n".join(pad + compact(item, depth + 1) for item in value) + "\n" + " " * depth + "]"


def main():
    for name in CASES:
        run = Run(settings(name))
        given, tensors = run.train()
        described = run.described(given)
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = compact(described) + "\n"
        assert json.loads(text) == json.loads(json.dumps(described))
        (FOLDER / f"{name}.json").write_text(text)
        write(FOLDER / f"{name}.safetensors", {k: v.contiguous().numpy() for k, v in tensors.items()})
        size = (FOLDER / f"{name}.safetensors").stat().st_size
        print(f"{name}: {len(run.modules)} layers, {size / 1024:.0f} + {len(text) / 1024:.0f} KiB")
        print("  loss", *(f"{step['loss']:.3f}" for step in given))
        print("  gradient norm", *(f"{step['gradient_norm']:.3f}" for step in given))
        training_run_check.check(FOLDER, name, load(described["family"])[0])


if __name__ == "__main__":
    main()
