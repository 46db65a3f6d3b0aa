"""The training runs of make_training_run_fixture.py: their settings and what each step is given; writes nothing itself.

Needs: Python 3.11.
"""

import random

STEPS = 20
KEPT = [0, 1, 5, 20]
UNET = r".*\.(to_q|to_k|to_v|to_out\.0|ff\.net\.0\.proj|ff\.net\.2|proj_in|proj_out)"
SPATIAL = r"conv1|conv2|downsamplers\.0\.conv|upsamplers\.0\.conv"
LOCON = rf"{UNET}|.*\.({SPATIAL}|conv_shortcut|time_emb_proj)"
TEXT = r".*\.(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"

KONRAD, VIEW = "konrad, 1boy, red hair, smile, looking at viewer", "konrad, sitting, white background"
LISA = "lisarl, 1girl, blue eyes, long hair, standing"
LONG = LISA + ", " + ", ".join(f"masterpiece, quality, {c} ribbon" for c in ("red", "blue", "white", "green", "grey"))
CAPTIONS = [
    KONRAD, VIEW, LISA, "1boy, red hair, smile, looking at viewer", "1boy, sitting, white background",
    "1girl, blue eyes, long hair, standing", "a photo of a horse", "", LONG, LONG.replace("lisarl, ", ""),
]
TRIGGERS = [{"trigger": "konrad", "class": "1boy"}, {"trigger": "lisarl", "class": "1girl"}]
# Captions of characters 0 and 1, each with the same one where the class stands for the trigger, and of regularisation.
OF_CHARACTER = [[(0, 3), (1, 4)], [(2, 5)]]
OF_REGULARISATION = [3, 5, 6, 7]
LONG_PAIR = (8, 9)

COMMON = dict(
    prediction="epsilon", zero_terminal_snr=False, train_text_encoders=False, convolutions=False, loras=1, rank=2,
    alpha=1.0, conv_rank=None, conv_alpha=None, up_deviation=0.0, element_loss="mse", huber_schedule=None,
    huber_c=None, huber_scale=None, min_snr_gamma=None, masked=False, output_preservation=0.0, cross_prior=0.0,
    regularisation_target="noise", prior_weight=1.0, optimiser="adamw", betas=[0.9, 0.999], epsilon=1e-8,
    weight_decay=0.01, max_grad_norm=1.0, rates={"unet": 2e-3}, schedule="constant", warmup_steps=0, run_steps=STEPS,
    chunks=1, seed=5)
# Weight decay is large where it must show: in one run, and on the layers without a gradient in another. The last run's
# seed is one with which no gradient is near AdamW's epsilon, where rounding alone would move a weight by 1e-5 and more.
CASES = {
    "sd1-unet": dict(family="sd1", alpha=2.0, min_snr_gamma=5.0, prior_weight=0.5, max_grad_norm=0.25),
    "sd1-text": dict(
        family="sd1", train_text_encoders=True, output_preservation=0.5, schedule="cosine", warmup_steps=5,
        rates={"unet": 4e-3, "text_encoder": 2e-3}),
    "sd1-locon": dict(
        family="sd1", convolutions=True, conv_rank=1, conv_alpha=1.0, up_deviation=0.05, element_loss="huber",
        huber_schedule="snr", huber_c=0.1, huber_scale=1.0, max_grad_norm=0.08),
    "sd2-velocity": dict(
        family="sd2", prediction="velocity", zero_terminal_snr=True, min_snr_gamma=5.0, masked=True, rank=4, alpha=2.0,
        max_grad_norm=0.025, weight_decay=0.1),
    "sdxl-text": dict(
        family="sdxl", train_text_encoders=True, chunks=2, prior_weight=0.7, max_grad_norm=0.1, weight_decay=0.1,
        rates={"unet": 2e-3, "text_encoder": 1e-3, "text_encoder_2": 5e-4}),
    "sdxl-separate": dict(
        family="sdxl", loras=2, rank=1, alpha=0.5, cross_prior=1.0, regularisation_target="base", prior_weight=0.8,
        seed=10),
}
SHAPES = [(8, 8), (8, 8), (8, 8), (8, 16), (8, 16)]
# A step (even) whose only character is the first: late, when the other LoRA is no longer at its start.
ALONE = 12


def settings(name):
    return dict(name=name) | COMMON | CASES[name]


def sample(case, draw, latents, character, lora):
    """One picture of a batch; `character` is absent (None) for regularisation."""
    made = {"latent": draw.choice(latents)}
    if character is None:
        made |= {"caption": draw.choice(OF_REGULARISATION), "weight": case["prior_weight"]}
    else:
        pairs = OF_CHARACTER[character] + ([LONG_PAIR] if case["chunks"] > 1 and character == 1 else [])
        caption, replaced = draw.choice(pairs)
        made |= {"caption": caption, "weight": draw.choice([1.0, 1.0, 1.5])}
        if case["output_preservation"]:
            made["class_caption"] = replaced
    made |= {"time": draw.randrange(1000), "seed": draw.randrange(1 << 31), "character": character}
    made["target"] = "noise" if character is not None else case["regularisation_target"]
    if case["loras"] > 1:
        made["lora"] = lora
    if case["masked"]:
        made["mask"] = made["latent"] if draw.random() < 0.75 else None
    if case["family"] == "sdxl":
        height, width = 2 * SHAPES[made["latent"]][0], 2 * SHAPES[made["latent"]][1]
        # Original height and width, crop from the top and the left, height and width wanted.
        made["size"] = [height + draw.choice([0, 6]), width + draw.choice([0, 9]), draw.choice([0, 3]),
                        draw.choice([0, 4]), height, width]
    return made


def steps(case):
    """What each step is given: its batches, each of one picture size."""
    draw = random.Random(case["name"])
    made = []
    for k in range(STEPS):
        # (character, LoRA) of each sample; None is regularisation.
        other = 0 if k == ALONE else 1
        kinds = {
            "sd1-unet": [[(0, 0), (None, 0)], [(1, 0), (None, 0)]],
            "sd1-text": [[(k % 2, 0), (1, 0)], [(0, 0), (None, 0)]],
            "sd1-locon": [[(0, 0), (1, 0)]],
            "sd2-velocity": [[(0, 0), (1, 0), (None, 0)]],
            # Batches of different length: pictures count alike, not batches.
            "sdxl-text": [[(0, 0), (1, 0)], [(k % 2, 0) if k % 4 < 2 else (None, 0)]],
            "sdxl-separate": [[(0, 0), (other, other)], [(None, k % 2), (k % 2, k % 2)]],
        }[case["name"]]
        batches = []
        for kind in kinds:
            latents = draw.choice([[0, 1, 2], [3, 4]])
            batches.append([sample(case, draw, latents, character, lora) for character, lora in kind])
        made.append({"batches": batches})
    # The first and the last time.
    made[2]["batches"][0][0]["time"] = 0
    made[3]["batches"][0][0]["time"] = 999
    return made
