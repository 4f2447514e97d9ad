"""Where the features of a row lie among the training rows: one byte a feature, and the distance to reference events."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from rareclass.artifact.reference import EVENTS

MISSING, UNKNOWN, NOT_GIVEN = 255, 254, 253
"""Bins of values that are missing, of codes that training never saw, and of features that were not given."""
BINS = 256
NEIGHBOURS, ANCHORS = 5, 300
FEWEST = 40
"""Reference events that distances need at least."""
_ROWS = 128
_FARTHEST = 1e6
"""Standard deviations at which features are cut, so that distances are finite."""


class Places:
    """Bins of features by the quantiles of training, and distances to reference events.

    Parameters
    ----------
    sketches : mapping of arrays
        ``Bundle.sketches``; without ``events`` there are no distances.

    Attributes
    ----------
    width : int
    missing : ndarray of shape (d,)
        Shares of missing values in training.
    event_places : ndarray of shape (m, d), uint8
        Of the reference events.
    event_distances : ndarray
        Mean distances of every second reference event to its nearest among the others: a sample of what is usual.
    """

    def __init__(self, sketches: Mapping[str, Any]) -> None:
        self.quantiles = np.asarray(sketches["quantiles"], dtype=float)
        self.codes = {int(j): k for k, j in enumerate(sketches["codes"])}
        self.sizes = np.diff(np.asarray(sketches["code_begin"]))
        begin = np.asarray(sketches["code_begin"])
        counts = [np.asarray(sketches["code_counts"], dtype=float)[i:j] for i, j in pairwise(begin)]
        self.code_shares = [c / max(c.sum(), 1.0) for c in counts]
        self.missing = np.asarray(sketches["missing"], dtype=float)
        self.width = self.quantiles.shape[0]
        events = np.asarray(sketches.get(EVENTS, np.empty((0, self.width))), dtype=float)
        self.event_places = self.of(events)
        self.plain = np.array([j for j in range(self.width) if j not in self.codes], dtype=int)
        self.anchors: np.ndarray | None = None
        self.event_distances = np.empty(0)
        if events.shape[0] >= FEWEST and self.plain.size:
            values = events[:, self.plain]
            self.centre = np.nan_to_num(_median(values))
            spread = np.nanstd(np.where(np.isnan(values), self.centre, values), axis=0)
            self.scale = np.where(spread > 0, spread, 1.0)
            scaled = self._scaled(events)
            self.anchors = scaled[::2][:ANCHORS]
            self._plane = np.vstack([-self.anchors.T, (self.anchors**2).sum(axis=1) / 2])
            self.event_distances = self._nearest(scaled[1::2])

    def of(self, X: np.ndarray) -> np.ndarray:
        """Bins (n, d), uint8, of encoded rows (n, d)."""
        found, given = np.full(X.shape, MISSING, dtype=np.uint8), ~np.isnan(X)
        whole = given.all(axis=0)
        for j in range(X.shape[1]):
            known = slice(None) if whole[j] else given[:, j]
            values = X[known, j]
            if j in self.codes:
                size = self.sizes[self.codes[j]]
                found[known, j] = np.where((values < 0) | (values >= size), UNKNOWN, np.minimum(values, NOT_GIVEN - 1))
            elif not np.isnan(self.quantiles[j]).all():
                found[known, j] = self.quantiles[j].searchsorted(values, side="right")
            else:
                found[known, j] = UNKNOWN
        return found

    def distances(self, X: np.ndarray) -> np.ndarray:
        """Mean distance (n,) of encoded rows to their nearest reference events; NaN without these."""
        if self.anchors is None:
            return np.full(X.shape[0], np.nan, dtype=np.float32)
        return self._nearest(self._scaled(X))

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        values = X[:, self.plain]
        scaled = (np.where(np.isnan(values), self.centre, values) - self.centre) / self.scale
        return np.clip(scaled, -_FARTHEST, _FARTHEST)

    def _nearest(self, Z: np.ndarray) -> np.ndarray:
        near, with_one = np.empty((Z.shape[0], NEIGHBOURS)), np.column_stack([Z, np.ones(Z.shape[0])])
        room = np.empty((_ROWS, self._plane.shape[1]))
        for begin in range(0, Z.shape[0], _ROWS):
            # in small blocks and in place: new memory for each step takes longer than the arithmetic
            part = with_one[begin : begin + _ROWS]
            halves = np.matmul(part, self._plane, out=room[: part.shape[0]])  # |a|^2 / 2 - z a
            halves.partition(NEIGHBOURS - 1, axis=1)
            near[begin : begin + _ROWS] = halves[:, :NEIGHBOURS]
        near.sort(axis=1)
        squares = 2 * near + np.einsum("ij,ij->i", Z, Z)[:, None]
        return np.sqrt(np.maximum(squares, 0.0)).mean(axis=1).astype(np.float32)

    def ranks(self, bins: np.ndarray) -> np.ndarray:
        """Of bins (n, d): shares of training values below, or for codes how frequent theirs was; NaN where missing."""
        known = bins < NOT_GIVEN
        found = np.where(known, bins / max(self.quantiles.shape[1], 1), np.nan)
        for j, k in self.codes.items():
            share = np.append(self.code_shares[k], 0.0)
            found[:, j] = np.where(known[:, j], share[np.minimum(bins[:, j], share.size - 1)], np.nan)
        return found


def _median(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    return np.array([np.median(v[k]) if k.any() else 0.0 for v, k in zip(values.T, known.T, strict=True)])
