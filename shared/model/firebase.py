"""Who may enter a workspace with a token of Firebase Authentication instead of a key."""

import re
from typing import Annotated

from shared.model.base import Entity, matching
from shared.model.workspace import Origin, Scope

_PROJECT_ID = "[a-z][a-z0-9-]{4,28}[a-z0-9]"

FirebaseProjectId = Annotated[
    str,
    matching(
        _PROJECT_ID,
        "must be the id of a Firebase project, such as my-app-1a2b3: "
        "6 to 30 lower-case letters, digits and hyphens",
    ),
]


def is_project_id(text: str) -> bool:
    """Whether a text can be the id of a Firebase project."""
    return re.fullmatch(_PROJECT_ID, text) is not None


class FirebaseProject(Entity):
    """A Firebase project whose users may enter one workspace; its `id` is Firebase's own.

    `scopes` are what each user has at most. `allowed_origins` bind the users to web pages; without
    any they may come from everywhere.
    """

    workspace_id: str
    scopes: tuple[Scope, ...]
    allowed_origins: tuple[Origin, ...] = ()
