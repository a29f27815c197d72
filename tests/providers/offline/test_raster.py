"""Painters give the same pixels as the plain call, in order, and leave no process behind."""

import subprocess

import numpy as np
import pytest

from shared.errors import TransientError
from shared.providers.offline import raster
from shared.providers.offline.raster import composite, document, render, render_all


def dot(radius: int) -> str:
    return document(f'<circle cx="50" cy="50" r="{radius}" fill="#f00"/>', (0, 0, 100))


def test_painters_keep_the_order() -> None:
    svgs = [dot(radius) for radius in range(5, 45, 5)]
    for svg, pixels in zip(svgs, render_all(svgs, 32, 60), strict=True):
        assert np.array_equal(pixels, render(svg, 32))


def test_no_documents_give_no_pictures() -> None:
    assert list(render_all([], 32, 60)) == []


def test_closing_early_stops_the_painters(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = raster._painter

    def spy(size: int) -> subprocess.Popen[bytes]:
        started.append(real(size))
        return started[-1]

    monkeypatch.setattr(raster, "_painter", spy)
    pictures = render_all((dot(9) for _ in range(50)), 32, 60)
    next(pictures)
    pictures.close()
    assert started
    assert all(painter.poll() is not None for painter in started)


def test_a_bad_document_is_a_fault() -> None:
    with pytest.raises(TransientError):
        list(render_all(["not svg"], 32, 60))


def test_composite_mixes_by_alpha() -> None:
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [255, 0, 0, 128]]], np.uint8)
    assert composite(pixels, (0, 200, 0)).tolist() == [[[255, 0, 0], [0, 200, 0], [128, 100, 0]]]
