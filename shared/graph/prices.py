"""What things cost, in credits, as data. Everything that is not listed is free."""

import math

from shared.model.request import GenerateRequest, GenerateType

STILL = {GenerateType.IMAGE: 1, GenerateType.EDIT: 1, GenerateType.LOGO: 5}
STILL_OF_FILM = 1
VIDEO_SECOND = 5


def price(request: GenerateRequest) -> int:
    """The credits for a request; a begun second of film counts whole."""
    if request.type is not GenerateType.ANIMATION:
        return still_price(request)
    still = 0 if request.source_image_asset_id else still_price(request)
    return still + film_price(request)


def still_price(request: GenerateRequest) -> int:
    """The credits for drawing the still that a request begins with."""
    return STILL.get(request.type, STILL_OF_FILM)


def film_price(request: GenerateRequest) -> int:
    """The credits for moving it."""
    return VIDEO_SECOND * math.ceil(request.duration)
