"""Writes Tests/Fixtures/diffusion/text-vae/{text,conditioning,vae}.safetensors and text-vae.json: CLIP text encoders,
text conditioning and autoencoders by transformers and diffusers.

All networks are tiny and random; biases and norms are random too, so that none of them can be left out unseen.
text.safetensors: "l." (CLIP-L type), "h." (OpenCLIP-H type), "g." (OpenCLIP-bigG type, with projection): parameters in
the names of released checkpoints ("text_model." kept), F32, and "out.<l|h|g>.*": hidden states, the normed last one,
pooled, projected; gradients of a sum by two weights.
conditioning.safetensors: what diffusers' own `encode_prompt` gives for SD 1 (clip_skip none, 1, 2), SD 2 and SDXL
(none, 1), and weighted prompts of two pieces, for which diffusers has no function: computed here in F64 by numpy.
vae.safetensors: "kl." AutoencoderKL of four levels, "bare." one without 1x1 convolutions beside the latents, "tiny."
AutoencoderTiny; inputs and outputs, pictures that are not square.
text-vae.json: token ids and weights, versions, and parameter counts of the full-size models on the meta device.

Run: python make_text_vae_fixture.py. Needs numpy 2.4, safetensors 0.8, torch 2.13, transformers 5.24, diffusers 0.42.
"""

import os
import types

os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers
import numpy as np
import torch
import transformers
from diffusers import AutoencoderKL, AutoencoderTiny, StableDiffusionPipeline, StableDiffusionXLPipeline
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from container import FIXTURES, write, write_json

OUT = FIXTURES / "diffusion" / "text-vae"
VOCABULARY, BEGIN, END = 64, 62, 63

torch.manual_seed(20241124)
torch.set_num_threads(1)
torch.set_grad_enabled(False)


def arrays(prefix: str, tensors: dict) -> dict:
    return {f"{prefix}.{k}": v.detach().contiguous().numpy() for k, v in tensors.items()}


def shaken(model):
    """Vectors away from 0 and 1, which hide what is left out; matrices large enough that layers matter."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            parameter.add_(torch.randn_like(parameter) * 0.2)
        elif parameter.dim() == 2:
            parameter.copy_(torch.randn_like(parameter) * (0.5 if "embedding" in name else 0.8 / parameter.shape[1] ** 0.5))
    return model.eval()


def clip(width, heads, activation, projection=None, end=END, layers=3):
    config = CLIPTextConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_attention_heads=heads,
        num_hidden_layers=layers, max_position_embeddings=77, hidden_act=activation, projection_dim=projection or width,
        bos_token_id=BEGIN, eos_token_id=end, pad_token_id=END)
    return shaken((CLIPTextModelWithProjection if projection else CLIPTextModel)(config))


def released_names(model):
    """transformers 5 drops "text_model." from models without projection; every released checkpoint has it."""
    return {
        k if k.startswith(("text_model.", "text_projection.")) else f"text_model.{k}": v
        for k, v in model.state_dict().items()
    }


# MARK: - Text
generator = np.random.default_rng(7)


def piece(length: int, padding: int = END) -> list[int]:
    """One piece of 77 tokens: start, words, end, padding."""
    words = [int(t) for t in generator.integers(1, BEGIN, length)]
    return [BEGIN] + words + [END] + [padding] * (75 - length)


def other_padding(ids: list[int]) -> list[int]:
    """The same piece padded with token 0 ("!"), as SDXL's second tokenizer does."""
    end = ids.index(END)
    return ids[: end + 1] + [0] * (76 - end)


