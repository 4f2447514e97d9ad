"""What an interval is: `confidence_interval` and `paired_difference` return it; and what a table of numbers is."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Table:
    """Base of results that hold arrays."""

    def to_dict(self) -> dict[str, Any]:
        """Lists of plain numbers, ready for JSON."""
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Parameters
    ----------
    estimate, low, high : float
        NaN where undefined.
    level : float in (0, 1)
        Nominal coverage.
    method : str
        How it was computed.

    Examples
    --------
    >>> Interval(0.8, 0.49, 0.94, method="wilson").to_dict()["high"]
    0.94
    """

    estimate: float
    low: float
    high: float
    level: float = 0.95
    method: str = ""

    @property
    def width(self) -> float:
        """high - low."""
        return self.high - self.low

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)
