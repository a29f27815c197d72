"""Placeholders: what a public path serves until its file is there."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.resources import files

from shared.errors import Conflict
from shared.graph.advance import unmade
from shared.model.asset import CONTENT_TYPES, EXTENSIONS, AssetType
from shared.model.job import Job, PlannedAsset
from shared.ports import Bucket, Ports
from shared.services import jobstore

MARK = {"placeholder": "true"}
"""The metadata by which people and tools tell a placeholder from what it stands for."""


def content_type(asset: PlannedAsset) -> str:
    return CONTENT_TYPES[EXTENSIONS[asset.type]]


@cache
def _content(type_: AssetType) -> bytes:
    """A tiny transparent file of the type, made once and shipped with the source."""
    name = f"{type_.value}.{EXTENSIONS[type_]}"
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
    for asset in job.assets.values():
        with suppress(Conflict):
            ports.blobs.put(
                Bucket.ASSETS,
                asset.path,
                _content(asset.type),
                content_type=content_type(asset),
                cache_control="no-store",
                metadata={**MARK, **job.metadata_of(asset.id)},
                if_generation=0,
            )


def remove(ports: Ports, job: Job, keys: Iterable[str]) -> None:
    """Take away what stands at the paths of assets that will never be files."""
    for key in keys:
        ports.blobs.delete(Bucket.ASSETS, job.assets[key].path)
