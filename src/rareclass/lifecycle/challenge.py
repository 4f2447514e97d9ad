"""Champion against challenger on rows that neither has seen."""

from dataclasses import dataclass

from rareclass import _check
from rareclass._types import PerRow, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.data.read import read_table
from rareclass.uncertainty.paired import PairedInterval, paired_difference


@dataclass(frozen=True)
class Challenge:
    """The outcome: whether the challenger may take over, the paired difference, and why."""

    promote: bool
    difference: PairedInterval
    sentence: str


def challenge_champion(
    champion: Bundle,
    challenger: Bundle,
    X: Rows,
    y: PerRow,
    *,
    sample_weight: PerRow | None = None,
    groups: PerRow | None = None,
    margin: float = 0.0,
    level: float = 0.95,
    challengers: int = 1,
) -> Challenge:
    """Compare two bundles on the same fresh rows by average precision.

    The challenger takes over when the interval of the difference lies above ``-margin``: with ``margin=0`` it must
    be surely better, with a positive one it must be surely not worse by more than that.

    Parameters
    ----------
    champion, challenger : Bundle
    X : table of shape (n, d)
    y : array-like of shape (n,)
    sample_weight, groups : array-like of shape (n,), optional
        Weights of the rows; entities whose rows belong together: the interval then counts groups, not rows.
    margin : float in [0, 1], default=0.0
    level : float in (0, 1), default=0.95
    challengers : int, default=1
        How many challengers the champion meets altogether, at once or one after another: the error is divided by it,
        so that among many of equal merit the luckiest does not take over. Where their number is not known beforehand,
        give k (k + 1) for the k-th; all together then stay within the error, however many come.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import RareClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(6000, 2))
    >>> y = rng.random(6000) < 1 / (1 + np.exp(4 - 2 * X[:, 0]))
    >>> old, new = X[:3000], X[3000:]
    >>> blind = Bundle(RareClassifier("logistic_regression", cv=2).fit(np.c_[old[:, 1], old[:, 1]], y[:3000]))
    >>> seeing = Bundle(RareClassifier("logistic_regression", cv=2).fit(old, y[:3000]))
    >>> challenge_champion(blind, seeing, new, y[3000:]).promote
    True
    """
    _check.fraction(margin, "margin")
    table = read_table(X)
    truth = _check.both_classes(_check.binary_target(y, champion.model.model_.pos_label, "y"), "y")
    old, new = champion.model.positive_logit(table), challenger.model.positive_logit(table)
    weight = _check.weights(sample_weight, truth.size)
    count = _check.whole_number(challengers, "challengers", low=1)
    each = 1 - (1 - _check.fraction(level, "level", closed="neither")) / count
    d = paired_difference("average_precision", truth, new, old, level=each, sample_weight=weight, groups=groups)
    promote = bool(d.low > -margin)
    among = f"; judged at {each:.4g} as one of {count} challengers" if count > 1 else ""
    verdict = "takes over" if promote else "is refused"
    return Challenge(
        promote,
        d,
        f"The challenger {verdict}: average precision {d.estimate:+.3f} "
        f"[{d.low:+.3f}, {d.high:+.3f}] against the champion, {int(truth.sum())} events{among}.",
    )
