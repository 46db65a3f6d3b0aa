"""Writes Tests/Fixtures/checkpoints/: tiny Stable Diffusion pipelines in both layouts, and the full models' names.

sd1, sd2, sdxl          folders as diffusers saves them: random weights in F16, few channels; sd1's text encoder has the
                        names of transformers 5 (no "text_model."), the others the released ones; sd2 predicts velocity
                        and has one residual block a level; sdxl has a zero terminal SNR and stand-ins for tokenizers
sd1.safetensors, …      the same numbers as single files in the original naming, made by `original` below
names/<part>.txt        every parameter of the full-size networks: diffusers' name, tab, the key of the single file
                        ("#0" to "#2" for a third of its rows, "^T" transposed, "~" another number of dimensions), tab,
                        the shape. Each name begins with the number of characters it shares with the one before, and a
                        space

`original` is an implementation of its own. diffusers' converters (`convert_ldm_unet_checkpoint` and its kin) are run
over everything it makes and must give back every parameter: the tensors of the tiny files, and stand-ins that remember
where they come from for the full-size lists, so the committed names are diffusers' reading of the keys.

Run: python make_checkpoint_fixture.py. With --check FOLDER it loads what Troupe wrote there (sd1/, sd1.safetensors, …;
see CheckpointWriterTests) into diffusers and compares every tensor with the fixtures.
Needs Python 3.11, torch 2.13, diffusers 0.42.1, transformers 5.24, safetensors 0.8.0; a CPU is enough.
"""

import argparse
import json
import os
import pathlib
import re
import shutil

os.environ["HF_HUB_OFFLINE"] = "1"

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
from diffusers.loaders import single_file_utils as converters
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "checkpoints"
SEED = 20240611
WEIGHTS = {"text_encoder": "model", "text_encoder_2": "model"}
COMMON = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)


# MARK: the original naming


def original_unet(name, config):
    per_level = config["layers_per_block"]
    attends = ["CrossAttn" in kind for kind in config["down_block_types"]]
    fixed = {
        "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    }
    resnet = {
        "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
        "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
    }
    stem, leaf = name.rsplit(".", 1)
    if stem in fixed:
        return f"{fixed[stem]}.{leaf}"
    if match := re.fullmatch(r"(down|up)_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.+)", name):
        side, level, kind, index, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
        step = level * (per_level + 1) + index
        block = f"input_blocks.{step + 1}" if side == "down" else f"output_blocks.{step}"
        if kind == "attentions":
            return f"{block}.1.{rest}"
        head, tail = rest.split(".", 1)
        return f"{block}.0.{resnet[head]}.{tail}"
    if match := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)", name):
        if match[1] == "attentions":
            return f"middle_block.1.{match[3]}"
        head, tail = match[3].split(".", 1)
        return f"middle_block.{2 * int(match[2])}.{resnet[head]}.{tail}"
    if match := re.fullmatch(r"down_blocks\.(\d+)\.downsamplers\.0\.conv\.(.+)", name):
        return f"input_blocks.{(int(match[1]) + 1) * (per_level + 1)}.0.op.{match[2]}"
    if match := re.fullmatch(r"up_blocks\.(\d+)\.upsamplers\.0\.conv\.(.+)", name):
        level = int(match[1])
        place = 2 if attends[len(attends) - 1 - level] else 1
        return f"output_blocks.{level * (per_level + 1) + per_level}.{place}.conv.{match[2]}"
    raise ValueError(name)


def original_vae(name, config):
    levels = len(config["block_out_channels"])
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    if "mid_block.attentions.0" in name:
        name = name.replace("mid_block.attentions.0", "mid.attn_1")
        for ours, theirs in [("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")]:
            name = name.replace(f"attn_1.{ours}.", f"attn_1.{theirs}.")
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{levels - 1 - int(m[1])}.block.{m[2]}", name)
    return re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)


def original_open_clip(tensors, prefix):
    out = {}
    leaves = {"out_proj": "attn.out_proj", "fc1": "mlp.c_fc", "fc2": "mlp.c_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2"}
    for name, tensor in tensors.items():
        if name == "text_projection.weight":
            out[prefix + "text_projection"] = tensor.T.contiguous()
        elif name == "text_model.embeddings.token_embedding.weight":
            out[prefix + "token_embedding.weight"] = tensor
        elif name == "text_model.embeddings.position_embedding.weight":
            out[prefix + "positional_embedding"] = tensor
        elif name.startswith("text_model.final_layer_norm."):
            out[prefix + "ln_final." + name.rsplit(".", 1)[1]] = tensor
        else:
            pieces = name.split(".")
            block = f"{prefix}transformer.resblocks.{pieces[3]}."
            module, leaf = pieces[-2], pieces[-1]
            if module in ("q_proj", "k_proj", "v_proj"):
                if module == "q_proj":
                    stem = name.rsplit(".", 2)[0]
                    out[f"{block}attn.in_proj_{leaf}"] = torch.cat([tensors[f"{stem}.{m}_proj.{leaf}"] for m in "qkv"])
            else:
                out[f"{block}{leaves[module]}.{leaf}"] = tensor
    return out