prompts = {"long": [piece(75)], "short": [piece(9)], "empty": [piece(0)], "pieces": [piece(75), piece(20)]}
encoders = {
    "l": clip(24, 3, "quick_gelu"),
    "h": clip(16, 2, "gelu"),
    # The end token that SDXL's files state by mistake: the pooled state is at the greatest id.
    "g": clip(32, 4, "gelu", projection=40, end=2),
}
text, conditioning = {}, {}
batch = torch.tensor([prompts["short"][0], prompts["long"][0]])
for name, model in encoders.items():
    text |= arrays(name, released_names(model))
    output = model(batch, output_hidden_states=True)
    results = {f"hidden.{i}": h for i, h in enumerate(output.hidden_states)}
    results |= {"last": output.last_hidden_state}
    if name == "g":
        results["projected"] = output.text_embeds
        inner = model.text_model(batch)
        results["pooled"] = inner.pooler_output
    else:
        results["pooled"] = output.pooler_output
    if name == "h":  # enough of the long outputs is in the other two
        results = {k: v for k, v in results.items() if not k.startswith("hidden")}
    text |= arrays(f"out.{name}", results)

# Gradients of Σ last · direction + Σ projected by two weights, where an adapter would act.
model = encoders["g"]
direction = torch.randn(77, 32)
layers = model.text_model.encoder.layers
with torch.enable_grad():
    watched = {"layers.0.self_attn.q_proj": layers[0].self_attn.q_proj.weight, "layers.1.mlp.fc1": layers[1].mlp.fc1.weight}
    output = model(batch)
    loss = (output.last_hidden_state * direction).sum() + output.text_embeds.sum()
    gradients = torch.autograd.grad(loss, list(watched.values()))
text |= arrays("gradient", dict(zip(watched, gradients)) | {"direction": direction})


# MARK: - Conditioning
class Tokens(dict):
    """The ids of a prompt's first piece, called as a tokenizer is."""

    model_max_length = 77

    def __call__(self, texts, **_):
        texts = [texts] if isinstance(texts, str) else texts
        return types.SimpleNamespace(input_ids=torch.tensor([self[t] for t in texts]), attention_mask=None)


first = Tokens({k: v[0] for k, v in prompts.items()} | {"": prompts["empty"][0]})
second = Tokens({k: other_padding(v) for k, v in first.items()})


def pipeline(kind, **parts):
    """encode_prompt's view of a pipeline, without the networks it does not touch."""
    pipe = kind.__new__(kind)
    for key, value in parts.items():
        object.__setattr__(pipe, key, value)
    pipe.register_to_config(force_zeros_for_empty_prompt=True)
    pipe.maybe_convert_prompt = lambda prompt, tokenizer: prompt
    return pipe


def encode(pipe, **arguments):
    return pipe.encode_prompt(
        prompt="short", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True, **arguments)


def with_inner_name(model):
    """diffusers reaches the final norm as `text_model.final_layer_norm`, which transformers 5 no longer has."""
    if not hasattr(model, "text_model"):
        object.__setattr__(model, "text_model", model)
    return model


sd1 = pipeline(StableDiffusionPipeline, text_encoder=with_inner_name(encoders["l"]), tokenizer=first, unet=None)
sd2 = pipeline(StableDiffusionPipeline, text_encoder=with_inner_name(encoders["h"]), tokenizer=first, unet=None)
sdxl = pipeline(
    StableDiffusionXLPipeline, text_encoder=encoders["l"], text_encoder_2=encoders["g"], tokenizer=first,
    tokenizer_2=second, unet=None)
for skip in (None, 1, 2):
    conditioning |= arrays("sd1", {f"skip{skip or 0}": encode(sd1, clip_skip=skip)[0]})
conditioning |= arrays("sd2", dict(zip(("positive", "negative"), encode(sd2))))
for skip in (None, 1):
    context, zeros, pooled, pooled_zeros = encode(sdxl, clip_skip=skip)
    assert not zeros.any() and not pooled_zeros.any()
    conditioning |= arrays("sdxl", {f"skip{skip or 0}.context": context, f"skip{skip or 0}.pooled": pooled})
_, negative, _, pooled = encode(sdxl, negative_prompt="empty")
conditioning |= arrays("sdxl.negative", {"context": negative, "pooled": pooled})

# Weights: every token's state times its weight, then the piece brought back to the mean it had.
weights = [[1.0] + [float(np.float32(w)) for w in generator.choice([1.0, 1.1, 1.21, 0.5], 75)] + [1.0] for _ in range(2)]


