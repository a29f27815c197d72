"""A project: the top of the hierarchy, one app or one client's work."""

from shared.model.base import Entity


class Project(Entity):
    name: str
    organization_id: str | None = None