def attention_to_conv(name, tensor):
    return tensor[:, :, None, None] if "mid.attn_1" in name and tensor.ndim == 2 else tensor


def original(family, parts, configs):
    """The single file of a pipeline's parts ({part: {name: tensor}})."""
    out = {}
    for name, tensor in parts.get("unet", {}).items():
        out["model.diffusion_model." + original_unet(name, configs["unet"])] = tensor
    for name, tensor in parts.get("vae", {}).items():
        key = original_vae(name, configs["vae"])
        out["first_stage_model." + key] = attention_to_conv(key, tensor)
    text = released(parts.get("text_encoder", {}))
    if family == "sd2":
        out |= original_open_clip(text, "cond_stage_model.model.")
    else:
        prefix = "cond_stage_model.transformer." if family == "sd1" else "conditioner.embedders.0.transformer."
        out |= {prefix + name: tensor for name, tensor in text.items()}
    return out | original_open_clip(released(parts.get("text_encoder_2", {})), "conditioner.embedders.1.model.")


def released(tensors):
    """Text encoders' names as every released model has them."""
    keeps = ("text_model.", "text_projection.")
    return {name if name.startswith(keeps) else "text_model." + name: tensor for name, tensor in tensors.items()}


# MARK: diffusers' reading


class Config:
    def __init__(self, width):
        self.hidden_size = width


class Text:
    def __init__(self, width):
        self.config = Config(width)


def read_by_diffusers(family, keys, configs):
    """{part: {name: tensor}} as diffusers' converters read a single file."""
    unet = converters.convert_ldm_unet_checkpoint(dict(keys), configs["unet"])
    vae = converters.convert_ldm_vae_checkpoint(dict(keys), configs["vae"])
    if family == "sd2":
        text = converters.convert_open_clip_checkpoint(
            Text(configs["text_encoder"]["hidden_size"]), dict(keys), prefix="cond_stage_model.model.")
    else:
        text = converters.convert_ldm_clip_checkpoint(dict(keys))
    parts = {"unet": unet, "vae": vae, "text_encoder": text}
    if family == "sdxl":
        parts["text_encoder_2"] = converters.convert_open_clip_checkpoint(
            Text(configs["text_encoder_2"]["hidden_size"]), dict(keys), prefix="conditioner.embedders.1.model.")
    return parts


# MARK: tiny pipelines


def clip(width, heads, layers, act, projection=None, vocabulary=40):
    config = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=2 * width, num_attention_heads=heads,
        num_hidden_layers=layers, max_position_embeddings=77, hidden_act=act, projection_dim=projection or width,
        bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=1)
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


