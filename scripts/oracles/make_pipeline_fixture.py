"""Writes Tests/Fixtures/diffusion/pipeline/: tiny whole pipelines, a LoRA for each, and the pictures diffusers makes.

sd1, sd2, sdxl          folders as diffusers saves them, F16 weights; tokenizers are those of Tests/Fixtures/tokenizer;
                        sd2 predicts velocity
<family>-lora.safetensors
                        a LoRA as kohya's trainers name it, for the UNet and the text encoder(s), F32
pictures.safetensors    <case>.picture [height, width, 3] bytes, <case>.first and <case>.last latents
pictures.json           the settings of each case

Pictures are made by StableDiffusionPipeline and StableDiffusionXLPipeline with the Euler scheduler in F32, 6 steps, a
CPU generator. The LoRA is added to the weights here, ΔW = alpha/rank · up · down; the picture is made a second time with
the UNet's part loaded by diffusers, and must be the same within 1/255. (diffusers 0.42 does not find the layers of the
text encoders of transformers 5, so their part is always added here.)

Run: python make_pipeline_fixture.py
Needs Python 3.11, torch 2.13, diffusers 0.42.1, transformers 5.24, peft, safetensors 0.8.0; a CPU is enough.
"""

import json
import os
import pathlib
import shutil

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"
FOLDER = FIXTURES / "diffusion" / "pipeline"
COMMON = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)
VOCABULARY = 674
PROMPT, NEGATIVE = "a portrait of konrad, red hair, smiling!", "blurry, text"
LORA_LAYERS = {
    "sd1": ["unet:down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
            "unet:down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v",
            "unet:down_blocks.0.attentions.0.proj_in", "unet:mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
            "te:encoder.layers.0.self_attn.q_proj", "te:encoder.layers.1.mlp.fc1"],
    "sdxl": ["unet:down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
             "unet:up_blocks.0.attentions.1.transformer_blocks.1.attn2.to_k",
             "unet:mid_block.attentions.0.transformer_blocks.1.ff.net.2",
             "te1:encoder.layers.0.self_attn.v_proj", "te2:encoder.layers.0.self_attn.out_proj",
             "te2:encoder.layers.1.mlp.fc2"],
}


def clip(width, heads, layers, act, projection=None):
    config = CLIPTextConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_attention_heads=heads,
        num_hidden_layers=layers, max_position_embeddings=77, hidden_act=act, projection_dim=projection or width,
        bos_token_id=VOCABULARY - 2, eos_token_id=VOCABULARY - 1, pad_token_id=1)
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def unet(channels, depths, **more):
    down = ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths]
    up = ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)]
    return UNet2DConditionModel(
        sample_size=16, down_block_types=down, up_block_types=up, block_out_channels=channels, norm_num_groups=4,
        transformer_layers_per_block=[max(depth, 1) for depth in depths], **more)


def vae(channels, scale):
    return AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * len(channels), up_block_types=["UpDecoderBlock2D"] * len(channels),
        block_out_channels=channels, layers_per_block=1, norm_num_groups=4, sample_size=32, scaling_factor=scale)


def tokenizer(name):
    folder = FIXTURES / "tokenizer" / name
    return CLIPTokenizer.from_pretrained(folder)


