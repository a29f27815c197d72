"""Pictures and a film as large as strangers may send them."""

import io
import subprocess
from pathlib import Path

from PIL import Image, ImageDraw

from shared.media import ffmpeg

LARGEST = (7300, 5475)
"""Just below 40,000,000 pixels."""


def on_a_key() -> bytes:
    """A figure before one flat colour, as PNG."""
    return _saved(_figure(Image.new("RGB", LARGEST, (20, 220, 60))), "PNG")


def on_a_meadow() -> bytes:
    """A figure before a background of many colours, as a progressive JPEG: the cut-out asks the
    network."""
    ground = Image.radial_gradient("L").resize(LARGEST)
    noise = Image.effect_noise((365, 274), 60).resize(LARGEST)
    meadow = Image.merge("RGB", (noise, ground, Image.linear_gradient("L").resize(LARGEST)))
    return _saved(_figure(meadow), "JPEG", quality=80, progressive=True)


def film(folder: Path) -> bytes:
    """A second of a ball on a flat colour, as somebody else's encoder writes it."""
    target = folder / "ball.mp4"
    picture = "color=c=0x14dc3c:s=320x240:r=24:d=1"
    inside = "lt(hypot(X-80-6*N,Y-120),50)"
    ball = f"geq=r='if({inside},220,20)':g='if({inside},60,220)':b=60"
    command = [ffmpeg.binary(), "-v", "error", "-f", "lavfi", "-i", picture]
    command += ["-vf", f"format=rgb24,{ball}", "-pix_fmt", "yuv420p", "-y", str(target)]
    subprocess.run(command, check=True, timeout=120)
    return target.read_bytes()


def _figure(background: Image.Image) -> Image.Image:
    draw = ImageDraw.Draw(background)
    width, height = background.size
    draw.ellipse(
        (width // 3, height // 5, 2 * width // 3, 4 * height // 5),
        fill=(240, 130, 40),
        outline=(40, 20, 10),
        width=width // 100,
    )
    return background


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format_, **options)
    return content.getvalue()