def tiny(family):
    if family == "sd1":
        return StableDiffusionPipeline(
            unet=unet((4, 8, 8), (1, 1, 0), cross_attention_dim=8, attention_head_dim=2, layers_per_block=2),
            vae=vae((4, 8), 0.18215), text_encoder=clip(8, 2, 2, "quick_gelu"), tokenizer=None,
            scheduler=PNDMScheduler(skip_prk_steps=True, steps_offset=1, **COMMON), safety_checker=None,
            feature_extractor=None, requires_safety_checker=False)
    if family == "sd2":
        return StableDiffusionPipeline(
            unet=unet(
                (4, 8), (1, 0), cross_attention_dim=12, attention_head_dim=[1, 2], layers_per_block=1,
                use_linear_projection=True, upcast_attention=True),
            vae=vae((4, 4, 8), 0.18215), text_encoder=clip(12, 3, 2, "gelu"), tokenizer=None,
            scheduler=DDIMScheduler(prediction_type="v_prediction", steps_offset=1, clip_sample=False, **COMMON),
            safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    return StableDiffusionXLPipeline(
        unet=unet(
            (4, 4, 8), (0, 1, 2), cross_attention_dim=20, attention_head_dim=[1, 2, 4], layers_per_block=2,
            use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=6 * 4 + 12),
        vae=vae((4, 8), 0.13025), text_encoder=clip(8, 2, 2, "quick_gelu"),
        text_encoder_2=clip(12, 3, 3, "gelu", projection=12), tokenizer=None, tokenizer_2=None,
        scheduler=EulerDiscreteScheduler(
            prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing", **COMMON),
        add_watermarker=False)


def parts_of(folder):
    parts, configs = {}, {}
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        place = folder / part
        if place.exists():
            (file,) = place.glob("*.safetensors")
            parts[part] = load_file(file)
            configs[part] = json.loads((place / "config.json").read_text())
    return parts, configs


def make_tiny(family):
    torch.manual_seed(SEED)
    pipe = tiny(family)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder, getattr(pipe, "text_encoder_2", None)):
        if part is not None:
            with torch.no_grad():
                for parameter in part.parameters():
                    parameter.copy_(torch.randn_like(parameter))  # no two tensors alike, norms included
            part.to(torch.float16)
    folder = FOLDER / family
    shutil.rmtree(folder, ignore_errors=True)
    pipe.save_pretrained(folder)
    if family != "sd1":
        for file in folder.glob("text_encoder*/model.safetensors"):
            save_file(released(load_file(file)), file, metadata={"format": "pt"})
    if family == "sdxl":
        for name in ("tokenizer", "tokenizer_2"):
            (folder / name).mkdir()
            vocabulary = {"!": 0, "a</w>": 1, "<|startoftext|>": 2, "<|endoftext|>": 3}
            (folder / name / "vocab.json").write_text(json.dumps(vocabulary))
            (folder / name / "merges.txt").write_text("#version: 0.2\n")
            (folder / name / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
        index = json.loads((folder / "model_index.json").read_text())
        index["tokenizer"] = index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    parts, configs = parts_of(folder)
    single = {key: tensor.contiguous() for key, tensor in original(family, parts, configs).items()}
    save_file(single, FOLDER / f"{family}.safetensors", metadata={"format": "pt"})
    compare(family, "the single file by diffusers' converters", read_by_diffusers(family, single, configs), parts)


def compare(family, what, found, expected):
    count = 0
    for part, tensors in expected.items():
        theirs = released(found[part]) if part.startswith("text") else found[part]
        ours = released(tensors) if part.startswith("text") else tensors
        assert set(theirs) == set(ours), (family, part, set(theirs) ^ set(ours))
        for name, tensor in ours.items():
            assert theirs[name].dtype == tensor.dtype and torch.equal(theirs[name], tensor), (family, part, name)
            count += 1
    print(f"{family}: {what}: {count} tensors equal")


# MARK: full-size names


class Place:
    """A tensor that remembers which key it is of, through what converters do to tensors."""

    def __init__(self, key, shape):
        self.key, self.shape, self.ndim = key, tuple(shape), len(shape)

    def __getitem__(self, at):
        if isinstance(at, tuple) and len(at) > 2:
            return Place(self.key + "~", self.shape[:2])
        rows = (at[0] if isinstance(at, tuple) else at).indices(self.shape[0])
        size = rows[1] - rows[0]
        assert size * 3 == self.shape[0], (self.key, at)
        return Place(f"{self.key}#{rows[0] // size}", (size, *self.shape[1:]))

    def clone(self):
        return self

    detach = contiguous = clone

    @property
    def T(self):
        return Place(self.key + "^T", self.shape[::-1])


def full_models():
    with torch.device("meta"):
        def sd(heads, width, linear):
            return UNet2DConditionModel(
                sample_size=64, cross_attention_dim=width, attention_head_dim=heads, use_linear_projection=linear)

        xl = UNet2DConditionModel(
            sample_size=128, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            block_out_channels=(320, 640, 1280), transformer_layers_per_block=(1, 2, 10), attention_head_dim=(5, 10, 20),
            cross_attention_dim=2048, use_linear_projection=True, addition_embed_type="text_time",
            addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816)
        auto = AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
            block_out_channels=(128, 256, 512, 512), layers_per_block=2)

        def text(width, heads, layers, projection=None):
            config = CLIPTextConfig(
                hidden_size=width, intermediate_size=4 * width, num_attention_heads=heads, num_hidden_layers=layers,
                projection_dim=projection or width)
            return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)

        l, h, g = text(768, 12, 12), text(1024, 16, 23), text(1280, 20, 32, 1280)
        return {
            "sd1": dict(unet=sd(8, 768, False), vae=auto, text_encoder=l),
            "sd2": dict(unet=sd([5, 10, 20, 20], 1024, True), vae=auto, text_encoder=h),
            "sdxl": dict(unet=xl, vae=auto, text_encoder=l, text_encoder_2=g),
        }


