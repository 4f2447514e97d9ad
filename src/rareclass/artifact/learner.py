"""Learners on disk: skops files, read against a fixed list of types."""

from pathlib import Path
from typing import Any

from rareclass.errors import BundleError

# What a learner of this package consists of beyond what skops trusts by itself. Never extended at run time.
TRUSTED = frozenset({
    "catboost.core.CatBoostClassifier",
    "collections.OrderedDict",
    "collections.defaultdict",
    "functools.partial",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "numpy.dtype",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
})  # fmt: skip
OURS = ("rareclass.learners.", "rareclass.losses.")


def dump_learner(learner: Any, path: Path) -> None:
    """Write a fitted learner; refuses what could not be read again."""
    import skops.io

    skops.io.dump(learner, path)
    _trusted_types(path)


def load_learner(path: Path) -> Any:
    """Read a learner; only types on the list are built.

    Raises
    ------
    BundleError
        When the file holds another type.
    """
    import skops.io

    return skops.io.load(path, trusted=_trusted_types(path))


def _trusted_types(path: Path) -> list[str]:
    import skops.io

    try:
        asked = skops.io.get_untrusted_types(file=path)
    except Exception as error:
        raise BundleError(f"{path} is not a learner file ({type(error).__name__}: {error}).") from None
    foreign = sorted(t for t in asked if t not in TRUSTED and not t.startswith(OURS))
    if foreign:
        raise BundleError(
            f"The learner holds types that are not loaded from a bundle: {', '.join(foreign)}. "
            "Use one of rareclass.learners, or export the model by other means."
        )
    return list(asked)
