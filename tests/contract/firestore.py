"""Firestore's emulator; each test has a project of its own in it."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

from shared.adapters.gcp.documents import FirestoreDocuments
from shared.ports import Documents
from tests.contract.world import Place


@contextmanager
def documents(place: Place) -> Iterator[Documents]:
    project = f"test-{uuid.uuid4().hex[:12]}"
    with closing(FirestoreDocuments(project, emulator=place.fixture("firestore"))) as documents:
        yield documents
