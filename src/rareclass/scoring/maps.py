"""Calibrators as the numbers that `rareclass.kernels.log_odds_maps` takes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.log_odds_maps import BETA, KNOTS, LINE, SHIFT, STEPS, TEMPERATURE, mapped
from rareclass.kernels.logits import logit

_NONE = np.zeros(1)
TIE_BREAK = 1e-6
"""Of Venn-Abers calibration: log-odds a standard deviation by which rows of one step are spread."""


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


def calibration_map(saved: Mapping[str, Any]) -> CalibrationMap:
    """The map of a calibrator of two classes (`Calibrator.to_dict`).

    Raises
    ------
    InputError
        The kind is unknown, or the description incomplete.
    """
    try:
        return CalibrationMap(_ends(saved.get("ends") or {}), *_KINDS[saved["kind"]](saved))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"The saved calibration cannot be used ({type(error).__name__}: {error}).") from None


def _ends(saved: Mapping[str, Any]) -> np.ndarray:
    out = np.full(6, np.nan)
    for side, at in (("low", slice(0, 3)), ("high", slice(3, 6))):
        if saved.get(side) is not None:
            out[at] = [float(v) for v in saved[side][:3]]
    return out


Parts = tuple[int, np.ndarray] | tuple[int, np.ndarray, np.ndarray, np.ndarray]


def _temperature(saved: Mapping[str, Any]) -> Parts:
    (bias,) = saved["bias"]
    return TEMPERATURE, np.array([float(saved["temperature"]), float(bias)])


def _knots(saved: Mapping[str, Any]) -> Parts:
    knots = saved["knots"]
    at, value = (np.asarray(knots[name], dtype=np.float64) for name in ("at", "value"))
    if at.ndim != 1 or at.size == 0 or at.shape != value.shape or not (np.diff(at) > 0).all():
        raise ValueError("its knots do not rise")
    return KNOTS, np.array([float(knots[n]) for n in ("slope", "intercept", "limit", "shift")]), at, value


def _steps(saved: Mapping[str, Any]) -> Parts:
    start, low, high = (np.asarray(saved[name], dtype=np.float64) for name in ("start", "low", "high"))
    if start.ndim != 1 or low.shape != (start.size + 1,) or high.shape != low.shape:
        raise ValueError("its steps do not fit together")
    value = logit(high / (1 - low + high))
    return STEPS, np.array([float(saved["centre"]), float(saved["spread"]), TIE_BREAK]), start, value


def _numbers(kind: int, *names: str) -> Any:
    return lambda saved: (kind, np.array([float(saved[name]) for name in names]))


_KINDS: dict[str, Any] = {
    "identity": lambda saved: (SHIFT, np.zeros(1)),
    "intercept": _numbers(SHIFT, "shift"),
    "sigmoid": _numbers(LINE, "slope", "intercept"),
    "temperature": _temperature,
    "beta": _numbers(BETA, "a", "b", "c"),
    "isotonic": _knots,
    "histogram": _knots,
    "venn_abers": _steps,
}
