#!/usr/bin/env python3
"""The baseline of `train`: one training step of a LoRA on a UNet of full size with diffusers and PEFT.

    diffusers_step.py [--family sdxl|sd15] [--resolution 1024] [--targets attention|all] [--no-checkpointing]
                      [--forward-only] [--steps N] [--dtype bfloat16|float32|float16] [--threads N] [--tiny]

The UNet alone: batch 1, 77 tokens, rank 16, loss against random noise, forward and backward, no optimiser. Weights
are random and never touch the disk; adapters are F32, as trainers keep them, under autocast. The first step warms up
and is not counted, unless it is the only one. Prints one line of JSON; `seconds` is the median step.
Needs: scripts/oracles/requirements-models.txt.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers
import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
TARGETS = {"attention": ATTENTION, "all": ATTENTION + ["ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"]}
SHAPES = {
    "sd15": {"cross_attention_dim": 768, "attention_head_dim": 8},
    "sdxl": {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}
# A tenth of the width: for trying the script out.
TINY = {
    "sd15": {"block_out_channels": (32, 64, 128, 128), "cross_attention_dim": 64},
    "sdxl": {
        "block_out_channels": (32, 64, 128),
        "transformer_layers_per_block": (1, 1, 2),
        "attention_head_dim": (1, 2, 4),
        "cross_attention_dim": 64,
    },
}


def make(family, tiny, dtype):
    """The UNet with small random weights, made in the wanted format without an F32 copy beside it."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**SHAPES[family] | (TINY[family] if tiny else {}))
    unet = unet.to(dtype).to_empty(device="cpu")
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if parameter.dim() == 1:
                parameter.fill_(1 if name.endswith("weight") else 0)
            else:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
    return unet.requires_grad_(False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=SHAPES, default="sdxl")
    parser.add_argument("--resolution", type=int, default=1024, help="pixels a side, a multiple of 64")
    parser.add_argument("--targets", choices=TARGETS, default="attention")
    parser.add_argument("--no-checkpointing", action="store_true")
    parser.add_argument("--forward-only", action="store_true", help="without gradients")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--dtype", choices=["bfloat16", "float16", "float32"], default="bfloat16")
    parser.add_argument("--threads", type=int, help="torch's own choice by default")
    parser.add_argument("--tiny", action="store_true", help="a tenth of the width")
    options = parser.parse_args()
    if options.resolution < 64 or options.resolution % 64:
        parser.error("--resolution must be a multiple of 64")
    if options.steps < 1:
        parser.error("--steps must be at least 1")
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)

    dtype = getattr(torch, options.dtype)
    unet = make(options.family, options.tiny, dtype)
    unet.add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=TARGETS[options.targets]))
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.data = parameter.data.float()
    checkpointing = not options.no_checkpointing and not options.forward_only
    if checkpointing:
        unet.enable_gradient_checkpointing()
    unet.train(not options.forward_only)

    size = options.resolution // 8
    latents = torch.randn(1, 4, size, size, dtype=dtype)
    target = torch.randn(1, 4, size, size)
    context = torch.randn(1, 77, unet.config.cross_attention_dim, dtype=dtype)
    times, added = torch.tensor([500]), None
    if options.family == "sdxl":
        side = float(options.resolution)
        pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        added = {
            "text_embeds": torch.randn(1, pooled, dtype=dtype),
            "time_ids": torch.tensor([[side, side, 0, 0, side, side]], dtype=dtype),
        }

    def step():
        mixed = torch.autocast("cpu", dtype) if dtype != torch.float32 else contextlib.nullcontext()
        with torch.set_grad_enabled(not options.forward_only), mixed:
            output = unet(latents, times, context, added_cond_kwargs=added).sample
        if options.forward_only:
            return
        torch.nn.functional.mse_loss(output.float(), target).backward()
        for parameter in trained:
            assert parameter.grad is not None
            parameter.grad = None

    times_taken = []
    for _ in range(options.steps + (options.steps > 1)):
        start = time.perf_counter()
        step()
        times_taken.append(time.perf_counter() - start)
    counted = times_taken[options.steps > 1 :]
    print(
        json.dumps(
            {
                "seconds": statistics.median(counted),
                "steps": counted,
                "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "torch": torch.__version__,
                "diffusers": diffusers.__version__,
                "threads": torch.get_num_threads(),
                "family": options.family,
                "resolution": options.resolution,
                "targets": options.targets,
                "trained_parameters": sum(parameter.numel() for parameter in trained),
                "dtype": options.dtype,
                "checkpointing": checkpointing,
                "forward_only": options.forward_only,
                "tiny": options.tiny,
            }
        )
    )


if __name__ == "__main__":
    main()
