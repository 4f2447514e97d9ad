"""Which calibration: decided by the number of events and by what the data contradict."""

import copy
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._names import Names
from rareclass.calibration.assess import CalibrationCheck, check_rows
from rareclass.calibration.base import Calibrator, GroupedRows, group_rows
from rareclass.calibration.ends import Ends, find_ends
from rareclass.errors import InputError
from rareclass.kernels.logits import softplus
from rareclass.kernels.random import splitmix64

CALIBRATORS: Names[Calibrator] = Names(
    "calibration",
    {
        "identity": "rareclass.calibration.identity:IdentityCalibration",
        "intercept": "rareclass.calibration.intercept:InterceptCalibration",
        "sigmoid": "rareclass.calibration.sigmoid:SigmoidCalibration",
        "beta": "rareclass.calibration.beta:BetaCalibration",
        "isotonic": "rareclass.calibration.isotonic:IsotonicCalibration",
        "temperature": "rareclass.calibration.temperature:TemperatureCalibration",
        "venn_abers": "rareclass.calibration.venn_abers:VennAbersCalibration",
        "histogram": "rareclass.calibration.histogram:HistogramCalibration",
        "classwise": "rareclass.calibration.classwise:ClasswiseCalibration",
    },
)
EVENTS_FOR_INTERCEPT = 20
"""From here on the intercept is always fitted; below, only if the data contradict observed/expected = 1."""
EVENTS_FOR_SLOPE = 10
EVENTS_FOR_SHAPE = 100
"""From here on other shapes are candidates, each if it lowers the cross-validated log-loss clearly."""
EVENTS_FOR_ISOTONIC = 1000
"""Below, an isotonic map must gain two standard errors instead of one."""
_FOLDS = 5
_BINS = 1000


def make_calibrator(kind: str) -> Calibrator:
    """An unfitted calibrator by its name.

    Examples
    --------
    >>> make_calibrator("sigmoid")
    SigmoidCalibration()
    """
    return CALIBRATORS[kind]()


def calibrator_from_dict(state: dict[str, Any]) -> Calibrator:
    """Rebuild a fitted calibrator from the values of its `to_dict`.

    Examples
    --------
    >>> fitted = make_calibrator("intercept").fit([0.0, 0.0], [0, 1])
    >>> calibrator_from_dict(fitted.to_dict()).shift_ == fitted.shift_
    True
    """
    if not isinstance(state, dict) or "kind" not in state:
        raise InputError("A saved calibrator is a mapping with the entry 'kind'.")
    return CALIBRATORS[state["kind"]].from_dict(state)


def choose_calibration(
    logit: ArrayLike,
    y: ArrayLike,
    *,
    method: str | Calibrator = "auto",
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    rows: ArrayLike | None = None,
    fitted_rows: ArrayLike | None = None,
) -> Calibrator:
    """Fit the calibration that the events can pay for, and no more.

    ``"auto"`` first asks whether observed/expected and the calibration slope differ from 1 by more than chance. The
    intercept is fitted from 20 events on (it costs one parameter, and is what observed/expected measures), the slope
    if its interval excludes 1. From 100 events on a slope, a beta and an isotonic map are taken if they lower the
    cross-validated log-loss by more than one standard error (the isotonic map below 1,000 events: two). ``why_`` of
    the result says what was found.

    Parameters
    ----------
    logit : array-like of shape (n,)
        Log-odds (nats) of rows that the model did not see.
    y : array-like of shape (n,)
        Binary labels.
    method : str or Calibrator, default="auto"
        "auto", "none", "intercept", "sigmoid", "beta", "isotonic", "temperature", "venn_abers", "histogram", or an
        unfitted calibrator (which is copied).
    sample_weight : array-like of shape (n,), optional
        Integer weights are the same as repeated rows.
    level : float in (0, 1), default=0.95
        Of the two intervals.
    rows, fitted_rows : array-like of row identifiers, optional
        Identifiers of the calibration rows (n,) and of the rows that the model was fitted on. Overlap raises.

    Returns
    -------
    Calibrator
        Fitted.

    Raises
    ------
    InputError
        Unusable scores or weights, an unknown method, or calibration rows that the model was fitted on.
    TooFewEventsError
        Only one class.

    Notes
    -----
    Thresholds after Collins et al. (2016) and Alasalmi et al. (2020); the order is ours.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> z = rng.normal(-5, 1.5, 40_000)
    >>> y = rng.random(z.size) < 1 / (1 + np.exp(-z))
    >>> choose_calibration(z, y).kind, choose_calibration(3 * z, y).kind
    ('intercept', 'sigmoid')
    """
    if rows is not None:
        check_disjoint(rows, fitted_rows, n=_check.column(logit, "logit").size)
    level = _check.fraction(level, "level", closed="neither")
    if isinstance(method, Calibrator):
        return copy.deepcopy(method).fit(logit, y, sample_weight=sample_weight)
    if method == "none":
        method = "identity"
    _check.one_of(method, "method", ["auto", "none", *[k for k in CALIBRATORS if k != "classwise"]])
    if method != "auto":
        return make_calibrator(method).fit(logit, y, sample_weight=sample_weight)
    return _automatic(group_rows(logit, y, sample_weight), level)


