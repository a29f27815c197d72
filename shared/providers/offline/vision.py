"""Looking without a network: what the pixels of a picture say."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from shared.config import Settings
from shared.errors import PermanentError
from shared.media.cutout import cut_out
from shared.media.stills import load
from shared.providers.base import Description, Refused, Sighting
from shared.providers.looking import MAX_PICTURES
from shared.providers.offline.portrayal import portray
from shared.providers.offline.regions import Glance, look
from shared.providers.offline.repertoire import actions

NO_FIGURE = ("cutout_empty", "empty_picture")


class OfflineVision:
    """Tells a character's colours, where they are, its lines and its proportions, and suggests what
    the offline artist can draw. The same pictures give the same words."""

    name = "offline"

    def __init__(self, settings: Settings) -> None:
        self._weights = settings.weights

    def describe(self, pictures: Sequence[Path]) -> Description | Refused:
        """What one to six pictures show on the whole; those without a figure are passed over."""
        if not 1 <= len(pictures) <= MAX_PICTURES:
            raise ValueError(f"{len(pictures)} pictures to look at, not 1 to {MAX_PICTURES}")
        glances = [glance for picture in pictures if (glance := self._look(picture))]
        if not glances:
            return Refused(
                "No character stands out from its background; "
                "give a picture of the whole figure on a plain background."
            )
        return portray(glances)

    def find(self, picture: Path, features: Sequence[str]) -> Sighting:
        """Nothing is missing and nothing added: pixels do not tell what a thing is called."""
        return Sighting(missing=(), added=())

    def suggest(self, character: str, count: int) -> tuple[str, ...]:
        """At most `count` actions, one for each pose that the artist knows."""
        return actions(character, count)

    def _look(self, picture: Path) -> Glance | None:
        """A look at the figure in a picture, None if there is none."""
        with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
            figure = Path(folder) / "figure.png"
            try:
                cut_out(picture, figure, None, self._weights)
                return look(load(figure, "RGBA"))
            except PermanentError as error:
                if error.reason in NO_FIGURE:
                    return None
                raise
