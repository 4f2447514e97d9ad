"""Is there anything to calibrate? Observed against expected events and the calibration slope, with intervals."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, ndtri

from rareclass import _check
from rareclass.calibration.base import GroupedRows, group_rows
from rareclass.calibration.logistic import firth_slope
from rareclass.kernels.logits import sigmoid


@dataclass(frozen=True, kw_only=True)
class CalibrationCheck:
    """What `check_calibration` found. An interval that holds 1 gives no reason to recalibrate.

    Attributes
    ----------
    rows, events : float
        Weight of all rows and of the events.
    observed_to_expected, observed_to_expected_low, observed_to_expected_high : float
        Events divided by the sum of the probabilities; above 1 the model promises too few events.
    slope, slope_low, slope_high : float
        Of a logistic regression of the label on the log-odds; below 1 the scores are too extreme. NaN where all
        scores are tied.
    level : float
        Nominal coverage of both intervals.
    """

    rows: float
    events: float
    observed_to_expected: float
    observed_to_expected_low: float
    observed_to_expected_high: float
    slope: float
    slope_low: float
    slope_high: float
    level: float

    @property
    def in_the_large(self) -> bool:
        """Whether observed/expected is compatible with 1."""
        return self.observed_to_expected_low <= 1 <= self.observed_to_expected_high

    @property
    def in_the_slope(self) -> bool:
        """Whether the slope is compatible with 1 (true where it is undefined)."""
        return bool(np.isnan(self.slope)) or self.slope_low <= 1 <= self.slope_high

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def check_calibration(
    logit: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None, level: float = 0.95
) -> CalibrationCheck:
    """Observed/expected and calibration slope of log-odds, each with its confidence interval.

    Parameters
    ----------
    logit : array-like of shape (n,)
        Log-odds (nats) of rows that the model did not see.
    y : array-like of shape (n,)
    sample_weight : array-like of shape (n,), optional
    level : float in (0, 1), default=0.95

    Notes
    -----
    Observed/expected: exact Poisson interval of the number of events, the expected number taken as known. Slope:
    Firth's estimate with a Wald interval; Cox (1958), Biometrika 45:562.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(-4, 1.5, 50_000)
    >>> y = rng.random(z.size) < 1 / (1 + np.exp(-z))
    >>> found = check_calibration(2 * z, y)
    >>> round(found.slope, 1), found.in_the_slope, check_calibration(z, y).in_the_large
    (0.5, False, True)
    """
    return check_rows(group_rows(logit, y, sample_weight), _check.fraction(level, "level", closed="neither"))


def check_rows(rows: GroupedRows, level: float) -> CalibrationCheck:
    """`check_calibration` for rows that were pooled before."""
    events = float(rows.events.sum())
    expected = max(float(rows.weight @ sigmoid(rows.logit)), 1e-300)
    tail = (1 - level) / 2
    low, high = gammaincinv(events, tail) / expected, gammaincinv(events + 1, 1 - tail) / expected
    slope = error = np.nan
    if rows.logit.size > 1:
        slope, error, spread = firth_slope(rows.coarsen(4000))  # finer rows do not change an interval's third digit
        slope, error = slope / spread, error / spread
    half = float(ndtri(1 - tail)) * error
    return CalibrationCheck(
        rows=float(rows.weight.sum()),
        events=events,
        observed_to_expected=events / expected,
        observed_to_expected_low=float(low),
        observed_to_expected_high=float(high),
        slope=slope,
        slope_low=slope - half,
        slope_high=slope + half,
        level=level,
    )
