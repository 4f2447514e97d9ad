"""Learners on disk: skops files, read against a fixed list of types."""

from functools import cache
from pathlib import Path
from typing import Any

from rareclass.errors import BundleError
from rareclass.learners.table import LEARNERS

OURS = ("rareclass.learners.", "rareclass.losses.", "rareclass.ensemble.", "rareclass.cascade.")


@cache
def trusted_types() -> frozenset[str]:
    """What the learners of this package consist of beyond what skops trusts by itself, as their classes say.

    The table of learners is closed, so no class from elsewhere can add to the list.
    """
    return frozenset({"numpy.dtype"}).union(*(LEARNERS[name].trusted for name in LEARNERS))


def read_learner(raw: bytes, path: Path) -> Any:
    """The learner in the content of a skops file; only types on the list are built.

    Raises
    ------
    BundleError
        The content is no learner, or holds another type. `path` is where it comes from.
    """
    import skops.io

    return skops.io.loads(raw, trusted=checked_types(raw, path))


def load_learner(path: Path) -> Any:
    """As `read_learner`, from a file."""
    return read_learner(path.read_bytes(), path)


def checked_types(raw: bytes, path: Path) -> list[str]:
    """The types that the content of a skops file asks for; `BundleError` where one is not on the list."""
    import skops.io

    try:
        asked = skops.io.get_untrusted_types(data=raw)
    except Exception as error:
        raise BundleError(f"{path} is not a learner file ({type(error).__name__}: {error}).") from None
    if any("LossBoosterClassifier" in t for t in asked):
        raise BundleError(
            f"{path} holds a LossBoosterClassifier, which is gone. Fit the model anew: guarded boosters take the loss "
            "themselves, RareLGBMClassifier(loss=...)."
        )
    foreign = sorted(t for t in asked if t not in trusted_types() and not t.startswith(OURS))
    if foreign:
        raise BundleError(
            f"The learner holds types that are not loaded from a bundle: {', '.join(foreign)}. "
            "Use one of rareclass.learners, or export the model by other means."
        )
    return list(asked)
