"""What the metrics counted, put into numbers for people: totals, rates and quantiles of the last while."""

import math
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from prometheus_client.core import Metric

Labels = tuple[tuple[str, str], ...]
RECENT = 30.0
"""Seconds that rates are taken over, where a reading of so long ago is at hand."""
_KEPT = 600.0


class Counts:
    """The samples of all metrics by their name and labels."""

    def __init__(self, samples: dict[tuple[str, Labels], float]) -> None:
        self._samples = samples

    @classmethod
    def of(cls, families: Iterable[Metric]) -> "Counts":
        return cls({(s.name, tuple(s.labels.items())): s.value for family in families for s in family.samples})

    def by(self, key: str, name: str, **labels: str) -> dict[str, float]:
        """Sums of the samples of a metric by one of its labels, where the others are these."""
        found: dict[str, float] = {}
        for (own, pairs), value in self._samples.items():
            if own == f"rareclass_{name}":
                said = dict(pairs)
                if all(said.get(k) == v for k, v in labels.items()):
                    found[said.get(key, "")] = found.get(said.get(key, ""), 0.0) + value
        return found

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples of a metric with these labels."""
        return sum(self.by("", name, **labels).values())

    def since(self, before: "Counts") -> "Counts":
        """What was counted after `before`."""
        return Counts({key: value - before._samples.get(key, 0.0) for key, value in self._samples.items()})

    def buckets(self, name: str, **labels: str) -> list[tuple[float, float]]:
        """(upper end, count) of each bucket of a histogram, the last end infinite."""
        ends = sorted((float(end), n) for end, n in self.by("le", f"{name}_bucket", **labels).items())
        return [(end, n - before) for (_, before), (end, n) in pairwise([(-math.inf, 0.0), *ends])]


class Recent(NamedTuple):
    """All that was counted, and what came in the last `seconds`."""

    counts: Counts
    change: Counts
    seconds: float


class History:
    """Readings of the last minutes, so that counts have a rate."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, Counts]] = deque()

    def add(self, counts: Counts, now: float | None = None) -> Recent:
        """Keep a reading, and compare it with the latest one that is `RECENT` seconds old, else with the first."""
        now = time.monotonic() if now is None else now
        then, before = now, counts
        for at, earlier in self._readings:
            if then == now or at <= now - RECENT:
                then, before = at, earlier
        while len(self._readings) > 1 and self._readings[0][0] < now - _KEPT:
            self._readings.popleft()
        if not self._readings or now - self._readings[-1][0] >= 1.0:
            self._readings.append((now, counts))
        return Recent(counts, counts.since(before), now - then)


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """The value below which this share of a histogram lies, evenly within a bucket; None where it is empty.

    Beyond the last finite end it is infinite.
    """
    wanted = share * sum(n for _, n in buckets)
    if wanted <= 0:
        return None
    low = 0.0
    for end, n in buckets:
        if n > 0 and wanted <= n:
            return end if math.isinf(end) else low + (end - low) * wanted / n
        wanted, low = wanted - n, end
    return math.inf
