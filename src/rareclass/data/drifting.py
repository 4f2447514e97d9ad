"""Simulated card transactions day by day, whose frauds change: suddenly, slowly and with the season."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass.data import world
from rareclass.data.fraud_risk import fraud_risk
from rareclass.data.simulate import SIGNAL, payment_batch
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.newton import fit_intercept

HISTORY = 84
"""Days before day 0, in which nothing changes."""
MONTH = 30
"""Days of a month."""
_BEFORE = 21  # days before history, of which nothing is seen but when customers paid
PORTFOLIOS = ("private", "business", "students")
_SHARE, _RISK = np.array([0.7, 0.2, 0.1]), np.array([0.0, -0.7, 0.8])
_MONDAY = np.datetime64("2025-01-06")
_SEASON = 0.4  # log-odds above and below the mean of the year
_SWING = 365.25
_NEW_YEAR = 5  # days from 1 January to day 0
_PEAK = 335  # day of the year around which most frauds are seen: shopping before Christmas
_NEW = -0.4  # log-odds of fraud where a new way of cheating is used, give or take what else is known of the payment
SUDDEN, SLOW, SEASONAL = "sudden", "slow", "seasonal"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of the fraud class.

    Attributes
    ----------
    kind : {"sudden", "slow", "seasonal"}
    what : str
        A sentence.
    first, last : int
        Days between which frauds change; equal where they change overnight.
    """

    kind: str
    what: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """The payments of one day in order of time.

    Attributes
    ----------
    number : int
        Days since service began.
    table : pyarrow.Table
        Columns of `simulate_transactions` (without its label), with ``id`` (text) and ``portfolio`` (the slice).
    fraud : ndarray of shape (n,), bool
    probability : ndarray of shape (n,)
        True P(fraud | row, day).
    reported : ndarray of shape (n,)
        Days since service began at which its owner reports a fraud; infinite for honest payments.
    """

    number: int
    table: pa.Table
    fraud: np.ndarray
    probability: np.ndarray
    reported: np.ndarray

    @property
    def moment(self) -> np.ndarray:
        """Time of each payment (n,), datetime64[s]."""
        return self.table.column("time").to_numpy()


@dataclass(frozen=True, kw_only=True)
class DriftingPayments:
    """Card payments over months with drift of the fraud class; a day depends on the seed and its number only.

    A run of three months is the beginning of one of twelve. Days before 0, `HISTORY` of them, are without drift. Then
    come two new ways of cheating (one hits business customers alone), one slow move from cards in shops to online
    accounts and to other categories of merchants, and a season: most frauds before Christmas.

    Parameters
    ----------
    months : int, default=12
        Months of 30 days after day 0.
    seed : int, default=0
    rows : int, default=1,000
        Payments a day, on average.
    prevalence : float, default=0.03
        Of the days before 0.
    delay, period : float, default=6, 21
        Days until a fraud is reported: their mean (gamma distributed with shape 2), and their end; what was not
        reported by then was honest, or is taken to be known then.
    drift : bool, default=True

    Examples
    --------
    >>> payments = DriftingPayments(months=1, seed=3, rows=300)
    >>> payments.day(0).table.num_rows, [change.kind for change in payments.changes]
    (303, ['sudden', 'seasonal'])
    """

    months: int = 12
    seed: int = 0
    rows: int = 1_000
    prevalence: float = 0.03
    delay: float = 6.0
    period: float = 21.0
    drift: bool = True
    _world: "_World" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check.whole_number(self.months, "months", low=1, high=120)
        _check.whole_number(self.seed, "seed", low=0)
        _check.whole_number(self.rows, "rows", low=50, high=200_000)
        _check.fraction(self.prevalence, "prevalence", high=0.2, closed="neither")
        object.__setattr__(self, "_world", _World.of(self))

    @property
    def days(self) -> int:
        """Days after day 0."""
        return MONTH * self.months

    @property
    def changes(self) -> list[Change]:
        """What changes within these months, in order."""
        return [c for c in self._world.changes if c.first < self.days] if self.drift else []

    def date(self, day: float) -> np.datetime64:
        """The date of a day."""
        return _MONDAY + np.timedelta64(int(np.floor(day)), "D")

    def day(self, number: int) -> Day:
        """The payments of one day, from -`HISTORY` on."""
        number = _check.whole_number(number, "number", low=-HISTORY, high=self.days - 1)
        return self._world.day(self, number)

    def history(self) -> Iterator[Day]:
        """The days before day 0."""
        return (self.day(number) for number in range(-HISTORY, 0))


