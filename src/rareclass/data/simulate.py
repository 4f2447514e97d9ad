"""Simulated card transactions over months, with the true fraud probability of each row."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._types import Seed
from rareclass.data import world
from rareclass.data.binormal import SimulatedScores, simulate_scores
from rareclass.data.fraud_risk import fraud_risk
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.newton import fit_intercept

__all__ = ["Simulated", "SimulatedScores", "simulate_scores", "simulate_transactions"]
_DRIFTS = ("prevalence", "covariates", "concept")
_BLOCK = 1_000_000  # rows drawn at a time: bounds memory; part of the meaning of a seed
SIGNAL = 1.35  # with it the best possible average precision is about 0.5 at a prevalence of 0.001
_START = np.datetime64("2025-01-06T00:00:00", "s")  # a Monday


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Simulated transactions with their truth.

    Attributes
    ----------
    table : pyarrow.Table
        The transactions in order of time, with the label but not its probability.
    probability : ndarray of shape (n,)
        True P(fraud | row of the table).
    label_time : ndarray of shape (n,), datetime64[s]
        When the fraud was reported; NaT for honest payments, which nobody reports.
    target, pos_label : str, int
        Label column and the event.
    group, time : str
        Columns for splits by customer and by time.
    """

    table: pa.Table
    probability: np.ndarray
    label_time: np.ndarray
    target: str = "fraud"
    pos_label: int = 1
    group: str = "customer"
    time: str = "time"

    @property
    def y(self) -> np.ndarray:
        """True fraud indicator (n,), Boolean."""
        return self.table.column(self.target).to_numpy().astype(bool)

    @property
    def groups(self) -> np.ndarray:
        """Customer of each row (n,)."""
        return self.table.column(self.group).to_numpy()

    @property
    def times(self) -> np.ndarray:
        """Moment of each row (n,), datetime64[s], rising."""
        return self.table.column(self.time).to_numpy()

    @property
    def best_average_precision(self) -> float:
        """Average precision that the ranking by the true probability has in expectation: nobody can do better."""
        p = np.sort(self.probability)[::-1]
        found = np.cumsum(p)
        return float(np.sum(p * found / np.arange(1, p.size + 1)) / found[-1])

    def known_labels(self, at: str | datetime.date | np.datetime64) -> np.ndarray:
        """Labels (n,) as they stood at a moment: frauds that were reported by then are True, all other rows False."""
        return self.y & (self.label_time <= np.asarray(at, dtype="datetime64[s]"))


