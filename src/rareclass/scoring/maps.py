"""Calibrators as the numbers that `rareclass.kernels.log_odds_maps` takes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.log_odds_maps import BETA, KNOTS, LINE, SHIFT, STEPS, TEMPERATURE, TIE_BREAK, mapped, shifted
from rareclass.kernels.logits import logit
from rareclass.scoring.saved import UNFIT, number, positive, vector, why

_NONE = np.zeros(1)
_ROUNDING = 1e-9


class CalibrationMap(NamedTuple):
    """A calibrator as numbers; see `rareclass.kernels.log_odds_maps.mapped`."""

    ends: np.ndarray
    kind: int
    numbers: np.ndarray
    at: np.ndarray = _NONE
    value: np.ndarray = _NONE

    def apply(self, z: np.ndarray, added: float) -> bool:
        """Calibrate ``z + added`` (n,) in place; False where one of them is no number."""
        return bool(mapped(z, added, *self))


class SliceMap(NamedTuple):
    """Shifts by slice as arrays; see `rareclass.kernels.log_odds_maps.shifted`."""

    at: int
    values: np.ndarray
    shift: np.ndarray
    rest: float = 0.0

    @classmethod
    def of(cls, saved: Mapping[str, Any] | None, width: int) -> "SliceMap | None":
        """Those of a model's slices (`Slices.to_dict`) whose encoded rows have so many columns; None where none differ.

        Raises
        ------
        InputError
            The description is incomplete, or its parts do not fit together.
        """
        if not saved:
            return None
        try:
            at = _check.whole_number(saved["at"], "at", low=0, high=width - 1)
            values, shift = vector(saved, "values"), vector(saved, "shift")
            rest = number(saved, "rest") if "rest" in saved else 0.0
        except UNFIT as error:
            raise InputError(f"The saved slices cannot be used: {why(error)}.") from None
        if values.shape != shift.shape or not (np.diff(values) > 0).all():
            raise InputError("The saved slices cannot be used: their values and shifts do not fit together.")
        return cls(at, values, shift, rest) if shift.any() or rest else None

    def apply(self, z: np.ndarray, X: np.ndarray) -> None:
        """Shift the calibrated log-odds z (n,) of encoded rows (n, d) in place."""
        shifted(z, X, *self)


def calibration_map(saved: Mapping[str, Any]) -> CalibrationMap:
    """The map of a calibrator of two classes (`Calibrator.to_dict`).

    Raises
    ------
    InputError
        The kind is unknown, or the description incomplete.
    """
    try:
        return CalibrationMap(_ends(saved.get("ends") or {}), *_KINDS[saved["kind"]](saved))
    except UNFIT as error:
        raise InputError(f"The saved calibration cannot be used: {why(error)}.") from None


def _ends(saved: Mapping[str, Any]) -> np.ndarray:
    out = np.full(6, np.nan)
    for side, at in (("low", slice(0, 3)), ("high", slice(3, 6))):
        if saved.get(side) is not None:
            out[at] = vector(saved, side)
    if out[0] >= out[1] or out[3] <= out[4] or (out[[2, 5]] <= 0).any():
        raise InputError("Its ends lie on the wrong side.")
    return out


Parts = tuple[int, np.ndarray] | tuple[int, np.ndarray, np.ndarray, np.ndarray]


def _temperature(saved: Mapping[str, Any]) -> Parts:
    (bias,) = vector(saved, "bias")
    return TEMPERATURE, np.array([positive(saved, "temperature"), bias])


def _knots(saved: Mapping[str, Any]) -> Parts:
    knots = saved["knots"]
    at, value = vector(knots, "at"), vector(knots, "value")
    if at.size == 0 or at.shape != value.shape or not (np.diff(at) > 0).all() or _falls(value):
        raise InputError("Its knots do not rise.")
    line = [number(knots, name) for name in ("intercept", "limit", "shift")]
    return KNOTS, np.array([positive(knots, "slope"), *line]), at, value


def _steps(saved: Mapping[str, Any]) -> Parts:
    start, low, high = (vector(saved, name) for name in ("start", "low", "high"))
    if low.shape != (start.size + 1,) or high.shape != low.shape:
        raise InputError("Its steps do not fit together.")
    ends = low[0] >= -_ROUNDING and high[-1] <= 1 + _ROUNDING
    if not ends or (low > high + _ROUNDING).any() or any(map(_falls, (start, low, high))):
        raise InputError("Its steps do not rise from 0 to 1.")
    value = logit(high / (1 - low + high))
    return STEPS, np.array([number(saved, "centre"), positive(saved, "spread"), TIE_BREAK]), start, value


def _falls(values: np.ndarray) -> bool:
    return bool((np.diff(values) < -_ROUNDING).any())


def _numbers(kind: int, *names: str, above_zero: tuple[str, ...] = ()) -> Any:
    return lambda saved: (kind, np.array([(positive if n in above_zero else number)(saved, n) for n in names]))


_KINDS: dict[str, Any] = {
    "identity": lambda saved: (SHIFT, np.zeros(1)),
    "intercept": _numbers(SHIFT, "shift"),
    "sigmoid": _numbers(LINE, "slope", "intercept", above_zero=("slope",)),
    "temperature": _temperature,
    "beta": _numbers(BETA, "a", "b", "c", above_zero=("a", "b")),
    "isotonic": _knots,
    "histogram": _knots,
    "venn_abers": _steps,
}
