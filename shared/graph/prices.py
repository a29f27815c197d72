"""What things cost, in credits, as data. Everything that is not listed is free."""

import math

from shared.model.request import GenerateRequest, GenerateType

STILL = {GenerateType.IMAGE: 1, GenerateType.EDIT: 1, GenerateType.LOGO: 5}
STILL_OF_FILM = 1
VIDEO_SECOND = 5


def price(request: GenerateRequest) -> int:
    """The credits for a request; a begun second of film counts whole."""
    if request.type is not GenerateType.ANIMATION:
        return STILL[request.type]
    still = 0 if request.source_image_asset_id else STILL_OF_FILM
    return still + VIDEO_SECOND * math.ceil(request.duration)
