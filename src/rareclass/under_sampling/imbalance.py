"""Make data imbalanced, for experiments."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from rareclass._sklearn import checks_parameters
from rareclass._types import Labels, Rows, Seed
from rareclass.errors import InputError
from rareclass.sampler import check_sampling_strategy, check_target_type
from rareclass.under_sampling.random import RandomUnderSampler


@checks_parameters(
    {
        "X": ["array-like"],
        "y": ["array-like"],
        "sampling_strategy": [Mapping, callable, None],
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["boolean"],
    }
)
def make_imbalance(
    X: Rows,
    y: Labels,
    *,
    sampling_strategy: Mapping | Callable | None = None,
    random_state: Seed = None,
    verbose: bool = False,
    **kwargs: object,
) -> tuple[Rows, Rows]:
    """Thin out classes at random, for experiments with a known degree of imbalance.

    Parameters
    ----------
    X : array or frame (n, d)
    y : labels (n,)
    sampling_strategy : mapping {label: rows to keep} or callable(y, **kwargs) -> mapping
        Required, although imbalanced-learn's signature gives it a default.
    random_state : int, Generator, RandomState or None, default=None
    verbose : bool, default=False
        Print the class counts before and after.
    **kwargs : arguments of a callable `sampling_strategy`

    Returns
    -------
    X_resampled, y_resampled : in the containers of the input, by class

    Raises
    ------
    InputError
        `sampling_strategy` is missing, names an absent class or asks for more rows than there are.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import load_iris
    >>> from rareclass.datasets import make_imbalance
    >>> X, y = load_iris(return_X_y=True)
    >>> X_res, y_res = make_imbalance(X, y, sampling_strategy={0: 10, 1: 20, 2: 30}, random_state=0)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 10), (1, 20), (2, 30)]
    """
    if sampling_strategy is None:
        raise InputError("`sampling_strategy` is None; give a mapping {class: rows to keep} or a callable.")
    flat = check_target_type(y)
    numbers = check_sampling_strategy(sampling_strategy, flat, "under-sampling", **kwargs)
    if verbose:
        print(f"The original target distribution in the dataset is: {Counter(flat.tolist())}")
    sampler = RandomUnderSampler(sampling_strategy=numbers, random_state=random_state)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    if verbose:
        print(f"Make the dataset imbalanced: {Counter(check_target_type(y_resampled).tolist())}")
    return X_resampled, y_resampled
