"""The implementations that the contract suite runs on; to run it on another one, add it here."""

from collections.abc import Mapping

from shared.ports import Blobs, Documents, Tasks
from tests.contract import cloud_storage, cloud_tasks, embedded, firestore
from tests.contract.world import Implementation

DOCUMENTS: Mapping[str, Implementation[Documents]] = {
    "embedded": embedded.documents,
    "firestore": firestore.documents,
}

BLOBS: Mapping[str, Implementation[Blobs]] = {
    "embedded": embedded.blobs,
    "cloud_storage": cloud_storage.blobs,
}

TASKS: Mapping[str, Implementation[Tasks]] = {
    "embedded": embedded.tasks,
    "cloud_tasks": cloud_tasks.tasks,
}
