"""A canvas for players, made of what is ready."""

from typing import Any

from shared.errors import Conflict
from shared.graph import canvas_export
from shared.model.canvas import Canvas
from shared.ports import Ports
from shared.services.canvases import states
from shared.services.keys import Principal

TOLD = 5
"""How many of the things that are missing the message names; the others are in `errors`."""


def export(
    ports: Ports, who: Principal, canvas: Canvas, *, partial: bool, extended: bool
) -> dict[str, Any]:
    """The configuration "2.0" of a canvas. Conflict names what is not ready, of which a `partial`
    one leaves out what it can do without."""
    state = states.read(ports, who, canvas).state
    missing = canvas_export.missing(canvas, state, partial=partial)
    if missing:
        told = "; ".join(one.message for one in missing[:TOLD])
        rest = f"; and {len(missing) - TOLD} more" if len(missing) > TOLD else ""
        errors = [one.as_dict() for one in missing]
        raise Conflict(f"This canvas cannot be exported yet: {told}{rest}.", errors=errors)
    return canvas_export.export(
        canvas, state, lambda asset: ports.blobs.public_url(asset.path), extended=extended
    )