@dataclass(frozen=True, kw_only=True)
class _World:
    """All that days share."""

    customers: world.Customers
    merchants: world.Merchants
    portfolio: np.ndarray
    turned: np.ndarray  # what the slow move adds to the risk of each category of merchants
    second: np.ndarray  # since the start of history
    customer: np.ndarray
    gap: np.ndarray
    count: np.ndarray
    starts: np.ndarray  # the first row of each day
    changes: tuple[Change, ...]
    intercept: float

    @classmethod
    def of(cls, asked: DriftingPayments) -> "_World":
        rng = np.random.default_rng([asked.seed, 0])
        customers = world.make_customers(max(50, 3 * asked.rows), rng)
        merchants = world.make_merchants(int(np.clip(12 * asked.rows**0.5, 60, 4_000)), rng)
        portfolio = rng.choice(len(PORTFOLIOS), size=customers.home.size, p=_SHARE).astype(np.int8)
        turned = rng.permutation(np.linspace(-1.8, 1.2, len(world.CATEGORIES)))
        changes = _changes(rng)
        seconds, payers = [], []
        for day in range(-_BEFORE, HISTORY + asked.days):
            own = np.random.default_rng([asked.seed, 1, day + _BEFORE])
            n = int(own.poisson(asked.rows * world.weekday(day)))
            seconds.append(day * world.DAY + world.payment_seconds(n, 1, own))
            payers.append(world.who_paid(n, customers, own))
        second, customer = np.concatenate(seconds), np.concatenate(payers)
        gap, count = world.customer_history(customer, second + _BEFORE * world.DAY)  # it takes none below 0
        made = cls(
            customers=customers,
            merchants=merchants,
            portfolio=portfolio,
            turned=turned,
            second=second,
            customer=customer,
            gap=gap,
            count=count,
            starts=np.cumsum([0, *map(len, seconds)])[_BEFORE:],
            changes=changes,
            intercept=0.0,
        )
        logits = np.concatenate([made._drawn(asked, day)[1] for day in range(-28, 0)])
        object.__setattr__(made, "intercept", float(fit_intercept(logits, asked.prevalence * logits.size)))
        return made

    def day(self, asked: DriftingPayments, number: int) -> Day:
        seen, logit, rng = self._drawn(asked, number)
        probability = sigmoid(logit + self.intercept)
        fraud = rng.random(logit.size) < probability
        waited = np.minimum(rng.gamma(2.0, asked.delay / 2, logit.size), asked.period)
        table = pa.Table.from_batches([payment_batch(seen, self._moment(0))])
        names = np.array(PORTFOLIOS)[self.portfolio[seen.customer]]
        ids = [f"{number + HISTORY}-{i}" for i in range(logit.size)]
        table = table.append_column("portfolio", pa.array(names)).append_column("id", pa.array(ids))
        at = seen.second / world.DAY - HISTORY
        return Day(
            number=number,
            table=table,
            fraud=fraud,
            probability=probability,
            reported=np.where(fraud, at + waited, np.inf),
        )

    def _moment(self, day: int) -> np.datetime64:
        """Midnight of a day of history and service, as `payment_batch` counts from."""
        return (_MONDAY - np.timedelta64(HISTORY, "D") + np.timedelta64(day, "D")).astype("datetime64[s]")

    def _drawn(self, asked: DriftingPayments, number: int) -> tuple[world.Payments, np.ndarray, np.random.Generator]:
        """What is seen of a day, the log-odds of fraud but for the intercept, and the generator to go on with."""
        rng = np.random.default_rng([asked.seed, 2, number + HISTORY])
        rows = slice(self.starts[number + HISTORY], self.starts[number + HISTORY + 1])
        customer = self.customer[rows]
        seen = world.make_payments(
            self.second[rows],
            customer,
            (self.gap[rows], self.count[rows]),
            self.customers,
            self.merchants,
            0.0,
            missing=0.02,
            rng=rng,
        )
        portfolio = self.portfolio[customer]
        moved = asked.drift and number >= 0
        first, second, slow = self.changes[:3]
        along = np.clip((number - slow.first) / (slow.last - slow.first), 0, 1) if moved else 0.0
        risk = fraud_risk(seen, self.merchants, 0.9 * along) + along * self.turned[seen.category]
        logit = SIGNAL * risk + _RISK[portfolio]
        if moved:
            logit += _SEASON * np.cos(2 * np.pi * (number + _NEW_YEAR - _PEAK) / _SWING)
            tapped, invoiced = _tapped(seen), _invoiced(seen, portfolio)
            new = (tapped & (number >= first.first)) | (invoiced & (number >= second.first))
            logit = np.where(new, _NEW - self.intercept + 0.2 * (logit - logit.mean()), logit)
        return seen, logit, rng


def _changes(rng: np.random.Generator) -> tuple[Change, ...]:
    first, second = int(rng.integers(20, 28)), int(rng.integers(190, 220))
    start = int(rng.integers(80, 110))
    said = (
        (SUDDEN, "Stolen cards are tapped at fuel and transport machines.", first, first),
        (SUDDEN, "Business customers are cheated with invoices of usual merchants.", second, second),
        (SLOW, "Fraud moves from shops to online accounts, and to other categories of merchants.", start, start + 150),
        (SEASONAL, "Frauds come and go with the season; most are before Christmas.", 0, 10**6),
    )
    return tuple(Change(kind=kind, what=what, first=low, last=high) for kind, what, low, high in said)


def _tapped(seen: world.Payments) -> np.ndarray:
    """Rows of a fraud that is new: contactless, at fuel and transport, more than is usual."""
    place = (seen.category == world.CATEGORIES.index("fuel")) | (seen.category == world.CATEGORIES.index("transport"))
    return (seen.channel == 1) & place & (seen.usual_ratio > 0.9)


def _invoiced(seen: world.Payments, portfolio: np.ndarray) -> np.ndarray:
    """Rows of another one: chip payments of business customers on known cards, of high amounts."""
    return (portfolio == PORTFOLIOS.index("business")) & (seen.channel == 0) & (seen.usual_ratio > 1.2)