def check_disjoint(rows: ArrayLike, fitted_rows: ArrayLike | None, *, n: int | None = None) -> None:
    """Raise when a calibration row is among the rows that the model was fitted on.

    Parameters
    ----------
    rows, fitted_rows : array-like of row identifiers
    n : int, optional
        Expected number of calibration rows.

    Examples
    --------
    >>> check_disjoint([3, 4], [0, 1, 2])
    """
    if fitted_rows is None:
        raise InputError("`rows` was given without `fitted_rows`; both are needed to look for overlap.")
    ids, seen = _check.column(rows, "rows"), _check.column(fitted_rows, "fitted_rows")
    if n is not None and ids.size != n:
        raise InputError(f"`rows` names {ids.size} rows, the calibration data hold {n}.")
    both = int(np.isin(ids, seen).sum())
    if both:
        raise InputError(
            f"{both} of {ids.size} calibration rows were fitted by the model, so their scores are too good. "
            "Calibrate on out-of-fold scores or on rows held back."
        )


def _automatic(rows: GroupedRows, level: float) -> Calibrator:
    ends = find_ends(rows.logit, rows.weight)
    drawn = GroupedRows(ends(rows.logit), rows.events, rows.negatives)
    found = check_rows(drawn, level)
    kind, why = _few_parameters(found)
    if kind == "identity" and ends != Ends():
        kind, why = "intercept", f"{why}, but some have a probability of exactly 0 or 1"
    if found.events >= EVENTS_FOR_SHAPE:
        richer = {"sigmoid": 1.0} if kind == "intercept" else {}
        richer |= {"beta": 1.0, "isotonic": 1.0 if found.events >= EVENTS_FOR_ISOTONIC else 2.0}
        kind, gained = _by_log_loss(drawn, kind, richer)
        if gained:
            why = f"{why}; {gained}"
    chosen = make_calibrator(kind)._fit_from(rows)
    chosen.why_ = f"{kind}: {why}."
    return chosen


def _few_parameters(found: CalibrationCheck) -> tuple[str, str]:
    """(kind, why) among identity, intercept and sigmoid."""
    large = (
        f"observed/expected {found.observed_to_expected:.3g} "
        f"[{found.observed_to_expected_low:.3g}, {found.observed_to_expected_high:.3g}]"
    )
    slope = f"slope {found.slope:.3g} [{found.slope_low:.3g}, {found.slope_high:.3g}]"
    why = f"{large} and {slope} on {found.events:g} events"
    if not found.in_the_slope and found.events >= EVENTS_FOR_SLOPE:
        return "sigmoid", why
    if found.events >= EVENTS_FOR_INTERCEPT or not found.in_the_large:
        return "intercept", why
    return "identity", f"{why}: nothing contradicts the scores"


def _by_log_loss(rows: GroupedRows, kind: str, richer: dict[str, float]) -> tuple[str, str]:
    """The simplest kind that no richer one beats by more than so many standard errors of the paired difference."""
    parts = _fold_parts(rows)
    if not parts:  # (nearly) all scores are equal: there is no shape to be found
        return kind, ""
    events = np.concatenate([test.events for _, test in parts])
    negatives = np.concatenate([test.negatives for _, test in parts])
    total = float(events.sum() + negatives.sum())
    best, best_loss, said = kind, _cross_validated_loss(parts, kind), ""
    for other, errors in richer.items():
        loss = _cross_validated_loss(parts, other)
        gain = best_loss - loss
        mean = float(negatives @ gain[:, 0] + events @ gain[:, 1])
        square = float(negatives @ gain[:, 0] ** 2 + events @ gain[:, 1] ** 2)
        error = float(np.sqrt(max(square - mean**2 / total, 0.0)))
        if mean > errors * error:
            best, best_loss = other, loss
            said = f"{other} lowers the cross-validated log-loss by {mean:.3g} nats (standard error {error:.2g})"
    return best, said


def _fold_parts(rows: GroupedRows) -> list[tuple[GroupedRows, GroupedRows]]:
    """(train, test) of each fold, pooled to at most `_BINS` bins: the choice among maps needs no finer rows.

    The fold of a row is a hash of its score: independent of the order of rows and the same for repeated rows.
    Dealing rows out in turn would not do: a fold then mirrors its neighbours' events, and step functions look good.
    What is hashed is the score to six decimals, so that the last bits, which depend on the number of threads that
    summed them, deal no row elsewhere.
    """
    fold = splitmix64((np.round(rows.logit, 6) + 0.0).view(np.uint64)) % np.uint64(_FOLDS)
    parts = [(rows.take(fold != k), rows.take(fold == k)) for k in range(_FOLDS)]
    return [
        (train.coarsen(_BINS), test.coarsen(_BINS))
        for train, test in parts
        if min(train.events.sum(), train.negatives.sum(), test.events.sum()) > 0
    ]


def _cross_validated_loss(parts: list[tuple[GroupedRows, GroupedRows]], kind: str) -> np.ndarray:
    """Log-loss (m, 2) of each test group as a negative and as an event, by maps fitted on the other folds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fit on all rows repeats what there is to say
        z = np.concatenate([make_calibrator(kind)._fit_rows(train)._map(test.logit) for train, test in parts])
    return np.column_stack([softplus(z), softplus(-z)])
