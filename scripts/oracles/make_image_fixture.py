"""Writes Tests/Fixtures/images: small picture files of every format and kind, and images.json with what Pillow sees.

files    per file: format, size, and the samples Pillow decodes (hex), upright and, where a profile is embedded, in
         sRGB; `tolerance` is the greatest difference that two correct decoders may show, and `why` says where it is from.
flatten  samples with alpha, a background, and (s·a + b·(255-a))/255 rounded, by numpy's integers.
resize   samples, a size, and Pillow's LANCZOS on planes of floats (mode F), which neither rounds nor cuts between the
         two directions as its 8-bit code does; colours multiplied by alpha before and divided after.
texts    what Pillow wrote into texts.png.

Run: python make_image_fixture.py. Needs Python 3.11, numpy 2.4, Pillow 13.0 with littlecms, WebP and AVIF.
"""

import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

SEED = 20260214
TARGET = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "images"


def scene(width: int, height: int, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Gradients, a hard edge and a little noise: no symmetry, so that a wrong turn shows."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x / width * 255, y / height * 255, np.where(x * 2 > y + width / 3, 220, 35), (x + y) % 9 * 31.875]
    picked = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    samples = np.stack([planes[index] for index in picked], -1) + rng.normal(0, 6, (height, width, channels))
    return np.clip(np.rint(samples), 0, 255).astype(np.uint8)


def hexed(samples: np.ndarray) -> str:
    return np.ascontiguousarray(samples, dtype=np.uint8).tobytes().hex()


def png16(samples: np.ndarray, colour_type: int) -> bytes:
    """A 16-bit PNG, which Pillow writes for grey alone."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def profile() -> bytes:
    """An ICC profile (version 2) with the primaries of Display P3 and a plain gamma of 1.8."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)) + b"\0\0"
    name = b"Troupe test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9505, 1.0, 1.0891),
        b"rXYZ": xyz(0.51512, 0.2412, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.1571, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, data, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, body in tags.items():
        table += tag + struct.pack(">II", offset + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header.ljust(128, b"\0") + body


def write_files(rng: np.random.Generator) -> list[dict]:
    rgb, rgba = scene(19, 13, 3, rng), scene(19, 13, 4, rng)
    grey, grey_alpha = scene(19, 13, 1, rng)[..., 0], scene(19, 13, 2, rng)
    files: list[dict] = []

    def add(name: str, kind: str, samples: np.ndarray, tolerance: int = 0, why: str = "lossless", **more) -> None:
        channels = 1 if samples.ndim == 2 else samples.shape[2]
        files.append(
            {"file": name, "format": kind, "width": samples.shape[1], "height": samples.shape[0], "channels": channels}
            | {"samples": hexed(samples), "tolerance": tolerance, "why": why} | more
        )

    def save(name: str, image: Image.Image, **options) -> Image.Image:
        image.save(TARGET / name, **options)
        again = Image.open(TARGET / name)
        again.load()
        return again

    add("rgb.png", "png", np.asarray(save("rgb.png", Image.fromarray(rgb))))
    add("rgba.png", "png", np.asarray(save("rgba.png", Image.fromarray(rgba))))
    add("grey.png", "png", np.asarray(save("grey.png", Image.fromarray(grey))))
    add("grey_alpha.png", "png", np.asarray(save("grey_alpha.png", Image.fromarray(grey_alpha, "LA"))))
    bits = save("bits.png", Image.fromarray(grey).convert("1"))
    add("bits.png", "png", np.asarray(bits.convert("L")))
    palette = save("palette.png", Image.fromarray(rgb).quantize(12))
    add("palette.png", "png", np.asarray(palette.convert("RGB")))
    clear = save("palette_alpha.png", Image.fromarray(rgb).quantize(12), transparency=bytes([0, 90, 200]))
    add("palette_alpha.png", "png", np.asarray(clear.convert("RGBA")))

    # The upper byte of 16 bits; the lower ones are noise here.
    low = rng.integers(0, 256, rgb.shape)
    (TARGET / "rgb16.png").write_bytes(png16(rgb.astype(int) * 256 + low, 2))
    add("rgb16.png", "png", rgb)
    low = rng.integers(0, 256, rgba.shape)
    (TARGET / "rgba16.png").write_bytes(png16(rgba.astype(int) * 256 + low, 6))
    add("rgba16.png", "png", rgba)
    (TARGET / "grey16.png").write_bytes(png16(grey.astype(int) * 256 + rng.integers(0, 256, grey.shape), 0))
    add("grey16.png", "png", grey)

    inverse = "JPEG leaves the rounding of its inverse transform to the decoder"
    add("rgb.jpg", "jpeg", np.asarray(save("rgb.jpg", Image.fromarray(rgb), quality=92, subsampling=0)), 1, inverse)
    add("grey.jpg", "jpeg", np.asarray(save("grey.jpg", Image.fromarray(grey), quality=92)), 1, inverse)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = f"orientation{orientation}.jpg"
        turned = ImageOps.exif_transpose(save(name, Image.fromarray(rgb), quality=92, subsampling=0, exif=exif))
        add(name, "jpeg", np.asarray(turned), 1, inverse, orientation=orientation)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = ImageOps.exif_transpose(save("orientation6.webp", Image.fromarray(rgb), lossless=True, exif=exif))
    add("orientation6.webp", "webp", np.asarray(turned), orientation=6)

    icc = profile()
    for name, kind, image in [("profile.png", "png", Image.fromarray(rgb)), ("profile_alpha.png", "png", Image.fromarray(rgba))]:
        stored = save(name, image, icc_profile=icc)
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        colours = ImageCms.profileToProfile(
            stored.convert("RGB"), source, ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
        samples = np.asarray(colours)
        if stored.mode == "RGBA":
            samples = np.concatenate([samples, np.asarray(stored)[..., 3:]], -1)
        add(name, kind, samples, 2, "libvips goes through 16-bit Lab, Pillow through littlecms' 8-bit tables")
    wrong = save("wrong_profile.jpg", Image.fromarray(grey), quality=92, icc_profile=icc)
    add("wrong_profile.jpg", "jpeg", np.asarray(wrong), 1, inverse)
    add("wrong_profile.png", "png", np.asarray(save("wrong_profile.png", Image.fromarray(grey), icc_profile=icc)))

    add("rgb.webp", "webp", np.asarray(save("rgb.webp", Image.fromarray(rgb), lossless=True, exact=True)))
    add("rgba.webp", "webp", np.asarray(save("rgba.webp", Image.fromarray(rgba), lossless=True, exact=True)))
    avif = save("rgb.avif", Image.fromarray(rgb), quality=90, subsampling="4:4:4", speed=8)
    add("rgb.avif", "avif", np.asarray(avif), 2, "YCbCr to RGB is libheif's in one and libyuv's in the other")
    add("rgb.bmp", "bmp", np.asarray(save("rgb.bmp", Image.fromarray(rgb))))
    add("rgb.tif", "tiff", np.asarray(save("rgb.tif", Image.fromarray(rgb), compression="tiff_lzw")))
    frames = [Image.fromarray(rgb).quantize(16), Image.fromarray(rgb[::-1].copy()).quantize(16)]
    frames[0].save(TARGET / "frames.gif", save_all=True, append_images=frames[1:], duration=50)
    add("frames.gif", "gif", np.asarray(Image.open(TARGET / "frames.gif").convert("RGB")), pages=2)

    # No two converters of CMYK agree; what counts is that paper is white, ink dark and cyan blue-green.
    ink = np.zeros((8, 24, 4), np.uint8)
    ink[:, 8:16] = [255, 255, 255, 255]
    ink[:, 16:] = [255, 0, 0, 0]
    save("cmyk.jpg", Image.fromarray(ink, "CMYK"), quality=95)
    return files


def write_texts() -> list[dict]:
    texts = [
        ("parameters", "1girl, mira_v3\nNegative prompt: blur\nSteps: 20, Seed: 7", "tEXt"),
        ("note", "café ½", "tEXt"),
        ("prompt", '{"3": {"class": "KSampler — ミラ"}}', "iTXt"),
        ("workflow", "compressed " * 400, "zTXt"),
        ("long", "圧縮 " * 400, "compressed iTXt"),
    ]
    info = PngInfo()
    for key, value, kind in texts:
        if kind.endswith("iTXt"):
            info.add_itxt(key, value, zip=kind.startswith("compressed"))
        else:
            info.add_text(key, value, zip=kind == "zTXt")
    Image.new("RGB", (4, 3), (10, 20, 30)).save(TARGET / "texts.png", pnginfo=info)
    return [{"key": key, "value": value, "kind": kind} for key, value, kind in texts]


def flatten(rng: np.random.Generator) -> list[dict]:
    cases = []
    for channels, background in [(4, (255, 255, 255)), (4, (10, 200, 77)), (2, (128, 0, 255))]:
        samples = rng.integers(0, 256, (6, 7, channels))
        alpha = samples[..., -1:]
        colours = np.repeat(samples[..., :1], 3, -1) if channels == 2 else samples[..., :3]
        total = colours * alpha + np.array(background) * (255 - alpha)
        cases.append(
            {"width": 7, "height": 6, "channels": channels, "samples": hexed(samples), "background": list(background)}
            | {"expected": hexed((2 * total + 255) // 510)}
        )
    return cases


def resize(rng: np.random.Generator) -> list[dict]:
    cases = []
    for channels in (1, 2, 3, 4):
        samples = scene(23, 17, channels, rng)
        for width, height in [(7, 5), (40, 31), (23, 4), (11, 17), (1, 1), (64, 2)]:
            planes = samples.astype(np.float32)
            if channels in (2, 4):
                planes[..., :-1] *= planes[..., -1:] / np.float32(255)
            images = [Image.fromarray(np.ascontiguousarray(planes[..., c])) for c in range(channels)]
            result = np.stack([np.asarray(i.resize((width, height), Image.Resampling.LANCZOS)) for i in images], -1)
            result = result.astype(np.float64)
            if channels in (2, 4):
                alpha = result[..., -1:]
                shown = alpha >= 0.5
                result[..., :-1] = np.where(shown, result[..., :-1] * 255 / np.where(shown, alpha, 1), 0)
            result = np.clip(np.floor(result + 0.5), 0, 255)
            cases.append(
                {"width": 23, "height": 17, "channels": channels, "samples": hexed(samples)}
                | {"toWidth": width, "toHeight": height, "expected": hexed(result)}
            )
    return cases


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(SEED)
    content = {"files": write_files(generator), "texts": write_texts()}
    content |= {"flatten": flatten(generator), "resize": resize(generator)}
    (TARGET / "images.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
