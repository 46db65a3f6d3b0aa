"""Three tiny UNets with random weights, shared by oracle scripts; writes nothing by itself.

Each has the structure of SD 1.5, SD 2.1 (768) or SDXL at a width of 8 to 12 channels, and diffusers computes it.
All weights come from numpy, so that they depend on the seed and on nothing in torch.

Needs: requirements-models.txt.
"""

import hashlib

import numpy as np
import torch
from diffusers import UNet2DConditionModel

SEED = 20240611
# PEFT's regular expression for every linear layer and convolution within the blocks.
ATTENTION = r"to_q|to_k|to_v|to_out\.0"
PROJECTIONS = r"ff\.net\.0\.proj|ff\.net\.2|proj_in|proj_out"
CONVOLUTIONS = r"conv1|conv2|conv_shortcut|downsamplers\.0\.conv|upsamplers\.0\.conv|time_emb_proj"
EVERYTHING = rf".*\.({ATTENTION}|{PROJECTIONS}|{CONVOLUTIONS})"

FAMILIES = {
    # Heads per level, although diffusers calls it attention_head_dim; one number as in SD 1.5's own file.
    "sd15": {
        "block_out_channels": (8, 8, 12, 12),
        "attention_head_dim": 2,
        "cross_attention_dim": 12,
        "layers_per_block": 1,
    },
    "sd2": {
        "block_out_channels": (8, 8, 12, 12),
        "attention_head_dim": (2, 4, 3, 6),
        "cross_attention_dim": 16,
        "layers_per_block": 1,
        "use_linear_projection": True,
        "upcast_attention": True,
    },
    "sdxl": {
        "block_out_channels": (8, 8, 12),
        "attention_head_dim": (2, 4, 3),
        "cross_attention_dim": 20,
        "use_linear_projection": True,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 1, 2),
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 10,
    },
}
POOLED = 10


def generator(*names):
    """Random numbers that depend on the seed and the names alone."""
    digest = hashlib.sha256("/".join([str(SEED), *map(str, names)]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def normal(names, shape, scale=1.0):
    return torch.from_numpy((generator(*names).standard_normal(tuple(shape)) * scale).astype(np.float32))


def half_exact(tensor):
    """The nearest values that F16 holds, so that adapters can be stored in F16 without a loss."""
    return tensor.half().float()


def fan_in(shape):
    return int(np.prod(shape[1:]))


def make(family):
    """A UNet with random weights: no norm is left at 1 and 0, no bias at 0."""
    unet = UNet2DConditionModel(sample_size=16, norm_num_groups=4, **FAMILIES[family])
    norms = {name for name, module in unet.named_modules() if "Norm" in type(module).__name__}
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            module, _, kind = name.rpartition(".")
            drawn = normal((family, name), parameter.shape)
            if module in norms and kind == "weight":
                parameter.copy_(1 + 0.2 * drawn)
            elif kind == "bias":
                parameter.copy_(0.1 * drawn)
            else:
                parameter.copy_(drawn / fan_in(parameter.shape) ** 0.5)
            assert not ((parameter == 0) | (parameter == 1)).any(), name
    return unet.eval().requires_grad_(False)


def kohya_stem(path, family):
    """kohya's name of a layer: diffusers' path with underscores, for SDXL the original (sgm) one."""
    if family == "sdxl":
        path = sgm_path(path)
    return "lora_unet_" + path.replace(".", "_")


def sgm_path(path):
    """The place of a layer in the original SDXL code (three levels, two residual blocks each)."""
    pieces = path.split(".")
    if pieces[0] == "mid_block":
        number = int(pieces[2])
        place, rest = f"middle_block.{1 if pieces[1] == 'attentions' else 2 * number}", pieces[3:]
    else:
        level, number, rest = int(pieces[1]), int(pieces[3]), pieces[4:]
        down = pieces[0] == "down_blocks"
        if pieces[2] == "downsamplers":
            return f"input_blocks.{3 * level + 3}.0.op"
        if pieces[2] == "upsamplers":
            return f"output_blocks.{3 * level + 2}.2.conv"
        block = f"input_blocks.{3 * level + number + 1}" if down else f"output_blocks.{3 * level + number}"
        place = f"{block}.{1 if pieces[2] == 'attentions' else 0}"
    inner = {
        "conv1": "in_layers.2",
        "conv2": "out_layers.3",
        "time_emb_proj": "emb_layers.1",
        "conv_shortcut": "skip_connection",
    }
    return f"{place}.{inner.get('.'.join(rest), '.'.join(rest))}"
