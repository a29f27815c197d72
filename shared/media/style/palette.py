"""The colours that a figure wears: k-means in CIE Lab, started from the peaks of the histogram."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.style.colour import Floats, Lab, delta_e, name, to_hex
from shared.media.style.figure import Figure, Mask
from shared.media.style.head import Head
from shared.model.style import PaletteColour

EDGE = 2.5
"""Pixels below the edge that may hold the background's colour."""
STEEP = 7.0
"""The change of colour (Lab) from pixel to pixel above which it is a mixture of two."""
APART = 5.0
"""Colours nearer to each other than this (ΔE2000) are one."""
MOST = 24
LEAST = 0.0015
"""The smallest share of a colour that counts."""
ROUNDS = 5
CELL = 3.0


@dataclass(frozen=True, slots=True)
class Colours:
    """The centres (k, 3) in Lab with their shares, and the centre of each pixel (h, w), −1 where
    the pixel mixes colours or is outside."""

    centres: Lab
    shares: NDArray[np.float64]
    labels: NDArray[np.int64]


def find(figure: Figure) -> Colours:
    """The colours of a figure, the largest share first."""
    plain = _plain(figure)
    cells, where, counts = np.unique(
        np.floor(figure.lab[plain] / CELL).astype(np.int64) @ np.array([1 << 20, 1 << 10, 1]),
        return_inverse=True,
        return_counts=True,
    )
    points = np.stack(
        [np.bincount(where, figure.lab[plain][:, axis], len(cells)) / counts for axis in range(3)],
        axis=1,
    )
    centres = _settled(points, counts, _peaks(points, counts))
    nearest = _nearest(points, centres)
    shares = np.bincount(nearest, counts, len(centres)) / counts.sum()
    order = [i for i in np.argsort(-shares) if shares[i] >= LEAST]
    rank = np.full(len(centres), -1)
    rank[order] = np.arange(len(order))
    labels = np.full(figure.mask.shape, -1)
    labels[plain] = rank[nearest[where]]
    return Colours(centres[order].astype(np.float32), shares[order], labels)


def describe(colours: Colours, head: Head) -> tuple[PaletteColour, ...]:
    """The colours with their names and places."""
    described = []
    for index, (centre, share) in enumerate(zip(colours.centres, colours.shares, strict=True)):
        rows, columns = np.nonzero(colours.labels == index)
        part = round(float(share), 4)
        described.append(
            PaletteColour(
                name=name(centre),
                hex=to_hex(centre),
                share=part,
                least=part,
                most=part,
                x=round(float((columns.mean() - head.x) / head.radius), 2),
                spread=round(float(columns.std() / head.radius), 2),
                y=round(float((rows.mean() - head.y) / head.radius), 2),
            )
        )
    return tuple(described)


def _plain(figure: Figure) -> Mask:
    """Pixels that show one colour only."""
    kernel = np.ones((3, 3), np.uint8)
    change = cv2.dilate(figure.lab, kernel) - cv2.erode(figure.lab, kernel)
    inside = figure.deep > EDGE
    plain: Mask = inside & (np.linalg.norm(change, axis=2) < STEEP)
    return plain if np.count_nonzero(plain) > 50 else inside


def _peaks(points: Floats, counts: NDArray[np.int64]) -> Floats:
    """The fullest cells that are apart from all fuller ones."""
    order = np.argsort(-counts)
    total = counts.sum()
    chosen: list[int] = []
    left = np.ones(len(points), np.bool_)
    for index in order:
        if len(chosen) == MOST or counts[index] < total * LEAST / 3:
            break
        if left[index]:
            chosen.append(int(index))
            left &= delta_e(points, points[index]) > APART
    return points[chosen or [int(order[0])]]


def _settled(points: Floats, counts: NDArray[np.int64], centres: Floats) -> Floats:
    for _ in range(ROUNDS):
        nearest = _nearest(points, centres)
        weights = np.maximum(np.bincount(nearest, counts, len(centres)), 1e-9)
        moved = np.stack(
            [
                np.bincount(nearest, counts * points[:, axis], len(centres)) / weights
                for axis in range(3)
            ],
            axis=1,
        )
        centres = np.where((weights > 1e-6)[:, None], moved, centres)
    return centres


def _nearest(points: Floats, centres: Floats) -> NDArray[np.int64]:
    apart = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(apart.argmin(axis=1), np.int64)
