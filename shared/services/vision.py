"""Looking at pictures of characters while a client waits: what a vision provider sees in them, and
what their pixels measure."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shared.errors import PermanentError
from shared.media.cutout import cut_out
from shared.media.stills import load, shrink
from shared.media.style import measure
from shared.model.asset import Asset
from shared.model.style import Measurement
from shared.ports import Bucket, Ports
from shared.providers.base import Description, VisionProvider
from shared.services.answers import required

log = logging.getLogger(__name__)

SIDE = 1024
"""Pixels that are enough to see a character by; larger pictures are made smaller."""
LONGEST_NAME, LONGEST_PROMPT = 120, 4000
"""What a collection takes."""


def download(ports: Ports, asset: Asset, folder: Path) -> Path:
    """A picture of the workspace, which was written by us, in `folder`, small enough to look at."""
    whole, target = folder / f"{asset.id}-whole", folder / f"{asset.id}.png"
    ports.blobs.download(Bucket.ASSETS, asset.path, whole)
    try:
        shrink(whole, target, SIDE)
    finally:
        whole.unlink()
    return target


def describe(provider: VisionProvider, pictures: Sequence[Path], *, field: str) -> Description:
    """What a provider sees in pictures of one character, in lengths that a collection takes.

    Faults as `shared.services.answers.required` says.
    """
    seen = required(provider.describe(pictures), field=field)
    name = " ".join(seen.name.split())[:LONGEST_NAME].strip() or "Mascot"
    character = seen.character.strip()[:LONGEST_PROMPT].strip() or name
    return replace(seen, name=name, character=character)


def describe_assets(
    ports: Ports, provider: VisionProvider, assets: Sequence[Asset], *, field: str
) -> Description:
    """What a provider sees in pictures of the workspace, which show one character."""
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        pictures = [download(ports, asset, Path(folder)) for asset in assets]
        return describe(provider, pictures, field=field)


def measure_figure(picture: Path, weights: Path) -> Measurement | None:
    """What the pixels of the figure say; None if it cannot be told from its background."""
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        figure = Path(folder) / "figure.png"
        try:
            cut_out(picture, figure, None, weights)
            return measure(load(figure, "RGBA"))
        except PermanentError as error:
            log.info("no figure was measured", extra={"reason": error.reason})
            return None