def make_names():
    (FOLDER / "names").mkdir(parents=True, exist_ok=True)
    for family, models in full_models().items():
        parts = {part: dict(model.named_parameters()) for part, model in models.items()}
        configs = {part: model.config for part, model in models.items()}
        configs = {part: c.to_dict() if hasattr(c, "to_dict") else dict(c) for part, c in configs.items()}
        single = {key: Place(key, tensor.shape) for key, tensor in original(family, parts, configs).items()}
        found = read_by_diffusers(family, single, configs)
        used = set()
        for part, tensors in parts.items():
            tensors = released(tensors) if part.startswith("text") else tensors
            assert set(found[part]) == set(tensors), (family, part)
            lines, before = [], ("", "")
            for name, tensor in tensors.items():
                place = found[part][name]
                assert place.shape == tuple(tensor.shape), (family, name, place.shape, tensor.shape)
                used.add(re.sub(r"(#\d|\^T|~)$", "", place.key))
                pieces = []
                for text, last in zip((name, place.key), before):
                    shared = len(os.path.commonprefix([text, last]))
                    pieces.append(f"{shared} {text[shared:]}")
                before = (name, place.key)
                lines.append("\t".join([*pieces, ",".join(map(str, tensor.shape))]))
            (FOLDER / "names" / f"{family}-{part}.txt").write_text("\n".join(lines) + "\n")
            print(family, part, len(lines), sum(t.numel() for t in tensors.values()))
        assert used == set(single), used ^ set(single)
    for copy in ("sd2-vae", "sdxl-vae", "sdxl-text_encoder"):  # the same networks under the same names, but a prefix
        if copy.endswith("vae"):
            assert (FOLDER / "names" / f"{copy}.txt").read_text() == (FOLDER / "names" / "sd1-vae.txt").read_text()
            (FOLDER / "names" / f"{copy}.txt").unlink()


# MARK: what Troupe wrote


def check(written):
    for family in ("sd1", "sd2", "sdxl"):
        expected, configs = parts_of(FOLDER / family)
        single = load_file(written / f"{family}.safetensors")
        markers = {"v_pred", "ztsnr"} & set(single)
        assert set(single) - markers == set(load_file(FOLDER / f"{family}.safetensors")), "keys"
        compare(family, f"single file (markers {sorted(markers)})", read_by_diffusers(family, single, configs), expected)
        kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
        more = {} if family == "sdxl" else dict(safety_checker=None, requires_safety_checker=False, tokenizer=None)
        pipe = kind.from_pretrained(written / family, dtype=torch.float16, **more)
        before = kind.from_pretrained(FOLDER / family, dtype=torch.float16, **more)
        found = {part: dict(getattr(pipe, part).state_dict()) for part in expected}
        compare(family, "folder by from_pretrained", found, expected)
        for part in (*expected, "scheduler"):
            ours, theirs = getattr(pipe, part).config, getattr(before, part).config
            keys = (
                ["prediction_type", "beta_start", "beta_end", "beta_schedule", "num_train_timesteps"]
                if part == "scheduler" else list(expected_config(part)))
            for key in keys:
                a, b = as_lists(getattr(ours, key)), as_lists(getattr(theirs, key))
                assert a == b, (family, part, key, a, b)
        print(f"{family}: configurations agree; tokenizers {type(pipe.tokenizer).__name__}")
        with torch.no_grad():  # the loaded pipelines give the same numbers
            outputs = [run(p.to(torch.float32), family) for p in (pipe, before)]
        assert torch.equal(*outputs), family
        print(f"{family}: both pipelines' UNets and VAEs give the same numbers, |x| = {outputs[0].norm():.4f}")


def as_lists(value):
    return list(value) if isinstance(value, tuple) else value


def expected_config(part):
    if part.startswith("text"):
        return (
            "hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "hidden_act", "vocab_size",
            "eos_token_id", "max_position_embeddings", "layer_norm_eps")
    if part == "vae":
        return ("block_out_channels", "layers_per_block", "norm_num_groups", "scaling_factor", "latent_channels")
    return (
        "block_out_channels", "layers_per_block", "norm_num_groups", "cross_attention_dim", "use_linear_projection",
        "addition_embed_type", "addition_time_embed_dim", "projection_class_embeddings_input_dim", "upcast_attention",
        "sample_size", "in_channels", "down_block_types", "up_block_types")


def run(pipe, family):
    generator = torch.Generator().manual_seed(3)
    unet = pipe.unet
    latent = torch.randn(1, 4, 8, 8, generator=generator)
    text = torch.randn(1, 5, unet.config.cross_attention_dim, generator=generator)
    more = {}
    if family == "sdxl":
        more["added_cond_kwargs"] = dict(
            text_embeds=torch.randn(1, 12, generator=generator), time_ids=torch.ones(1, 6) * 16)
    noise = unet(latent, 500, text, **more).sample
    return torch.cat([noise.flatten(), pipe.vae.decode(latent).sample.flatten()])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.check)
    else:
        for each in ("sd1", "sd2", "sdxl"):
            make_tiny(each)
        make_names()
