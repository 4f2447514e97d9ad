"""What callers give, as the monitor keeps it: alerts, places of features, labels, texts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Label, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.errors import InputError
from rareclass.monitoring.places import NOT_GIVEN, Places


@dataclass
class Intake:
    """Reads predictions and labels of one model.

    Examples
    --------
    >>> Intake(0.5, "fraud", None, None).truth(np.array(["fraud", "fine"])).tolist()
    [True, False]
    """

    threshold: float | None
    pos_label: Label
    version: str | None
    places: Places | None
    bundle: Bundle | None = None

    def alerts(self, p: np.ndarray, alerts: ArrayLike | None, tiers: Rows | None) -> np.ndarray:
        """Which rows (n,) were alerts: as given, by their tier, or by the threshold."""
        if alerts is not None:
            return np.asarray(_check.column(alerts, "alerts")).astype(bool)
        cut = None if self.bundle is None or tiers is None else self.bundle.scorer.cut.tiers
        if cut is not None:
            names = texts(tiers, p.size, "tiers")
            return np.asarray((names != "") & (names != cut.policy.tiers[0].name))
        if self.threshold is None:
            raise InputError("No `threshold` is known that says which rows are alerts: give `alerts`, as the log does.")
        with np.errstate(invalid="ignore"):
            return np.asarray(p >= self.threshold)

    def placed(self, features: Rows | None, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances (n,) to reference events, and bins (n, d) of features."""
        far, width = np.full(n, np.nan, dtype=np.float32), 0 if self.places is None else self.places.width
        if self.places is None or features is None:
            return far, np.full((n, width), NOT_GIVEN, dtype=np.uint8)
        if isinstance(features, np.ndarray) and features.dtype.kind == "f":
            X = features
        elif self.bundle is None:
            raise InputError("Tables of features need the bundle that encodes them: give `bundle`, or encoded rows.")
        else:
            X = self.bundle.scorer.encoder.matrix(features)
        if X.ndim != 2 or X.shape[1] != width:
            raise InputError(f"`features` must have {width} encoded columns; got the shape {X.shape}.")
        return self.places.distances(X), self.places.of(X)

    def unusable(self, p: np.ndarray, days: np.ndarray, versions: Rows | str | None) -> dict[str, np.ndarray]:
        """Which rows (n,) cannot be watched, by reason; each has one at most."""
        given = texts([versions] * p.size if isinstance(versions, str) else versions, p.size, "versions")
        reasons = {"no probability": ~((p >= 0) & (p <= 1)), "no time": ~np.isfinite(days)}
        if self.version is not None:
            reasons["other version"] = (given != "") & (given != self.version)
        left, found = np.ones(p.size, dtype=bool), {}
        for reason, mask in reasons.items():
            found[reason] = left & mask
            left &= ~mask
        return found

    def truth(self, labels: np.ndarray) -> np.ndarray:
        """Which labels (n,) are events."""
        if labels.dtype == bool or labels.size == 0:
            return labels.astype(bool)
        if self.pos_label is not None and not isinstance(self.pos_label, bool | np.bool_):
            return _check.is_label(labels, self.pos_label)
        return _check.binary_target(labels.tolist(), name="labels")


def missing_labels(column: np.ndarray) -> np.ndarray:
    """Which labels (n,) are not known."""
    if column.dtype.kind in "biu":
        return np.zeros(column.size, dtype=bool)
    return np.array([_check.is_missing(v) for v in column.tolist()], dtype=bool)


def texts(values: Rows | None, n: int, name: str = "slices") -> np.ndarray:
    """Texts (n,), empty where there is none."""
    if values is None:
        return np.full(n, "", dtype=object)
    found = ["" if _check.is_missing(v) else str(v) for v in _check.column(values, name).tolist()]
    return np.array(found, dtype=object)


_ODD = {
    "duplicate predictions": "predictions have an id that came with another time; the earliest counts.",
    "predictions after their day was judged": "predictions came after their day was judged; they were left out.",
    "predictions after their day was over": (
        "predictions came after their day was over and judged; they count with labels, not among scores and volume."
    ),
    "labels after their day was judged": "labels came after their day was judged; they were left out.",
    "contradicting labels": "rows have labels that contradict each other; the last before their day is judged counts.",
    "labels without prediction": "labels had no prediction within the days that these wait; they were left out.",
    "no probability": "predictions have no probability in [0, 1]; they were left out.",
    "no time": "predictions have no time; they were left out.",
    "other version": "predictions are of another version of the model; they were left out.",
    "labels that wait": "labels wait for their prediction.",
}


def sentences(counts: Mapping[str, int]) -> list[str]:
    """What was odd about the input, with counts."""
    return [f"{counts[what]:,} {said}" for what, said in _ODD.items() if counts.get(what, 0)]