def simulate_transactions(
    n: int,
    *,
    prevalence: float = 0.001,
    months: int = 6,
    seed: Seed = 0,
    drift: str | Mapping[str, float] | None = None,
    missing: float = 0.03,
    label_delay: float = 14.0,
    signal: float = 1.0,
) -> Simulated:
    """Simulate card transactions whose true fraud probabilities are known.

    Use it to check calibration, regret, intervals and monitoring against the truth, and for demonstrations; not as
    evidence that a method is good on real data. Customers have habits and a home, merchants a category, a price level
    and a hidden risk; log-odds of fraud are non-linear with interactions (take-over of online accounts, card testing,
    copied cards far from home, cash after theft). Labels are independent draws given the probabilities. 10 million rows
    take about 20 s and 1.2 GiB on one core.

    Parameters
    ----------
    n : int
        Transactions, at least 100.
    prevalence : float in (0, 0.5], default=0.001
        Mean of the true probabilities (met exactly; the number of frauds varies around it).
    months : int, default=6
        Length of the period, in months of 30 days.
    seed : int, Generator or None, default=0
        The same seed gives the same table.
    drift : {"prevalence", "covariates", "concept"}, mapping of these to a strength, or None, default=None
        What changes steadily from the first day to the last. prevalence: the odds of fraud rise by the factor
        e^(2 * strength). covariates: more is bought online. concept: fraud moves from present cards to online accounts.
        A name alone means strength 1.
    missing : float in [0, 0.5], default=0.03
        Share of values that are missing at random in the columns that can be missing; device columns are also
        missing for payments that are not online, distance for those that are.
    label_delay : float, default=14.0
        Mean number of days until a fraud is reported (gamma distributed with shape 2); 0 = at once.
    signal : float, default=1.0
        Factor on the log-odds: larger is easier. At 1 the best possible average precision is about 0.5.

    Returns
    -------
    Simulated
        Table, true probabilities, times at which labels became known.

    Raises
    ------
    InputError
        An argument is out of range.

    Examples
    --------
    >>> from rareclass.data import simulate_transactions
    >>> simulated = simulate_transactions(10_000, prevalence=0.01, seed=1)
    >>> simulated.table.num_rows, round(float(simulated.probability.mean()), 6)
    (10000, 0.01)
    """
    n = _check.whole_number(n, "n", low=100)
    prevalence = _check.fraction(prevalence, "prevalence", high=0.5, closed="right")
    days = 30 * _check.whole_number(months, "months", low=1, high=1200)
    missing = _check.fraction(missing, "missing", high=0.5)
    label_delay = _check.fraction(label_delay, "label_delay", high=3650)
    signal = _check.fraction(signal, "signal", high=10)
    strength = _strengths(drift)
    setup, times, labels, *blocks = _check.random_generator(seed).spawn(3 + -(-n // _BLOCK))

    customers = world.make_customers(max(50, n // (12 * months)), setup)
    merchants = world.make_merchants(int(np.clip(2 * n**0.5, 60, 4000)), setup)
    second = world.payment_seconds(n, days, times)
    customer = world.who_paid(n, customers, times)
    history = world.customer_history(customer, second)
    logit = np.empty(n)
    parts = []
    for rows, rng in zip(_blocks(n), blocks, strict=True):
        along = second[rows] / (days * world.DAY) - 0.5  # from -0.5 on the first day to 0.5 on the last
        online_trend = (2.0 * strength["covariates"] * along).astype(np.float32)
        past = (history[0][rows], history[1][rows])
        who = (customers, merchants)
        seen = world.make_payments(second[rows], customer[rows], past, *who, online_trend, missing=missing, rng=rng)
        risk = fraud_risk(seen, merchants, np.clip(strength["concept"] * along, -1, 1))
        logit[rows] = signal * SIGNAL * risk + 2.0 * strength["prevalence"] * along
        parts.append(payment_batch(seen))
    logit += fit_intercept(logit, prevalence * logit.size)
    probability = np.concatenate([sigmoid(logit[rows]) for rows in _blocks(n)])
    fraud = labels.random(n) < probability
    table = pa.Table.from_batches(parts).append_column("fraud", pa.array(fraud.astype(np.int8)))
    return Simulated(table=table, probability=probability, label_time=_label_times(fraud, second, label_delay, labels))


def _strengths(drift: str | Mapping[str, float] | None) -> dict[str, float]:
    asked = {} if drift is None else {drift: 1.0} if isinstance(drift, str) else dict(drift)
    for name, value in asked.items():
        _check.one_of(name, "drift", _DRIFTS)
        if not np.isfinite(value):
            raise InputError(f"The strength of drift {name!r} must be a finite number; got {value!r}.")
    return {name: float(asked.get(name, 0.0)) for name in _DRIFTS}


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK))


def _label_times(fraud: np.ndarray, second: np.ndarray, delay: float, rng: np.random.Generator) -> np.ndarray:
    reported = np.full(fraud.size, np.datetime64("NaT", "s"))
    waited = (rng.gamma(2.0, delay / 2, int(fraud.sum())) * world.DAY).astype("timedelta64[s]")
    reported[fraud] = _START + second[fraud].astype("timedelta64[s]") + waited
    return reported


def payment_batch(seen: world.Payments, start: np.datetime64 = _START) -> pa.RecordBatch:
    """What is seen of a block of payments, as columns of a table; their seconds count from `start`."""
    return pa.RecordBatch.from_pydict(
        {
            "time": pa.array(start + seen.second.astype("timedelta64[s]")),
            "customer": pa.array(seen.customer),
            "merchant": pa.array(seen.merchant),
            "amount": pa.array(seen.amount),
            "log_amount_to_usual": pa.array(seen.usual_ratio),
            "category": _levels(seen.category, world.CATEGORIES),
            "channel": _levels(seen.channel, world.CHANNELS),
            "country": _levels(seen.country, world.COUNTRIES),
            "system": _levels(seen.system, world.SYSTEMS),
            "new_device": pa.array(seen.new_device == 1, mask=np.isnan(seen.new_device)),
            "distance_km": pa.array(seen.distance, from_pandas=True),
            "minutes_since_last": pa.array(seen.minutes_since_last, from_pandas=True),
            "payments_24h": pa.array(seen.count_day),
            "card_age_days": pa.array(seen.card_age),
            "customer_age": pa.array(seen.age, from_pandas=True),
        }
    )


def _levels(codes: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(names))
