"""How much of the chosen one's number is luck: it was chosen by the same rows that its number is quoted from."""

from collections.abc import Callable, Sequence

import numpy as np

from rareclass._types import Floats, Labels, Scores
from rareclass.uncertainty.named import NAMED
from rareclass.uncertainty.sample import make_sample

_DRAWS = 20_000


def joint_gains(
    metric: str, y_true: Labels, base: Scores, others: Sequence[Scores], **rows: object
) -> tuple[Floats, Floats]:
    """What each scorer has over `base` in a metric, and the covariance of these gains over the rows.

    Parameters
    ----------
    metric : str
        A metric that has an interval by name.
    y_true : array-like (n,)
    base : array-like (n,)
    others : sequence of array-like (n,)
    **rows : sample_weight, groups
        As in `paired_difference`.

    Returns
    -------
    (gains (k,), covariance (k, k))
    """

    def read(score: Scores) -> tuple[float, Floats]:
        sample = make_sample(y_true, score, **rows)  # type: ignore[arg-type]
        found = NAMED[metric].estimate(sample)
        each = sample.weight * found.influence / sample.size
        return found.value, each if sample.groups is None else np.bincount(sample.groups, each).astype(np.float64)

    own, moves = read(base)
    each = [read(score) for score in others]
    gains = np.array([value - own for value, _ in each])
    apart = np.column_stack([influence - moves for _, influence in each])
    return gains, apart.T @ apart


def luck_of_choice(
    gains: Floats, covariance: Floats, choose: Callable[[Floats], Floats], *, random_state: int = 0
) -> float:
    """Expected part of the chosen one's gain that would not come again on other rows.

    The rows are drawn again, in the normal limit: gains move by their joint error, the choice is made anew, and the
    chosen one is judged on the rows that were left out, where its gain has moved the other way. How much less that is
    on average than the gain that is quoted is luck. Among equals it is the whole gain, in expectation; where one is
    surely the best, nothing.

    Parameters
    ----------
    gains : array (k,)
        Over the default, which is known before any row is seen and has no luck.
    covariance : array (k, k)
    choose : callable
        From gains (m, k) to the number (m,) of the chosen one, -1 where the default stays.
    random_state : int, default 0

    Returns
    -------
    float, at least 0

    Notes
    -----
    Tsamardinos et al. (2018), Mach. Learn. 107:1895 (bootstrap bias-corrected cross-validation): choose on the
    resample, judge on what it left out. What a resample gains by its draws, the left-out rows lose on average, so that
    the normal limit needs the covariance only.

    Examples
    --------
    >>> best = lambda gains: gains.argmax(axis=1)
    >>> luck_of_choice(np.array([0.5, 0.0]), np.eye(2) / 1e6, best) < 1e-3
    True
    """
    rng = np.random.default_rng(random_state)
    values, vectors = np.linalg.eigh(covariance)
    moved = rng.normal(size=(_DRAWS, gains.size)) * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    chosen = choose(gains + moved)
    left_out = np.where(chosen < 0, 0.0, (gains - moved)[np.arange(_DRAWS), chosen])
    (own,) = choose(gains[None, :])
    return max(float((0.0 if own < 0 else gains[own]) - left_out.mean()), 0.0)
