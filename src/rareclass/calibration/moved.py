"""A fitted calibrator for another prevalence."""

from rareclass.calibration.base import Calibrator
from rareclass.calibration.choose import calibrator_from_dict
from rareclass.errors import InputError

_ADDED_LAST = {"intercept": "shift", "sigmoid": "intercept", "beta": "c"}


def moved(calibrator: Calibrator, shift: float) -> Calibrator:
    """The same map with `shift` added to all log-odds that it gives.

    Raises
    ------
    InputError
        It is a Venn-Abers map, whose steps lie between 0 and 1 and have no such form.

    Examples
    --------
    >>> from rareclass.calibration import SigmoidCalibration
    >>> map = SigmoidCalibration().fit([-1.0, 0.0, 1.0, 2.0], [0, 1, 0, 1])
    >>> bool(abs(moved(map, 0.5).predict_logit([3.0]) - map.predict_logit([3.0]) - 0.5) < 1e-12)
    True
    """
    state = calibrator.to_dict()
    kind = state["kind"]
    if kind == "identity":
        state |= {"kind": "intercept", "shift": shift}
    elif kind in _ADDED_LAST:
        state[_ADDED_LAST[kind]] += shift
    elif kind == "temperature":
        state["bias"] = [state["bias"][0] + shift]
    elif "knots" in state:
        state["knots"] = {**state["knots"], "shift": state["knots"]["shift"] + shift}
    else:
        raise InputError(f"A {kind} calibration cannot be moved; fit it anew.")
    return calibrator_from_dict(state)
