"""Which procedure is better, across folds or data sets: tests that know that folds share their training rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from rareclass import _check
from rareclass._types import Floats, Seed
from rareclass.errors import InputError


class TTest(NamedTuple):
    """Mean difference with its interval and two-sided p-value."""

    mean: float
    low: float
    high: float
    p_value: float
    statistic: float
    freedom: float


class Verdict(NamedTuple):
    """Posterior probabilities that the difference A - B is below, within and above the region of practical equality."""

    below: float
    within: float
    above: float


def _differences(values: ArrayLike) -> Floats:
    array = _check.number_array(values, "differences")
    if array.shape[0] < 2:
        raise InputError(f"`differences` needs at least two values; got {array.shape[0]}.")
    return array


def corrected_t_test(differences: ArrayLike, *, test_share: float, level: float = 0.95) -> TTest:
    """Nadeau and Bengio's corrected resampled t-test of differences over folds or random splits.

    The usual t-test takes folds as independent; they share training rows, and it finds differences that are not
    there. Estimand: the expected difference of two training procedures at this training size.

    Parameters
    ----------
    differences : array-like (J,)
        Metric of A minus metric of B on each fold or split, paired.
    test_share : float in (0, 1)
        Rows of a test part over all rows: 1/k in k-fold cross-validation (repeated or not).
    level : float in (0, 1), default 0.95

    Returns
    -------
    TTest(mean, low, high, p_value, statistic, freedom)
        NaN p-value when all differences are zero.

    Raises
    ------
    InputError
        Fewer than two values, NaN, a share outside (0, 1).

    Notes
    -----
    Nadeau and Bengio (2003), Machine Learning 52:239: variance (1/J + n_test/n_train) s^2, J - 1 degrees of freedom.

    Examples
    --------
    >>> test = corrected_t_test([0.03, 0.01, 0.04, 0.02, 0.05], test_share=0.2)
    >>> round(test.mean, 3), round(test.statistic, 3), round(test.p_value, 4)
    (0.03, 2.828, 0.0474)
    """
    d = _differences(differences)
    share = _check.fraction(test_share, "test_share", closed="neither")
    level = _check.fraction(level, "level", closed="neither")
    freedom = d.shape[0] - 1
    error = float(np.sqrt((1 / d.shape[0] + share / (1 - share)) * d.var(ddof=1)))
    mean = float(d.mean())
    if error == 0:
        return TTest(mean, mean, mean, 0.0 if mean else float("nan"), float("nan"), float(freedom))
    t = mean / error
    half = float(stdtrit(freedom, 0.5 + level / 2)) * error
    return TTest(mean, mean - half, mean + half, float(2 * stdtr(freedom, -abs(t))), t, float(freedom))


def bayesian_correlated_t_test(differences: ArrayLike, *, test_share: float, rope: float = 0.0) -> Verdict:
    """Posterior of the mean difference over folds, with a region of practical equivalence.

    Parameters
    ----------
    differences : array-like (J,)
        Metric of A minus metric of B on each fold, paired.
    test_share : float in (0, 1)
        The correlation of folds is taken as the test part's share of rows.
    rope : float >= 0, default 0
        Differences within +-rope are practically zero.

    Returns
    -------
    Verdict(below, within, above)
        Sum 1. Without evidence and with rope 0: (0.5, 0, 0.5).

    Raises
    ------
    InputError
        Fewer than two values, NaN, a share outside (0, 1), a negative rope.

    Notes
    -----
    Corani and Benavoli (2015), Machine Learning 100:285; Benavoli et al. (2017), JMLR 18:77, section 4: Student t
    with J - 1 degrees of freedom, location the mean and scale s sqrt(1/J + r/(1 - r)).

    Examples
    --------
    >>> verdict = bayesian_correlated_t_test([0.03, 0.01, 0.04, 0.02, 0.05], test_share=0.2, rope=0.01)
    >>> [round(p, 4) for p in verdict]
    [0.0098, 0.0564, 0.9338]
    """
    d = _differences(differences)
    share = _check.fraction(test_share, "test_share", closed="neither")
    rope = _check.fraction(rope, "rope", high=np.inf, closed="left")
    freedom = d.shape[0] - 1
    mean = float(d.mean())
    scale = float(np.sqrt((1 / d.shape[0] + share / (1 - share)) * d.var(ddof=1)))
    if scale == 0:
        if abs(mean) <= rope:
            return Verdict(0.0, 1.0, 0.0) if rope > 0 or mean == 0 else Verdict(0.5, 0.0, 0.5)
        return Verdict(float(mean < 0), 0.0, float(mean > 0))
    below = float(stdtr(freedom, (-rope - mean) / scale))
    above = float(stdtr(freedom, (mean - rope) / scale))
    return Verdict(below, max(1 - below - above, 0.0), above)


def bayesian_signed_rank(
    differences: ArrayLike, *, rope: float = 0.0, prior: float = 0.5, samples: int = 20_000, random_state: Seed = 0
) -> Verdict:
    """Posterior that A is worse than, equivalent to, or better than B on a new data set.

    Use it across data sets, one (mean) difference each; across folds of one data set use the correlated t-test.

    Parameters
    ----------
    differences : array-like (q,)
        Metric of A minus metric of B on each data set.
    rope : float >= 0, default 0
        Differences within +-rope are practically zero.
    prior : float > 0, default 0.5
        Strength of a pseudo-observation at zero.
    samples : int >= 1000, default 20000
        Draws from the posterior.
    random_state : None, int or generator, default 0

    Returns
    -------
    Verdict(below, within, above)
        Share of draws in which each of the three has the largest probability. Sum 1.

    Raises
    ------
    InputError
        Fewer than two values, NaN, a negative rope.

    Notes
    -----
    Benavoli et al. (2014), ICML; Benavoli et al. (2017), JMLR 18:77, section 5: Dirichlet weights w over the
    differences and a pseudo-observation; the statistic sums w_i w_j over pairs with (z_i + z_j)/2 in each region.

    Examples
    --------
    >>> verdict = bayesian_signed_rank([0.02, 0.05, 0.01, 0.04, 0.03, -0.01, 0.06, 0.02])
    >>> verdict.above > 0.95
    True
    """
    d = _differences(differences)
    rope = _check.fraction(rope, "rope", high=np.inf, closed="left")
    prior = _check.fraction(prior, "prior", high=np.inf, closed="neither")
    samples = _check.whole_number(samples, "samples", low=1000)
    rng = _check.random_generator(random_state)
    z = np.concatenate([[0.0], d])
    middle = (z[:, None] + z[None, :]) / 2
    regions = [(middle < -rope).astype(float), (middle > rope).astype(float)]
    won = np.zeros(3)
    for start in range(0, samples, 2000):
        weight = rng.dirichlet(np.concatenate([[prior], np.ones(d.shape[0])]), size=min(2000, samples - start))
        below, above = (np.einsum("si,ij,sj->s", weight, region, weight, optimize=True) for region in regions)
        parts = np.column_stack([below, 1 - below - above, above])
        largest = parts >= parts.max(axis=1, keepdims=True) - 1e-12
        won += (largest / largest.sum(axis=1, keepdims=True)).sum(axis=0)
    return Verdict(*(won / samples).tolist())
