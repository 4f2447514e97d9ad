"""What the bank learns of payments, and when: a stopped fraud is never reported, so a random share is looked into."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from rareclass.data.drifting import Day, DriftingPayments

TARGET, TIME, WEIGHT, SLICE = "fraud", "time", "weight", "portfolio"
LEFT_OUT = ("id", "customer", "merchant")
"""Columns of the payments that are no features."""
AUDITED = 0.25
"""Share of all payments, drawn by chance, that are looked into where they are stopped."""
ANSWER = 1.0
"""Days until that is done."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The payments of a day after they were let through or stopped, and what became known of them.

    Attributes
    ----------
    number : int
        Day.
    table : pyarrow.Table
        Features and the time.
    fraud : ndarray of shape (n,), bool
        The truth, which nobody sees.
    stopped : ndarray of shape (n,), bool
    drawn : ndarray of shape (n,), bool
        Whether the payment is of the random sample, of which everything becomes known.
    known : ndarray of shape (n,)
        Days since service began at which the label is known: when a fraud is reported, the end of the period of an
        honest payment, soon after where it was stopped and looked into, and never (infinite) where it was only stopped.
    """

    number: int
    ids: list[str]
    moment: np.ndarray
    table: pa.Table
    fraud: np.ndarray
    stopped: np.ndarray
    drawn: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, payments: DriftingPayments, day: Day, stopped: np.ndarray | None = None) -> Self:
        """A day of payments, of which these (n,) were stopped; none before service began."""
        n, number = day.fraud.size, day.number
        stopped = np.zeros(n, dtype=bool) if stopped is None else stopped
        drawn = np.random.default_rng([payments.seed, 3, number + 1_000]).random(n) < AUDITED
        at = (day.moment - payments.date(0).astype("datetime64[s]")).astype(np.float64) / 86_400
        told = np.where(day.fraud, day.reported, at + payments.period)
        return cls(
            number=number,
            ids=day.table["id"].to_pylist(),
            moment=day.moment,
            table=day.table.drop_columns(list(LEFT_OUT)),
            fraud=day.fraud,
            stopped=stopped,
            drawn=drawn,
            known=np.where(stopped, np.where(drawn, at + ANSWER, np.inf), told),
        )

    @property
    def audited(self) -> int:
        """Stopped payments that were looked into."""
        return int((self.stopped & self.drawn).sum())

    def labelled(self) -> pa.Table:
        """Features, labels (null where none comes) and weights: 1 / the probability with which a row gets a label.

        Only for days whose labels have all come.
        """
        unknown = ~np.isfinite(self.known)
        weight = np.where(self.stopped, 1 / AUDITED, 1.0)
        table = self.table.append_column(TARGET, pa.array(self.fraud.astype(np.int8), mask=unknown))
        return table.append_column(WEIGHT, pa.array(weight))


def came(days: Iterable[Decided], since: float, now: float) -> int:
    """How many frauds became known after the day `since`, until `now`."""
    return sum(int((day.fraud & (day.known > since) & (day.known <= now)).sum()) for day in days)
