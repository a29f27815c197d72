"""What running ffmpeg does when the machine is at its end."""

from pathlib import Path

import pytest

from shared.errors import PermanentError
from shared.media import ffmpeg

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")
def test_a_full_disk_is_named() -> None:
    command = (
        "-f",
        "lavfi",
        "-i",
        "color=red:s=64x64:d=1",
        "-f",
        "rawvideo",
        "-y",
        ffmpeg.url(FULL),
    )
    with pytest.raises(PermanentError) as failed:
        ffmpeg.run(command)
    assert failed.value.reason == "storage_full"
