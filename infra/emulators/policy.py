"""Who may do what in a project: the grants of a deployment, asked as Google's IAM answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

EVERYBODY: Final = "allUsers"

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "roles/datastore.user": frozenset({"datastore.entities"}),
    "roles/run.invoker": frozenset({"run.routes.invoke"}),
    "roles/cloudtasks.enqueuer": frozenset({"cloudtasks.tasks.create"}),
    "roles/iam.serviceAccountUser": frozenset({"iam.serviceAccounts.actAs"}),
    "roles/iam.serviceAccountTokenCreator": frozenset({"iam.serviceAccounts.signBlob"}),
    "roles/storage.legacyObjectReader": frozenset({"storage.objects.get"}),
    "roles/storage.objectCreator": frozenset({"storage.objects.create"}),
    "roles/storage.objectViewer": frozenset({"storage.objects.get", "storage.objects.list"}),
    "roles/storage.objectUser": frozenset(
        f"storage.objects.{verb}" for verb in ("get", "list", "create", "update", "delete")
    ),
}
"""What the roles that we grant permit, as far as the functions ask for it; see
https://cloud.google.com/iam/docs/roles-permissions. A role that is not here permits nothing."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of a member on one resource, such as `bucket/NAME`, or on the whole project ("")."""

    role: str
    member: str
    resource: str = ""


class Policy:
    """All grants of a project."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._grants = frozenset(grants)

    def allows(self, account: str | None, permission: str, resource: str) -> bool:
        """Whether a service account (None: nobody in particular) has a permission there."""
        members = {EVERYBODY, f"serviceAccount:{account}"} if account else {EVERYBODY}
        return any(
            grant.member in members
            and grant.resource in ("", resource)
            and permission in ROLES.get(grant.role, ())
            for grant in self._grants
        )

    def is_public(self, permission: str, resource: str) -> bool:
        """Whether everybody has the permission."""
        return self.allows(None, permission, resource)
