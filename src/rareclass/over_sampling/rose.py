"""ROSE: rows drawn from a kernel density estimate of their class."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from rareclass._sklearn import Interval
from rareclass._types import Matrix, Seed, Strategy
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.smoothing import smoothed_bootstrap
from rareclass.sampler import Draw, class_streams, join


@dataclass(eq=False, repr=False, kw_only=True)
class ROSE(BaseOverSampler):
    """Random over-sampling examples: new rows drawn from a Gaussian kernel density of the rare class.

    When to use it: few numeric columns whose density is smooth, and a learner that overfits exact copies. When not:
    many columns (the kernel then reaches into regions without data), strongly skewed or bounded columns (noise ignores
    bounds of floating-point columns). Nominal values are copied, integers rounded with their mean kept.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    shrinkage : float >= 0, default=1.0
        Factor on the bandwidth (`hmult` of the R package).
    keep_original : bool, default=True
        False returns synthetic rows only, for every class, as the paper does; the class sizes are the same.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_ : provenance, see `rareclass.sampler.Sampler`

    Notes
    -----
    Menardi and Torelli, Data Mining and Knowledge Discovery 28 (2014), section 3: draw a class, draw one of its rows,
    draw from K_H around that row with H = diag(h_1, ..., h_d), h_q = (4 / ((d + 2) n_class))^(1/(d + 4)) s_q.
    Difference: the sizes of the classes are exact instead of binomial.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import ROSE
    >>> X, y = make_classification(n_samples=200, weights=[0.9], flip_y=0, random_state=0)
    >>> X_res, y_res = ROSE(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 181), (1, 181)]
    """

    _allows_nan = True
    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "keep_original": ["boolean"],
    }

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    shrinkage: float = 1.0
    keep_original: bool = True

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        wanted = dict(targets)
        if not self.keep_original:
            wanted = {code: int(n) + targets.get(code, 0) for code, n in enumerate(np.bincount(y))}
        draws = []
        for code, stream in class_streams(wanted, rng).items():
            if wanted[code]:
                rows = np.flatnonzero(y == code)
                draws.append(smoothed_bootstrap(X, rows, wanted[code], self.shrinkage, stream))
        draw = join(draws)
        if self.keep_original:
            return draw
        return Draw(kept=np.empty(0, dtype=np.intp), parents=draw.parents, made=draw.made)
