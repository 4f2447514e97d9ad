"""What an interval is: `confidence_interval` and `paired_difference` return it."""

from dataclasses import asdict, dataclass
from typing import Any


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
