"""What functions do with the largest inputs that are accepted, each in a process of its own:

    python -m tests.infra.memory_work NAME INPUTS HOME

INPUTS is a folder with the files of `memory_inputs`, HOME one for what a bucket or a database would
keep. Whatever lies in the temporary folder counts as memory.
"""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar, cast

from shared.config import settings
from shared.model.asset import EXTENSIONS, AssetType
from shared.model.job import JobType
from shared.services.steps import Source, StepContext

T = TypeVar("T")
Do = Callable[[Sequence[Path], Path], None]


@dataclass(frozen=True, slots=True)
class Work:
    """One request of a function, or as many at once as it takes, with the inputs of these names.
    `long` says that it is left to `make test-long`."""

    function: str
    do: Do
    inputs: tuple[str, ...]
    long: bool = False


def ingest(files: Sequence[Path], home: Path) -> None:
    """Upload pictures, all at once, without `decode` to open them: more than where there is one."""
    from tests.api.client import Client

    tenant = _served(home).tenant()

    def upload(file: Path) -> None:
        form = {"file": (io.BytesIO(file.read_bytes()), file.name)}
        answer = Client("ingest", tenant.key).ask("POST", "/v1/upload", data=form)
        assert answer.status == 201, answer.body

    _all_at_once(upload, files)


def decode_picture(files: Sequence[Path], home: Path) -> None:
    from shared.services import decoding

    target = Path(tempfile.mkdtemp()) / "clean.png"
    decoding.clean_picture(files[0].read_bytes(), target)


def style_card(files: Sequence[Path], home: Path) -> None:
    from functions.steps import style_card

    context = _context(
        {file.name: _source(file, AssetType.IMAGE) for file in files},
        params={"provider": "offline"},
        collection=SimpleNamespace(id="c", reference_asset_ids=tuple(file.name for file in files)),
    )
    made: Any = style_card.run(context)
    assert made.learned.args[-1].palette


def image(files: Sequence[Path], home: Path) -> None:
    """The offline artist draws; a provider's answer may be as large as an upload."""
    from functions import composition
    from shared.graph.plan import IMAGE_SIZE
    from shared.media.verify import verify_still
    from shared.providers.base import ImageRequest, Picture, Scene
    from shared.providers.square import square_png

    folder = Path(tempfile.mkdtemp())
    request = ImageRequest("", Scene("an orange fox", "waving"), 7, IMAGE_SIZE)
    picture = composition.image_provider("offline").generate(request, folder, lambda share: None)
    assert isinstance(picture, Picture)
    square_png(files[0].read_bytes(), picture.path, IMAGE_SIZE)
    verify_still(picture.path, alpha=False)


def cutout(method: str) -> Do:
    def do(files: Sequence[Path], home: Path) -> None:
        from functions.steps import cutout

        context = _context(
            {"image": _source(files[0], AssetType.IMAGE)},
            makes={"transparent_image": AssetType.TRANSPARENT_IMAGE},
        )
        (made,) = cutout.run(context).files.values()
        assert made.metadata["cutout"]["method"] == method

    return do


def validate(files: Sequence[Path], home: Path) -> None:
    from functions.steps import validate
    from tests.infra.memory_inputs import GREY

    draft = SimpleNamespace(metadata={}, content=SimpleNamespace(stance=None))
    changed: list[Any] = []
    draft.with_ = lambda **changes: changed.append(changes)
    context = _context(
        {
            "image": _source(files[0], AssetType.IMAGE, background=list(GREY)),
            "cutout": _source(files[1], AssetType.TRANSPARENT_IMAGE),
        },
        params={"shows": "figure", "imported": True},
        makes={"image": AssetType.IMAGE, "transparent_image": AssetType.TRANSPARENT_IMAGE},
        draft=draft,
    )
    validate.run(context)
    assert changed


def resize(files: Sequence[Path], home: Path) -> None:
    from functions.steps import resize

    context = _context(
        {"still": _source(files[0], AssetType.TRANSPARENT_IMAGE)},
        makes={f"still-{size}": AssetType.TRANSPARENT_IMAGE for size in (1024, 512, 256)},
    )
    assert len(resize.run(context).files) == 3


def video(files: Sequence[Path], home: Path) -> None:
    from functions.steps import video
    from shared.graph.plan import VIDEO_SIZE

    still = _source(files[0], AssetType.TRANSPARENT_IMAGE)
    params = {"motion": "waves", "loop": False, "duration": 2, "size": VIDEO_SIZE}
    context = _context(
        {"still": still, "end_still": still},
        params={**params, "provider": "offline"},
        makes={"video": AssetType.VIDEO},
    )
    made: Any = video.run(context)
    assert made.files


def decode_film(files: Sequence[Path], home: Path) -> None:
    from shared.services import decoding

    source = _copied(files[0])
    decoding.import_film(source, source.with_name("master.mp4"))


def reverse(files: Sequence[Path], home: Path) -> None:
    from functions.steps import reverse

    context = _context(
        {"video": _source(files[0], AssetType.VIDEO)}, makes={"reversed": AssetType.VIDEO}
    )
    assert reverse.run(context).files


