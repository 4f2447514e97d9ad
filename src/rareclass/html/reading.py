"""A number with its interval, as pages show it."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from rareclass.evaluation import words


class Estimated(Protocol):
    """What has an estimate and limits, of which each may be None or NaN."""

    @property
    def estimate(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


class Reading(NamedTuple):
    """A number as it is shown, with its interval; each may be None."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, entry: Estimated | None, otherwise: float | None = None) -> "Reading":
        """What is known of an interval; `otherwise` where there is none."""
        if entry is None:
            return cls(words.finite(otherwise))
        return cls(*(words.finite(v) for v in (entry.estimate, entry.low, entry.high)))

    def text(self, write: Callable[[object], str] = words.score) -> str:
        """ "0.783 [0.660, 0.871]"."""
        return f"{write(self.value)} {words.interval(self.low, self.high, write)}".strip()
