"""The step `intake` decodes nothing: it has a film decoded, and copies a picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.steps import intake
from shared.errors import Busy, PermanentError, TransientError
from shared.media import ffmpeg
from shared.model.asset import Asset
from shared.model.job import Job, JobStatus, StepKind, StepStatus
from shared.ports import Bucket, ImportedFilm
from shared.services import decoding, deletion, generation, imports, uploads
from shared.services.imports import Target
from tests.infra.slim import PIXEL
from tests.services.world import Tenant, World

MP4 = b"\0\0\0\x18ftypisom"
FILM = ImportedFilm(
    sha256="0" * 64,
    bytes=6,
    width=64,
    height=48,
    frames=12,
    fps=12.0,
    duration=1.0,
    source={"codec": "h264"},
    background=None,
    palette=((1, 2, 3),),
    verification={"frames": 12},
)


class Asked:
    """A decoder of films that answers, or raises, one thing after another."""

    def __init__(self, world: World, *answers: ImportedFilm | Exception) -> None:
        self.films: list[tuple[str, str]] = []
        self._answers = list(answers)
        self._blobs = world.ports.blobs
        decoder: Any = self
        world.ports = replace(world.ports, decoder=decoder)

    def film(self, upload: str, master: str) -> ImportedFilm:
        self.films.append((upload, master))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self._blobs.put(Bucket.WORK, master, b"master", content_type="video/mp4")
        return answer


@pytest.fixture(autouse=True)
def real(world: World) -> None:
    world.codes[StepKind.INTAKE] = intake.run


def bring(world: World, tenant: Tenant, upload: Asset) -> Job:
    proposal = imports.propose(
        world.ports, tenant.who, tenant.collection.id, upload, Target("Mine")
    )
    return generation.accept(world.ports, world.settings, tenant.who, proposal).job


def a_film(world: World, tenant: Tenant, content: bytes = MP4) -> tuple[Job, str]:
    invited = uploads.invite(world.ports, tenant.who, "video/mp4", is_film=True)
    upload = imports.uploaded(world.ports, tenant.who, invited.asset_id, field="asset_id")
    name = uploads.Upload(tenant.who.workspace_id, upload.id, upload.path).raw
    job = bring(world, tenant, upload)
    world.ports.blobs.put(Bucket.UPLOADS, name, content, content_type="video/mp4")
    return job, name


def test_a_film_is_decoded_elsewhere(world: World, tenant: Tenant) -> None:
    job, name = a_film(world, tenant)
    decoder = Asked(world, FILM)
    world.deliver_next(StepKind.INTAKE.value)
    step = world.job(job).steps["intake"]
    assert step.status is StepStatus.SUCCEEDED
    [output] = step.outputs.values()
    assert decoder.films == [(name, output.work_path)]
    assert output.work_path.startswith(f"{tenant.who.workspace_id}/{job.id}/intake/1/")
    assert (output.content.sha256, output.content.frames) == (FILM.sha256, 12)
    assert output.metadata["palette"] == [[1, 2, 3]]
    public = world.public()[job.assets["video"].path]
    assert world.ports.blobs.read(Bucket.ASSETS, public.name) == b"master"


def test_a_decoder_without_room_costs_no_try(world: World, tenant: Tenant) -> None:
    job, _ = a_film(world, tenant)
    decoder = Asked(world, *(Busy("There is no room."),) * 20, FILM)
    for _ in range(21):
        assert world.deliver_next(StepKind.INTAKE.value)
    assert len(decoder.films) == 21
    assert world.job(job).steps["intake"].status is StepStatus.SUCCEEDED
    assert world.job(job).steps["intake"].attempt == 1


def test_a_film_that_no_instance_survives_ends(world: World, tenant: Tenant) -> None:
    job, _ = a_film(world, tenant)
    decoder = Asked(world, *(TransientError("decoder_failed", "It died."),) * 20)
    world.drain()
    assert len(decoder.films) == 5
    ended = world.job(job)
    assert (ended.status, ended.error and ended.error.code) == (JobStatus.FAILED, "decoder_failed")


def test_a_refusal_is_the_jobs_error(world: World, tenant: Tenant) -> None:
    job, _ = a_film(world, tenant)
    Asked(world, PermanentError("film_too_large", "The film is too long."))
    world.drain()
    error = world.job(job).error
    assert error
    assert (error.code, error.message) == ("film_too_large", "The film is too long.")


def test_a_film_in_earnest(world: World, tenant: Tenant, tmp_path: Path) -> None:
    source = "color=c=0x808080:size=64x48:rate=12:duration=0.5,drawbox=20:10:20:20:red:fill"
    target = tmp_path / "film.mp4"
    ffmpeg.run(("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-y", str(target)))
    job, _ = a_film(world, tenant, target.read_bytes())
    world.deliver_next(StepKind.INTAKE.value)
    [output] = world.job(job).steps["intake"].outputs.values()
    assert (output.content.width, output.content.height, output.content.frames) == (64, 48, 6)
    assert output.metadata["verification"]["codec"] == "h264"
    assert output.metadata["palette"]


def test_a_picture_is_copied(world: World, tenant: Tenant) -> None:
    upload = uploads.store(world.ports, tenant.who, PIXEL)
    Asked(world)
    job = bring(world, tenant, upload)
    world.deliver_next(StepKind.INTAKE.value)
    [output] = world.job(job).steps["intake"].outputs.values()
    assert output.content == upload.content
    copied = world.ports.blobs.read(Bucket.WORK, output.work_path)
    assert copied == world.ports.blobs.read(Bucket.ASSETS, upload.path)
    stored = world.ports.blobs.stat(Bucket.WORK, output.work_path)
    assert stored is not None
    assert stored.content_type == "image/png"
    assert output.metadata["verification"]["bytes"] == len(copied)


def test_a_picture_that_was_deleted(world: World, tenant: Tenant) -> None:
    upload = uploads.store(world.ports, tenant.who, PIXEL)
    job = bring(world, tenant, upload)
    deletion.delete_asset(world.ports, tenant.who, upload.id)
    world.drain()
    error = world.job(job).error
    assert error
    assert error.code == "source_deleted"


@pytest.mark.parametrize(
    ("fault", "expected", "reason"),
    [
        (ZeroDivisionError(), PermanentError, "film_unsupported"),
        (RecursionError(), PermanentError, "film_unsupported"),
        (MemoryError(), TransientError, "decoder_failed"),
        (OSError(), OSError, None),
    ],
    ids=repr,
)
def test_what_nobody_foresaw_is_said_of_the_film(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fault: Exception,
    expected: type[Exception],
    reason: str | None,
) -> None:
    """It would not pass with the next try. A disk that is full is not the film's doing."""

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("shared.media.foreign.take_in", fail)
    with pytest.raises(expected) as caught:
        decoding.import_film(tmp_path / "film", tmp_path / "master.mp4")
    assert getattr(caught.value, "reason", None) == reason
