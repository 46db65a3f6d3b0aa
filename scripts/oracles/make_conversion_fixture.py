#!/usr/bin/env python3
"""Writes LoRAs in the dialects of transformers' own code, and what diffusers' loaders make of them.

Each family gives two small archives in Tests/Fixtures/conversions: NAME_source.safetensors.zst and
NAME_diffusers.safetensors.zst. Troupe converts the former; names and changes must be those of the latter. Widths are the
models' own, because diffusers' converters split by them; values repeat, so that the archives stay small.

    python scripts/oracles/make_conversion_fixture.py     (diffusers and torch; zstd on the PATH)
"""

import pathlib
import subprocess

import torch
from diffusers.loaders import lora_conversion_utils as utils
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/conversions"
RANK = 2


class Source:
    """A LoRA in the making: layers with values of their own, and an alpha that is half the rank where there is one."""

    def __init__(self, up, down, alpha=None):
        self.up, self.down, self.alpha = up, down, alpha
        self.tensors = {}

    def add(self, stem, outputs, inputs):
        seed = len(self.tensors)
        steps = torch.arange(RANK * max(outputs, inputs)) // 64
        self.tensors[f"{stem}.{self.up}"] = (((steps[: outputs * RANK] * 5 + seed) % 13 - 6) / 8).reshape(outputs, RANK).half()
        self.tensors[f"{stem}.{self.down}"] = (((steps[: RANK * inputs] * 3 + seed) % 11 - 5) / 16).reshape(RANK, inputs).half()
        if self.alpha:
            self.tensors[f"{stem}.{self.alpha}"] = torch.tensor(RANK / 2).half()


def kohya():
    return Source("lora_up.weight", "lora_down.weight", "alpha")


def letters():
    return Source("lora_B.weight", "lora_A.weight")


def flux1_kohya():
    lora = kohya()
    for stream in ("img", "txt"):
        stem = f"lora_unet_double_blocks_3_{stream}"
        lora.add(f"{stem}_attn_qkv", 9216, 3072)
        lora.add(f"{stem}_attn_proj", 3072, 3072)
        lora.add(f"{stem}_mlp_0", 12288, 3072)
        lora.add(f"{stem}_mlp_2", 3072, 12288)
        lora.add(f"{stem}_mod_lin", 18432, 3072)
    lora.add("lora_unet_single_blocks_11_linear1", 21504, 3072)
    lora.add("lora_unet_single_blocks_11_linear2", 3072, 15360)
    lora.add("lora_unet_single_blocks_11_modulation_lin", 9216, 3072)
    lora.add("lora_te1_text_model_encoder_layers_4_self_attn_q_proj", 768, 768)
    lora.add("lora_te1_text_model_encoder_layers_4_mlp_fc1", 3072, 768)
    return lora, utils._convert_kohya_flux_lora_to_diffusers


def flux1_xlabs():
    lora = Source("up.weight", "down.weight")
    for number in (1, 2):
        lora.add(f"double_blocks.5.processor.qkv_lora{number}", 9216, 3072)
        lora.add(f"double_blocks.5.processor.proj_lora{number}", 3072, 3072)
    return lora, utils._convert_xlabs_flux_lora_to_diffusers


def flux2_comfy():
    lora = letters()
    width = 4096
    for stream in ("img", "txt"):
        stem = f"diffusion_model.double_blocks.2.{stream}"
        lora.add(f"{stem}_attn.qkv", 3 * width, width)
        lora.add(f"{stem}_attn.proj", width, width)
        lora.add(f"{stem}_mlp.0", 6 * width, width)
        lora.add(f"{stem}_mlp.2", width, 3 * width)
    lora.add("diffusion_model.single_blocks.7.linear1", 9 * width, width)
    lora.add("diffusion_model.single_blocks.7.linear2", width, 4 * width)
    lora.add("diffusion_model.img_in", width, 128)
    return lora, utils._convert_non_diffusers_flux2_lora_to_diffusers


def hunyuan_comfy():
    lora = letters()
    for stream in ("img", "txt"):
        stem = f"diffusion_model.double_blocks.9.{stream}"
        lora.add(f"{stem}_attn_qkv", 9216, 3072)
        lora.add(f"{stem}_attn_proj", 3072, 3072)
        lora.add(f"{stem}_mlp.fc1", 12288, 3072)
        lora.add(f"{stem}_mlp.fc2", 3072, 12288)
        lora.add(f"{stem}_mod.linear", 18432, 3072)
    lora.add("diffusion_model.single_blocks.21.linear1", 21504, 3072)
    lora.add("diffusion_model.single_blocks.21.linear2", 3072, 15360)
    lora.add("diffusion_model.single_blocks.21.modulation.linear", 9216, 3072)
    return lora, utils._convert_hunyuan_video_lora_to_diffusers


def wan(lora, stem, join):
    for attention in ("self_attn", "cross_attn"):
        for leaf in "qkvo":
            lora.add(stem + join.join(["blocks", "0", attention, leaf]), 5120, 5120)
    lora.add(stem + join.join(["blocks", "0", "ffn", "0"]), 13824, 5120)
    lora.add(stem + join.join(["blocks", "0", "ffn", "2"]), 5120, 13824)
    return lora


