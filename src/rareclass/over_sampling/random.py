"""Random over-sampling: repeat rows of the rare class, exactly or with a little noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from rareclass._sklearn import Interval
from rareclass._types import Labels, Matrix, Rows, Seed, Strategy
from rareclass.errors import InputError
from rareclass.kernels.draw import repeated_rows
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.smoothing import smoothed_bootstrap
from rareclass.sampler import Draw, class_streams, join
from rareclass.sampler.draw import of_class
from rareclass.sampler.tables import Table
from rareclass.sampler.target import Target


@dataclass(eq=False, repr=False, kw_only=True)
class RandomOverSampler(BaseOverSampler):
    """Repeat rows of the rare classes, drawn at random with replacement.

    When to use it: as the honest baseline of every over-sampler; for learners without `sample_weight`. When not: where
    weights are possible (the same optimum without longer training); before a split (copies leak). Works on any column
    type: repeated rows are exact copies, frames keep their types, missing and infinite values pass. Costs one pass over
    the output.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    shrinkage : None, float >= 0 or mapping {label: float}, default=None
        Bandwidth factor of a smoothed bootstrap: repeated rows get Gaussian noise. 0 and None add none; a mapping needs
        every class that is raised. Noise goes to numeric columns only; integers are rounded with their mean kept, text
        and categories are copied. On sparse input only stored entries are moved, so that zeros stay zeros.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    sample_indices_ : int array (n_out,), input row of each output row
    shrinkage_ : dict {label: factor} or None
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_ : provenance, see `rareclass.sampler.Sampler`

    See Also
    --------
    ROSE : the smoothed bootstrap as a method of its own.

    Notes
    -----
    Menardi and Torelli, Training and assessing classification rules with imbalanced data, Data Mining and Knowledge
    Discovery 28 (2014): bandwidth (4 / ((d + 2) n_class))^(1/(d + 4)) times the class's standard deviation, section 3.
    imbalanced-learn uses the number of all rows instead of n_class, and fills sparse matrices with noise.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import RandomOverSampler
    >>> X, y = make_classification(n_samples=1000, weights=[0.9], flip_y=0, random_state=10)
    >>> X_res, y_res = RandomOverSampler(random_state=42).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 901), (1, 901)]
    """

    _allows_nan = True
    _allows_text = True
    _exposes_indices = True
    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "shrinkage": [Interval(Real, 0, None, closed="left"), Mapping, None],
    }

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    shrinkage: float | Mapping | None = None

    @property
    def _takes(self) -> str:  # type: ignore[override]
        return "table" if self.shrinkage is None else "numbers"

    def _read(self, X: Rows, y: Labels) -> tuple[Table, Target]:
        try:
            return super()._read(X, y)
        except InputError as error:
            if self.shrinkage is None or "could not convert" not in str(error):
                raise
            raise InputError(
                "When shrinkage is not None, X needs to contain only numerical data to later generate a smoothed "
                "bootstrap sample; give a frame with typed columns, or set shrinkage=None."
            ) from error

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.shrinkage_ = self._factors()
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows = np.flatnonzero(y == code)
            factor = None if self.shrinkage_ is None else self.shrinkage_[self._label(code)]
            if factor is None:
                parents = repeated_rows(rows, targets[code], stream)
                draws.append(Draw(parents=parents, labels=of_class(code, targets[code])))
            else:
                draws.append(smoothed_bootstrap(X, rows, targets[code], factor, stream))
        return join(draws)

    def _factors(self) -> dict | None:
        if self.shrinkage is None:
            return None
        if not isinstance(self.shrinkage, Mapping):
            return dict.fromkeys(self.sampling_strategy_, self.shrinkage)
        missing = [label for label in self.sampling_strategy_ if label not in self.shrinkage]
        if missing:
            raise InputError(
                "`shrinkage` should contain a shrinkage factor for each class that will be resampled. "
                f"The missing classes are: {missing}."
            )
        for label, factor in self.shrinkage.items():
            if factor < 0:
                raise InputError(f"The shrinkage factor needs to be >= 0. Got {factor} for class {label!r}.")
        return dict(self.shrinkage)
