"""Placeholders: what a public path serves until its file is there."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.resources import files

from shared.errors import Conflict
from shared.graph.advance import unmade
from shared.model.asset import AssetType, content_type
from shared.model.job import Job
from shared.ports import Bucket, Ports
from shared.services import jobstore

MARK = {"placeholder": "true"}
"""The metadata by which people and tools tell a placeholder from what it stands for."""


@cache
def _content(type_: AssetType, extension: str) -> bytes:
    """A tiny transparent file of the type, made once and shipped with the source."""
    name = f"{type_.value}.{extension}"
    return (files("shared.services") / "placeholder_files" / name).read_bytes()


def put_all(ports: Ports, job: Job) -> None:
    """Stand a placeholder at every path of a job, where nothing stands yet; of one that has ended
    meanwhile, nothing is left standing."""
    _put(ports, job)
    loaded = jobstore.load(ports.documents, job.workspace_id, job.id)
    if loaded is None:
        remove(ports, job, job.assets)
    elif loaded[0].finished:
        remove(ports, job, unmade(loaded[0]))


def _put(ports: Ports, job: Job) -> None:
    paths = [(asset, path) for asset in job.assets.values() for path in asset.paths]
    for asset, path in paths:
        with suppress(Conflict):
            ports.blobs.put(
                Bucket.ASSETS,
                path,
                _content(asset.type, path.rpartition(".")[2]),
                content_type=content_type(path),
                cache_control="no-store",
                metadata={**MARK, **job.metadata_of(asset.id)},
                if_generation=0,
            )


def remove(ports: Ports, job: Job, keys: Iterable[str]) -> None:
    """Take away what stands at the paths of assets that will never be files."""
    for path in (path for key in keys for path in job.assets[key].paths):
        ports.blobs.delete(Bucket.ASSETS, path)