def transcode(*sizes: int | None) -> Do:
    """Every format that there is, in these sizes."""

    def do(files: Sequence[Path], home: Path) -> None:
        from functions.steps import transcode
        from shared.media.formats import FORMATS
        from shared.model.collection import Quality

        context = _context(
            {"video": _source(files[0], AssetType.VIDEO)},
            makes={f"{kind}-{size}": AssetType(kind) for kind in FORMATS for size in sizes},
            collection=SimpleNamespace(settings=SimpleNamespace(quality=Quality.BEST)),
        )
        assert len(transcode.run(context).files) == len(FORMATS) * len(sizes)

    return do


# Decoders of WebP take most: the animation's canvas twice, and two copies of the frame.
_FOUR: Final = ("moving.webp", "sky.webp") * 2

WORK: Final[dict[str, Work]] = {
    "ingest": Work("ingest", ingest, _FOUR),
    "decode-picture": Work("decode", decode_picture, ("moving.webp",)),
    "decode-jpeg": Work("decode", decode_picture, ("progressive.jpg",), long=True),
    "decode-gif": Work("decode", decode_picture, ("moving.gif",), long=True),
    "decode-palette": Work("decode", decode_picture, ("palette.png",), long=True),
    "decode-film": Work("decode", decode_film, ("alpha.webm",), long=True),
    "decode-long-film": Work("decode", decode_film, ("alpha-long.webm",), long=True),
    "style-card": Work("style_card", style_card, ("kept.png", "kept-sky.png"), long=True),
    "image": Work("image", image, ("moving.webp",)),
    "cutout-alpha": Work("cutout", cutout("alpha"), ("rgba.png",), long=True),
    "cutout-key": Work("cutout", cutout("key"), ("flat.png",)),
    "cutout-network": Work("cutout", cutout("rembg"), ("sky.webp",)),
    "validate": Work("validate", validate, ("kept.png", "kept-cutout.png")),
    "video": Work("video", video, ("kept-cutout.png",), long=True),
    "resize": Work("resize", resize, ("kept-cutout.png",)),
    "reverse": Work("reverse", reverse, ("film.mp4",), long=True),
    "reverse-long": Work("reverse", reverse, ("film-long.mp4",), long=True),
    "transcode": Work("transcode", transcode(256), ("film.mp4",), long=True),
    "transcode-long": Work("transcode", transcode(None, 512, 256), ("film.mp4",), long=True),
}


def _all_at_once(do: Callable[[T], None], each: Iterable[T]) -> None:
    these = list(each)
    with ThreadPoolExecutor(len(these)) as pool:
        list(pool.map(do, these))


def _served(home: Path) -> Any:
    """A world behind the functions, whose files and documents lie in `home`."""
    from functions import composition
    from shared.media import decoding
    from tests.services.world import World

    decoding.GATE._max_wait = 3600  # on a busy machine, too
    world = World(home)
    composition.ports = lambda: world.ports  # type: ignore[assignment]
    return world


def _copied(file: Path) -> Path:
    """Where a step downloads its inputs to: the disk, which is memory."""
    folder = Path(tempfile.mkdtemp())
    return Path(shutil.copy(file, folder))


def _source(file: Path, type_: AssetType, **metadata: Any) -> Source:
    return Source(file.name, type_, _copied(file), metadata, None)


def _context(
    sources: dict[str, Source],
    *,
    params: dict[str, Any] | None = None,
    makes: dict[str, AssetType] | None = None,
    collection: Any = None,
    draft: Any = None,
) -> StepContext:
    """What a step's code sees, without a job behind it."""
    folder, made = Path(tempfile.mkdtemp()), makes or {}
    sizes = {key: key.rpartition("-")[2] for key in made}
    assets = {
        key: SimpleNamespace(type=type_, size=int(sizes[key]) if sizes[key].isdigit() else None)
        for key, type_ in made.items()
    }
    step = SimpleNamespace(
        params=params or {},
        inputs={name: name for name in sources},
        makes=tuple(made),
        files=tuple(made),
        needs=(),
        operation=None,
    )
    job = SimpleNamespace(
        type=JobType.IMPORT, steps={}, assets=assets, workspace_id="w", needs_review=False
    )
    known = collection or SimpleNamespace(id="c", prompt="a fox", seed=7, reference_asset_ids=())
    context = SimpleNamespace(
        job=job,
        step=step,
        folder=folder,
        settings=settings(),
        ports=None,
        source=lambda role: sources[role],
        asset=lambda asset_id: sources[asset_id],
        has_source=lambda role: role in sources,
        target=lambda key: folder / f"{key}.{EXTENSIONS[made[key]]}",
        character=lambda: (known, None),
        collection=lambda: known,
        draft=lambda key: draft,
        progress=lambda share: None,
        is_last_try=True,
    )
    return cast(StepContext, context)


def main() -> None:
    name, inputs, home = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    # What every function has loaded when it does its work on Google Cloud.
    from google.cloud import firestore, storage, tasks_v2  # noqa: F401

    import functions.main  # noqa: F401

    work = WORK[name]
    work.do([inputs / file for file in work.inputs], home)


if __name__ == "__main__":
    main()
