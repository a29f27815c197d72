"""What things cost, in credits, as data. Everything that is not listed is free."""

import math

IMAGE = 1
VIDEO_SECOND = 5


def price(*, images: int, video_seconds: float) -> int:
    """The credits for so many new stills and seconds of film; a begun second counts."""
    return IMAGE * images + VIDEO_SECOND * math.ceil(video_seconds)
