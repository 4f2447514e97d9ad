"""Learners on disk: skops files, read against a fixed list of types."""

from functools import cache
from pathlib import Path
from typing import Any

from rareclass.errors import BundleError
from rareclass.learners.table import LEARNERS

OURS = ("rareclass.learners.", "rareclass.losses.")


@cache
def trusted_types() -> frozenset[str]:
    """What the learners of this package consist of beyond what skops trusts by itself, as their classes say.

    The table of learners is closed, so no class from elsewhere can add to the list.
    """
    return frozenset({"numpy.dtype"}).union(*(LEARNERS[name].trusted for name in LEARNERS))


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
    foreign = sorted(t for t in asked if t not in trusted_types() and not t.startswith(OURS))
    if foreign:
        raise BundleError(
            f"The learner holds types that are not loaded from a bundle: {', '.join(foreign)}. "
            "Use one of rareclass.learners, or export the model by other means."
        )
    return list(asked)
