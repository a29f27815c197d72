"""The character of a still, cut out of its background."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from shared.media import Rgb

WEIGHTS = "u2netp.onnx"
"""The file in the weights folder that the network is loaded from."""

Method = Literal["alpha", "key", "rembg"]


@dataclass(frozen=True, slots=True)
class CutoutReport:
    """How a still was cut out: `alpha` if it came with one, `key` if its background is flat.

    `background` is the measured key colour (method `key` only), `coverage` the opaque share.
    """

    method: Method
    width: int
    height: int
    coverage: float
    background: Rgb | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def cut_out(source: Path, target: Path, background: Rgb | None, weights: Path) -> CutoutReport:
    """Write the character in `source` to `target`, an RGBA PNG of the same size.

    `background` is the flat colour that the still is known to stand on, `weights` the folder that
    holds `u2netp.onnx`, needed only where the background is not flat. Raises `PermanentError`:
    "weights_missing", "cutout_empty" (nothing was left, or nothing was taken away); `BadRequest`
    as `stills.open_image` does.
    """
    raise NotImplementedError