def tiny(family):
    if family == "sd1":
        return StableDiffusionPipeline(
            unet=unet((8, 16, 16), (1, 1, 0), cross_attention_dim=16, attention_head_dim=2, layers_per_block=1),
            vae=vae((4, 8), 0.18215), text_encoder=clip(16, 2, 2, "quick_gelu"), tokenizer=tokenizer("tiny"),
            scheduler=PNDMScheduler(skip_prk_steps=True, steps_offset=1, **COMMON), safety_checker=None,
            feature_extractor=None, requires_safety_checker=False)
    if family == "sd2":
        return StableDiffusionPipeline(
            unet=unet(
                (8, 16), (1, 0), cross_attention_dim=12, attention_head_dim=[1, 2], layers_per_block=1,
                use_linear_projection=True, upcast_attention=True),
            vae=vae((4, 8), 0.18215), text_encoder=clip(12, 3, 2, "gelu"), tokenizer=tokenizer("tiny_pad"),
            scheduler=DDIMScheduler(prediction_type="v_prediction", steps_offset=1, clip_sample=False, **COMMON),
            safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    return StableDiffusionXLPipeline(
        unet=unet(
            (8, 8, 16), (0, 1, 2), cross_attention_dim=28, attention_head_dim=[1, 2, 4], layers_per_block=1,
            use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=6 * 4 + 12),
        vae=vae((4, 8), 0.13025), text_encoder=clip(16, 2, 2, "quick_gelu"), tokenizer=tokenizer("tiny"),
        text_encoder_2=clip(12, 3, 3, "gelu", projection=12), tokenizer_2=tokenizer("tiny_pad"),
        scheduler=EulerDiscreteScheduler(steps_offset=1, timestep_spacing="leading", **COMMON), add_watermarker=False)


def parts(pipe):
    found = {name: getattr(pipe, name, None) for name in ("unet", "vae", "text_encoder", "text_encoder_2")}
    return {name: part for name, part in found.items() if part is not None}


def fill(module):
    """Random weights that keep activations of one size, so that text, LoRA and noise all show in the picture."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if "embedding" in name and parameter.ndim == 2 and "time" not in name and "add_" not in name:
                parameter.normal_()
            elif parameter.ndim > 1:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
            elif name.endswith("weight"):
                parameter.normal_(1, 0.1)
            else:
                parameter.normal_(0, 0.1)


def released(folder):
    """Text encoders' names as every released model has them."""
    for file in folder.glob("text_encoder*/model.safetensors"):
        tensors = load_file(file)
        keeps = ("text_model.", "text_projection.")
        save_file({n if n.startswith(keeps) else "text_model." + n: t for n, t in tensors.items()}, file,
                  metadata={"format": "pt"})


def make_folder(family):
    torch.manual_seed({"sd1": 1, "sd2": 2, "sdxl": 3}[family])
    pipe = tiny(family)
    for part in parts(pipe).values():
        fill(part)
        part.to(torch.float16)
    folder = FOLDER / family
    shutil.rmtree(folder, ignore_errors=True)
    pipe.save_pretrained(folder)
    released(folder)
    for place, source in (("tokenizer", "tiny"), ("tokenizer_2", "tiny_pad")):
        if (folder / place).exists():
            source = "tiny_pad" if family == "sd2" else source
            shutil.rmtree(folder / place)
            shutil.copytree(FIXTURES / "tokenizer" / source, folder / place)
    return folder


def load(folder, family):
    kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
    more = {} if family == "sdxl" else dict(safety_checker=None, requires_safety_checker=False)
    pipe = kind.from_pretrained(folder, torch_dtype=torch.float32, **more)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def network(pipe, prefix):
    return {"unet": pipe.unet, "te": pipe.text_encoder, "te1": pipe.text_encoder,
            "te2": getattr(pipe, "text_encoder_2", None)}[prefix]


def layer(pipe, prefix, name):
    module = network(pipe, prefix)
    if prefix != "unet":
        module = getattr(module, "text_model", module)
    return module.get_submodule(name)


def make_lora(pipe, family):
    generator = torch.Generator().manual_seed(17)
    tensors = {}
    for entry in LORA_LAYERS[family]:
        prefix, name = entry.split(":")
        weight = layer(pipe, prefix, name).weight
        stem = f"lora_{prefix}_" + ("" if prefix == "unet" else "text_model_") + name.replace(".", "_")
        kernel = (1, 1) if weight.ndim == 4 else ()
        rank = 2
        down = torch.randn(rank, weight.shape[1], *kernel, generator=generator) * weight.shape[1] ** -0.5
        up = torch.randn(weight.shape[0], rank, *kernel, generator=generator)
        tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(1.0)}
    file = FOLDER / f"{family}-lora.safetensors"
    version = {"sd1": "sd_v1", "sdxl": "sdxl_base_v1-0"}[family]
    save_file(tensors, file, metadata={"ss_base_model_version": version, "ss_network_dim": "2", "ss_network_alpha": "1"})
    return tensors


