"""Pictures, films and requests that the tests send and get back."""

import base64
import io
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from shared.config import Settings
from shared.media.ffmpeg import write_frames
from shared.providers.base import ImageRequest, Scene, VideoRequest

SECRET = "sk-live-1234567890abcdef"
KEY = (0, 200, 70)
FOX = Scene("A friendly orange fox", "waving", "waving hello")


def settings(**chosen: object) -> Settings:
    """Settings with short waits, that no file or variable of this machine changes."""
    given: dict[str, object] = {
        "google_api_key": SECRET,
        "openai_api_key": SECRET,
        "fal_key": SECRET,
        "provider_timeout": 5.0,
        "provider_poll_timeout": 5.0,
        **chosen,
    }
    return Settings.model_validate(given)


def quiet(share: float) -> None:
    assert 0 <= share <= 1


def png(side: int = 64, mode: str = "RGB", width: int | None = None) -> bytes:
    """A disc in the middle of a picture; with RGBA the rest is clear."""
    size = (width or side, side)
    image = Image.new(mode, size, (255, 255, 255, 0) if mode == "RGBA" else (255, 255, 255))
    ImageDraw.Draw(image).ellipse(
        (side // 4, side // 4, side * 3 // 4, side * 3 // 4), (200, 80, 0)
    )
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def png_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def image_request(**changes: object) -> ImageRequest:
    return ImageRequest(
        **{"prompt": "A fox, waving", "scene": FOX, "seed": 7, "size": 64, **changes}  # type: ignore[arg-type]
    )


def video_request(folder: Path, **changes: object) -> VideoRequest:
    still = folder / "still.png"
    still.write_bytes(png(64, "RGBA"))
    return VideoRequest(
        **{  # type: ignore[arg-type]
            "prompt": "A fox, waving hello",
            "scene": FOX,
            "still": still,
            "seed": 7,
            "duration": 3.0,
            "loop": False,
            "background": KEY,
            "size": 64,
            "fps": 24,
            **changes,
        }
    )


def film(path: Path, seconds: float, fps: int = 24, size: tuple[int, int] = (128, 72)) -> bytes:
    """A film on the key colour: a disc in the middle square, and a grey that grows with time.

    The left and right margins, which a square crop takes away, are red.
    """
    width, height = size
    frames = round(seconds * fps)
    margin = max(0, (width - height) // 2)
    encode = ("-c:v", "libx264", "-crf", "10", "-pix_fmt", "yuv420p", "-preset", "ultrafast")
    with write_frames(path, width, height, Fraction(fps), encode, pixels="rgb24") as write:
        for index in range(frames):
            frame = np.empty((height, width, 3), np.uint8)
            frame[:] = (255, 0, 0)
            frame[:, margin : width - margin] = KEY
            frame[height // 4 : height * 3 // 4, width // 2 - 8 : width // 2 + 8] = round(
                255 * index / max(frames - 1, 1)
            )
            write(frame)
    return path.read_bytes()
