"""Learners made by name, as the comparison and the command line ask for them."""

from collections.abc import Sequence

from rareclass import _types
from rareclass._lazy import lazy_names
from rareclass.learners.base import RareLearner
from rareclass.learners.table import LEARNERS

# bundles that were saved while it stood here name this module
__getattr__, __dir__, _ = lazy_names(__name__, {"rareclass.learners.library_default": "LibraryDefaultLGBMClassifier"})


def is_exhibit(learner: str) -> bool:
    """Whether a learner of this name is only shown, as a warning, and never deployed."""
    return learner in LEARNERS and bool(LEARNERS[learner].is_exhibit)


def make_learner(
    name: str,
    *,
    categorical_features: Sequence[int] = (),
    events: int | None = None,
    random_state: _types.Seed = 0,
    n_jobs: int = 1,
) -> RareLearner:
    """Return an unfitted learner by its name.

    Parameters
    ----------
    name : str
        One of `LEARNERS`.
    categorical_features : sequence of int
        Columns of the encoded matrix that hold codes.
    events : int, optional
        Number of events, where it is known; learners otherwise count them when they are fitted.
    random_state : int, Generator or None, default=0
    n_jobs : int, default=1

    Raises
    ------
    InputError
        The name is unknown.

    Examples
    --------
    >>> make_learner("logistic_regression").takes_offset
    True
    """
    columns = tuple(int(j) for j in categorical_features)
    made: RareLearner = LEARNERS[name](categorical_features=columns, random_state=random_state, n_jobs=n_jobs)
    return made
