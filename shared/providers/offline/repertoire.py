"""Actions that the artist can draw, in words of several kinds."""

import hashlib
from collections.abc import Mapping

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "wave": ("waving hello", "waving goodbye", "waving with a big smile"),
    "idle": ("standing and smiling", "standing calmly", "standing with a cheeky wink"),
    "thumbs_up": ("giving a thumbs up", "giving a thumbs up, winking", "giving a proud thumbs up"),
    "jump": ("jumping up, laughing", "jumping high, excited", "leaping up happily"),
    "dance": ("dancing happily", "dancing with a smile", "dancing, excited"),
    "sit": ("sitting calmly", "sitting and smiling", "sitting, a little sad"),
    "think": ("thinking", "thinking, confused", "pondering quietly"),
    "celebrate": ("celebrating, laughing", "cheering, excited", "celebrating a victory"),
    "point": ("pointing to the side", "pointing, surprised", "pointing with a smile"),
    "sleep": ("sleeping", "napping peacefully", "dozing and snoring"),
    "run": ("running", "running, excited", "jogging happily"),
    "shrug": ("shrugging", "shrugging, confused", "shrugging with a smile"),
}
"""Pose → ways to ask for it."""


def actions(character: str, count: int) -> tuple[str, ...]:
    """At most `count` actions of different poses, the same ones for the same words."""
    words = " ".join(character.lower().split())

    def chance(what: str) -> int:
        digest = hashlib.sha256(f"{words}\n{what}".encode()).digest()
        return int.from_bytes(digest[:8], "big")

    poses = sorted(ACTIONS, key=chance)[:count]
    return tuple(ACTIONS[pose][chance(f"{pose} how") % len(ACTIONS[pose])] for pose in poses)
