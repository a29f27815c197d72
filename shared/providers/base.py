"""The provider protocols: who draws the still, who moves it, and who looks at it.

A refusal, a wait and a full queue are expected outcomes and come back as values; a fault is raised
as `TransientError` or `PermanentError`. A provider never sleeps and never retries a paid submit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from shared.media import Progress as Progress
from shared.media import Rgb as Rgb
from shared.model.stance import Footing as Footing


@dataclass(frozen=True, slots=True)
class Scene:
    """The words behind a picture, kept apart so that an artist who understands them can use them.

    `character` says who it is, `action` what the still shows, `motion` how it moves, and `edits`
    what was changed about it since, one instruction after the other.
    """

    character: str
    action: str
    motion: str = ""
    edits: tuple[str, ...] = ()


class Framing(StrEnum):
    """What a still shows of the character."""

    FIGURE = "figure"
    """All of it, with a margin on every side."""
    LOGO = "logo"
    """Its head alone, large and simple, facing the viewer."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """`prompt` is the full composed text, `scene` the same in parts, `size` the square's width."""

    prompt: str
    scene: Scene
    seed: int
    size: int = 1024
    framing: Framing = Framing.FIGURE
    references: tuple[Path, ...] = ()
    edited: Path | None = None
    """The still to change as `prompt` says, instead of drawing a new one."""

    @property
    def pictures(self) -> tuple[Path, ...]:
        """What a provider should look at, the still to be changed first."""
        return (*((self.edited,) if self.edited else ()), *self.references)


@dataclass(frozen=True, slots=True)
class Picture:
    """A still in a file. `background` is the flat key colour that it is known to stand on, if any,
    and `footing` where the figure stands, if the provider draws all poses in one frame; `metadata`
    holds what the asset should tell its owner (words that could not be drawn, …)."""

    path: Path
    model: str
    background: Rgb | None
    footing: Footing | None = None
    cost_usd: float = 0.0
    parameters: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """Move `still` (a cut-out PNG with alpha) on a flat `background`.

    `scene` is None when nobody knows the words behind the still (an upload). `end_still` and
    `end_scene` are the last frame's pose; a loop ends where it starts.
    """

    prompt: str
    scene: Scene | None
    still: Path
    seed: int
    duration: float
    loop: bool
    background: Rgb
    size: int = 512
    fps: int = 24
    end_still: Path | None = None
    end_scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """A film in a file: H.264 in MP4, square, without sound."""

    path: Path
    model: str
    cost_usd: float = 0.0
    parameters: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not make this, and says why; asking again is pointless."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody else's machine is at work: ask for `operation` again after `delay` seconds."""

    operation: str
    delay: float


@dataclass(frozen=True, slots=True)
class Later:
    """The provider takes no more for now and has started nothing: try again after `delay` seconds.
    This is no failure and uses up no attempt."""

    delay: float


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody sees in pictures of one character.

    `character` is a prompt that would draw it again; `features` name what makes it itself, one
    short noun phrase each ("blue scarf", "white-tipped tail").
    """

    name: str
    character: str
    features: tuple[str, ...]
    shading: str
    summary: str
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """Which of the features that were asked for are there, and which are there unasked."""

    missing: tuple[str, ...]
    added: tuple[str, ...]
    cost_usd: float = 0.0


class ImageProvider(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def repeatable(self) -> bool:
        """Whether asking a second time, after a crash, costs nothing."""
        ...

    def generate(
        self, request: ImageRequest, folder: Path, progress: Progress
    ) -> Picture | Refused | Later:
        """Draw one still into a file in `folder`."""
        ...


class VideoProvider(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def repeatable(self) -> bool:
        """Whether asking a second time, after a crash, costs nothing."""
        ...

    def submit(
        self, request: VideoRequest, folder: Path, progress: Progress
    ) -> Film | Waiting | Refused | Later:
        """Start a film; a provider that is quick enough may return it at once."""
        ...

    def poll(
        self, operation: str, request: VideoRequest, folder: Path, progress: Progress
    ) -> Film | Waiting | Refused | Later:
        """Ask after a film that was started earlier, by the operation that `submit` gave, which
        was given the same `request`."""
        ...


class VisionProvider(Protocol):
    @property
    def name(self) -> str: ...

    def describe(self, pictures: Sequence[Path]) -> Description | Refused | Later:
        """Look at one to six pictures of one character."""
        ...

    def find(self, picture: Path, features: Sequence[str]) -> Sighting | Refused | Later:
        """Look for a character's features in a picture of it."""
        ...

    def suggest(self, character: str, count: int) -> tuple[str, ...] | Refused | Later:
        """Actions that would suit a character, a few words each."""
        ...