def weighted(states):
    pieces = []
    for z, w in zip(states.double().numpy(), np.array(weights)):
        scaled = z * w[:, None]
        pieces.append(scaled * (z.mean() / scaled.mean()))
    return np.concatenate(pieces).astype(np.float32)[None]


pieces = torch.tensor(prompts["pieces"])
conditioning["weighted.sd1"] = weighted(encoders["l"](pieces).last_hidden_state)
one = encoders["l"](pieces, output_hidden_states=True).hidden_states[-2]
two = encoders["g"](torch.tensor([other_padding(p) for p in prompts["pieces"]]), output_hidden_states=True)
conditioning["weighted.sdxl"] = np.concatenate([weighted(one), weighted(two.hidden_states[-2])], 2)
conditioning["weighted.sdxl.pooled"] = two.text_embeds[:1].numpy()


# MARK: - Autoencoders
def kl(channels, layers, **arguments):
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(channels), up_block_types=("UpDecoderBlock2D",) * len(channels),
        block_out_channels=channels, layers_per_block=layers, norm_num_groups=4, sample_size=64, **arguments)
    return shaken(model)


vae = {}
picture = torch.rand(2, 3, 24, 40) * 2 - 1
full = kl((4, 8, 8, 12), 1, latent_channels=4)
vae |= arrays("kl", full.state_dict())
latents = torch.randn(2, 4, 3, 5)
distribution = full.encode(picture).latent_dist
vae |= arrays("kl.out", {
    "mean": distribution.mean, "logvar": distribution.logvar, "decoded": full.decode(latents).sample,
    "sample": distribution.sample(torch.Generator().manual_seed(11))})
# Two levels, no 1×1 convolutions, no attention in the middle, and a variance that hits its limits.
bare = kl((4, 8), 2, latent_channels=2, use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False)
bare.encoder.conv_out.bias[2:] = torch.tensor([-60.0, 40.0])
vae |= arrays("bare", bare.state_dict())
small = picture[:1, :, :8, :12]
distribution = bare.encode(small).latent_dist
assert distribution.logvar.min() == -30 and distribution.logvar.max() == 20
vae |= arrays("bare.out", {
    "mean": distribution.mean, "logvar": distribution.logvar, "decoded": bare.decode(latents[:1, :2]).sample})
tiny = AutoencoderTiny(
    encoder_block_out_channels=(6, 6, 6, 6), decoder_block_out_channels=(6, 6, 6, 6), num_encoder_blocks=(1, 2, 1, 2),
    num_decoder_blocks=(2, 1, 2, 1))
shaken(tiny)
vae |= arrays("tiny", tiny.state_dict())
# Latents far beyond 3 as well: the decoder bends them back.
vae |= arrays("tiny.out", {"latents": tiny.encode(picture).latents, "decoded": tiny.decode(latents * 4).sample})
vae |= arrays("in", {"picture": picture, "latents": latents})

write(OUT / "text.safetensors", text)
write(OUT / "conditioning.safetensors", conditioning)
write(OUT / "vae.safetensors", vae)


# MARK: - Full size
def count(make):
    with torch.device("meta"):
        return sum(p.numel() for p in make().parameters())


def full_clip(width, layers, heads, projection=None):
    config = CLIPTextConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * width,
        projection_dim=projection or width)
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


counts = {
    "clip_l": count(lambda: full_clip(768, 12, 12)),
    "openclip_h": count(lambda: full_clip(1024, 23, 16)),
    "openclip_bigg": count(lambda: full_clip(1280, 32, 20, 1280)),
    "vae": count(lambda: AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512), layers_per_block=2)),
    "taesd": count(AutoencoderTiny),
}
write_json(OUT / "text-vae.json", {
    "versions": {m.__name__: m.__version__.split("+")[0] for m in (torch, transformers, diffusers, np)},
    "prompts": prompts, "weights": weights, "parameters": counts})
print(counts, {f.name: f.stat().st_size for f in OUT.iterdir()})
