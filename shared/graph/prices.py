"""What things cost, in credits, as data. Everything that is not listed is free."""

import math

from shared.model.request import GenerateRequest, GenerateType

STILL = {GenerateType.IMAGE: 1, GenerateType.EDIT: 1, GenerateType.LOGO: 5}
STILL_OF_FILM = 1
VIDEO_SECOND = 5


def still_price(request: GenerateRequest) -> int:
    """The credits for drawing the still that a request begins with."""
    return STILL.get(request.type, STILL_OF_FILM)


def film_price(request: GenerateRequest) -> int:
    """The credits for moving it."""
    return seconds_price(request.duration)


def seconds_price(duration: float) -> int:
    """The credits for a film; a begun second counts whole."""
    return VIDEO_SECOND * math.ceil(duration)
