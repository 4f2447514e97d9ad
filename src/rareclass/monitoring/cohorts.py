"""What detectors judge: the rows of one day."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from rareclass.kernels.residuals import residual_sums

NO_LABEL = -1
SILENT = 60
"""Days without predictions that are judged as such, one after another; what lies behind them is a gap."""


def packed(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON, exactly: its bytes, compressed, as text."""
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 6)).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def unpacked(saved: Mapping[str, Any]) -> np.ndarray:
    """What `packed` wrote."""
    raw = zlib.decompress(base64.b64decode(saved["data"]))
    return np.frombuffer(raw, dtype=saved["dtype"]).reshape(saved["shape"]).copy()


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The rows of one day, in the order of their keys.

    Attributes
    ----------
    day : int
        Days since the beginning of the caller's count (1970 for moments).
    key : ndarray of shape (n,), uint64
    probability : ndarray of shape (n,)
    alert : ndarray of shape (n,), bool
    y : ndarray of shape (n,), int8
        1 event, 0 other, -1 not labelled (all of them in the stage "scored").
    weight : ndarray of shape (n,)
        1 / the probability with which the row was drawn to be labelled.
    slices : ndarray of shape (n,), str
        Empty where rows have none.
    distance : ndarray of shape (n,)
        Mean distance to the nearest reference events; NaN where features were not given.
    places : ndarray of shape (n, d), uint8
        Bin of each feature (`places.Places`); d is 0 where features were not given.
    """

    day: int
    key: np.ndarray
    probability: np.ndarray
    alert: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    slices: np.ndarray
    distance: np.ndarray
    places: np.ndarray

    @cached_property
    def labelled(self) -> np.ndarray:
        return self.y != NO_LABEL

    @cached_property
    def event(self) -> np.ndarray:
        return self.y == 1

    @cached_property
    def residuals(self) -> np.ndarray:
        """`residual_sums` (8,) of the labelled rows."""
        return residual_sums(self.probability[self.labelled], self.event[self.labelled].astype(float))

    def only(self, mask: np.ndarray) -> "Cohort":
        """The rows of a mask (n,)."""
        return Cohort(day=self.day, **{f.name: getattr(self, f.name)[mask] for f in fields(self) if f.name != "day"})


def nobody(day: int) -> Cohort:
    """A day without rows."""
    empty = np.empty(0)
    return Cohort(
        day=day,
        key=empty.astype(np.uint64),
        probability=empty,
        alert=empty.astype(bool),
        y=empty.astype(np.int8),
        weight=empty,
        slices=empty.astype(object),
        distance=empty,
        places=np.empty((0, 0), dtype=np.uint8),
    )