def baked(pipe, family, tensors, strength, unet=True):
    with torch.no_grad():
        for entry in LORA_LAYERS[family]:
            prefix, name = entry.split(":")
            if prefix == "unet" and not unet:
                continue
            stem = f"lora_{prefix}_" + ("" if prefix == "unet" else "text_model_") + name.replace(".", "_")
            up, down = tensors[f"{stem}.lora_up.weight"], tensors[f"{stem}.lora_down.weight"]
            weight = layer(pipe, prefix, name).weight
            delta = (up.flatten(1) @ down.flatten(1)) * (tensors[f"{stem}.alpha"] / down.shape[0])
            weight += strength * delta.reshape(weight.shape)
    return pipe


def draw(pipe, case):
    kept = {}

    def keep(_, step, time, values):
        kept["last"] = values["latents"]
        return values

    generator = torch.Generator("cpu").manual_seed(case["seed"])
    size = dict(width=case["width"], height=case["height"])
    result = pipe(
        case["prompt"], negative_prompt=case["negative"], num_inference_steps=case["steps"],
        guidance_scale=case["cfg"], generator=generator, output_type="np", callback_on_step_end=keep, **size)
    picture = (result.images[0] * 255).round().astype(np.uint8)
    generator = torch.Generator("cpu").manual_seed(case["seed"])
    factor = pipe.vae_scale_factor
    shape = (1, 4, case["height"] // factor, case["width"] // factor)
    first = torch.randn(shape, generator=generator)
    pipe.scheduler.set_timesteps(case["steps"])
    return torch.from_numpy(np.ascontiguousarray(picture)), first * pipe.scheduler.init_noise_sigma, kept["last"].contiguous()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    stored, cases = {}, []
    for family in ("sd1", "sd2", "sdxl"):
        folder = make_folder(family)
        lora = None if family == "sd2" else make_lora(load(folder, family), family)
        plain = dict(
            family=family, prompt=PROMPT, negative=NEGATIVE, seed=7, width=32, height=32, steps=6,
            cfg={"sd1": 7.0, "sd2": 5.0, "sdxl": 6.0}[family], strength=0.0)
        wanted = [plain | dict(name=family)]
        if lora:
            wanted.append(plain | dict(name=f"{family}-lora", strength=0.8, width=40))
        if family == "sdxl":  # no negative prompt: zeros
            wanted.append(plain | dict(name="sdxl-absent", negative=None, seed=8))
        for case in wanted:
            pipe = load(folder, family)
            if case["strength"]:
                baked(pipe, family, lora, case["strength"])
            picture, first, last = draw(pipe, case)
            stored |= {f"{case['name']}.picture": picture, f"{case['name']}.first": first, f"{case['name']}.last": last}
            cases.append(case)
            print(case["name"], "picture mean", picture.float().mean().item(), "std", picture.float().std().item())
            if case["strength"]:
                loaded = baked(load(folder, family), family, lora, case["strength"], unet=False)
                loaded.load_lora_weights({k: v for k, v in lora.items() if k.startswith("lora_unet_")})
                loaded.set_adapters(["default_0"], [case["strength"]])
                other, _, _ = draw(loaded, case)
                worst = (other.int() - picture.int()).abs().max().item()
                base = (stored[f"{family}.picture"].int()[:32, :32] - picture.int()[:32, :32]).abs().float().mean().item()
                print(f"  diffusers' own loading differs by {worst}/255 at most; without LoRA by {base} on average")
                assert worst <= 1
    save_file(stored, FOLDER / "pictures.safetensors")
    (FOLDER / "pictures.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
