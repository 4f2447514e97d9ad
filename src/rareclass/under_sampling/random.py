"""Random under-sampling."""

from dataclasses import dataclass

import numpy as np

from rareclass._types import Matrix, Seed, Strategy
from rareclass.sampler import Draw, class_streams
from rareclass.under_sampling.base import ORDER, RANDOM_STATE, BaseUnderSampler, by_class


@dataclass(eq=False, repr=False, kw_only=True)
class RandomUnderSampler(BaseUnderSampler):
    """Keep a random part of the larger classes.

    The cheapest treatment of rarity, and often as good as any: use it when there are far more negatives than a learner
    needs. Probabilities of a model trained on the result are too high; `inclusion_probability_` holds what brings them
    back. It costs time in proportion to the rows drawn. Any column type, missing values and text are accepted.

    Parameters
    ----------
    sampling_strategy : float, str, mapping or callable, default="auto"
        Rows to keep: a number in (0, 1] is the wanted ratio minority/majority (two classes only), a word names the
        classes to cut to the size of the smallest ("auto" = "not minority"), a mapping gives the rows of each class.
    random_state : int, Generator, RandomState or None, default=None
        Each class has its own stream.
    replacement : bool, default=False
        Draw with replacement; a row may then appear more than once.
    order : {"class", "input"}, default="class"
        "class": by class, in the order drawn, as imbalanced-learn gives them. "input": as in the data.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows to keep}.
    sample_indices_ : ndarray (n_out,)
    inclusion_probability_ : ndarray (n_out,)
        Share of its class that was to be kept, for each row; above 1 the expected number of copies.
    n_features_in_, feature_names_in_

    Examples
    --------
    >>> from rareclass.under_sampling import RandomUnderSampler
    >>> X, y = [[0], [1], [2], [3], [4], [5]], ["no", "no", "no", "no", "yes", "yes"]
    >>> RandomUnderSampler(random_state=0).fit_resample(X, y)[1]
    ['no', 'no', 'yes', 'yes']
    """

    _allows_nan = True
    _allows_text = True
    _takes = "table"
    _parameter_constraints = {
        **BaseUnderSampler._parameter_constraints,
        "random_state": RANDOM_STATE,
        "replacement": ["boolean"],
        "order": ORDER,
    }

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    replacement: bool = False
    order: str = "class"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        chosen, share = {}, np.ones(int(y.max()) + 1)
        for code, stream in class_streams(targets, rng).items():
            others, number = np.flatnonzero(y != code), targets[code]
            size = y.size - others.size
            chosen[code] = _rows_between(others, stream.choice(size, number, replace=self.replacement, shuffle=True))
            share[code] = number / size
        kept = by_class(y, chosen, self.order)
        return Draw(kept=kept, probability=share[y[kept]])


def _rows_between(others: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The rows at these positions among all that are not `others` (rising): all but the few rows of other classes."""
    return positions + np.searchsorted(others - np.arange(others.size), positions, side="right")