def wan_comfy():
    return wan(letters(), "diffusion_model.", "."), utils._convert_non_diffusers_wan_lora_to_diffusers


def wan_musubi():
    return wan(kohya(), "lora_unet_", "_"), utils._convert_musubi_wan_lora_to_diffusers


def qwen_kohya():
    lora = kohya()
    for leaf in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj", "to_out_0", "to_add_out"):
        lora.add(f"lora_unet_transformer_blocks_44_attn_{leaf}", 3072, 3072)
    for stream in ("img", "txt"):
        lora.add(f"lora_unet_transformer_blocks_44_{stream}_mlp_net_0_proj", 12288, 3072)
        lora.add(f"lora_unet_transformer_blocks_44_{stream}_mlp_net_2", 3072, 12288)
        lora.add(f"lora_unet_transformer_blocks_44_{stream}_mod_1", 18432, 3072)
    return lora, utils._convert_non_diffusers_qwen_lora_to_diffusers


def z_image_kohya():
    lora = kohya()
    for block in ("layers_12", "noise_refiner_1", "context_refiner_0"):
        for leaf in ("to_q", "to_k", "to_v", "to_out_0"):
            lora.add(f"lora_unet_{block}_attention_{leaf}", 3840, 3840)
        lora.add(f"lora_unet_{block}_feed_forward_w1", 10240, 3840)
        lora.add(f"lora_unet_{block}_feed_forward_w2", 3840, 10240)
    return lora, utils._convert_non_diffusers_z_image_lora_to_diffusers


def lumina2_comfy():
    lora = letters()
    for block in ("layers.0", "noise_refiner.0", "context_refiner.0"):
        lora.add(f"diffusion_model.{block}.attention.qkv", 3840, 2304)
        lora.add(f"diffusion_model.{block}.attention.out", 2304, 2304)
        for number, (outputs, inputs) in enumerate([(9216, 2304), (2304, 9216), (9216, 2304)], start=1):
            lora.add(f"diffusion_model.{block}.feed_forward.w{number}", outputs, inputs)
        if block != "context_refiner.0":
            lora.add(f"diffusion_model.{block}.adaLN_modulation.1", 9216, 1024)
    return lora, utils._convert_non_diffusers_lumina2_lora_to_diffusers


def anima_comfy():
    lora = letters()
    for attention in ("self_attn", "cross_attn"):
        for leaf in ("q_proj", "k_proj", "v_proj", "output_proj"):
            lora.add(f"diffusion_model.blocks.6.{attention}.{leaf}", 2048, 2048)
        lora.add(f"diffusion_model.blocks.6.adaln_modulation_{attention}.1", 256, 2048)
        lora.add(f"diffusion_model.blocks.6.adaln_modulation_{attention}.2", 6144, 256)
    lora.add("diffusion_model.blocks.6.mlp.layer1", 8192, 2048)
    lora.add("diffusion_model.blocks.6.mlp.layer2", 2048, 8192)
    return lora, utils._convert_non_diffusers_anima_lora_to_diffusers


def krea2_comfy():
    lora = letters()
    for leaf, outputs in {"wq": 6144, "wk": 1536, "wv": 1536, "wo": 6144, "gate": 6144}.items():
        lora.add(f"diffusion_model.blocks.3.attn.{leaf}", outputs, 6144)
    for leaf, (outputs, inputs) in {"gate": (16384, 6144), "up": (16384, 6144), "down": (6144, 16384)}.items():
        lora.add(f"diffusion_model.blocks.3.mlp.{leaf}", outputs, inputs)
    lora.add("diffusion_model.txtfusion.layerwise_blocks.1.attn.wq", 2560, 2560)
    lora.add("diffusion_model.txtfusion.refiner_blocks.0.mlp.up", 6912, 2560)
    lora.add("diffusion_model.first", 6144, 64)
    lora.add("diffusion_model.last.linear", 64, 6144)
    return lora, utils._convert_non_diffusers_krea2_lora_to_diffusers


def write(name, tensors):
    path = FOLDER / f"{name}.safetensors"
    save_file({key: tensor.contiguous().clone() for key, tensor in tensors.items()}, path)
    path.chmod(0o644)
    subprocess.run(["zstd", "-q", "-19", "--rm", "-f", str(path)], check=True)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in (
        flux1_kohya, flux1_xlabs, flux2_comfy, hunyuan_comfy, wan_comfy, wan_musubi, qwen_kohya, z_image_kohya,
        lumina2_comfy, anima_comfy, krea2_comfy,
    ):
        lora, convert = make()
        write(f"{make.__name__}_source", lora.tensors)
        result = convert(dict(lora.tensors))
        write(f"{make.__name__}_diffusers", result)
        print(f"{make.__name__}: {len(lora.tensors)} tensors became {len(result)}")


if __name__ == "__main__":
    main()
