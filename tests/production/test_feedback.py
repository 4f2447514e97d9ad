"""What becomes known of payments: all of those let through, in time; of the stopped ones a random share."""

import numpy as np
import pytest

from rareclass.data.drifting import DriftingPayments
from rareclass.production.feedback import ANSWER, AUDITED, TARGET, WEIGHT, Decided, came

PAYMENTS = DriftingPayments(months=1, seed=4, rows=400)


def stopped_by_probability(number: int) -> Decided:
    return Decided.of(PAYMENTS, PAYMENTS.day(number), PAYMENTS.day(number).probability > 0.05)


def test_before_service_every_label_comes_and_counts_once() -> None:
    day = Decided.of(PAYMENTS, PAYMENTS.day(-3))
    table = day.labelled()
    assert table[TARGET].null_count == 0
    assert set(table[WEIGHT].to_pylist()) == {1.0}
    assert np.array_equal(table[TARGET].to_numpy().astype(bool), day.fraud)


def test_labels_come_when_they_can_be_known() -> None:
    day = stopped_by_probability(5)
    at = (day.moment - PAYMENTS.date(0).astype("datetime64[s]")).astype(float) / 86_400
    through = ~day.stopped
    assert np.allclose(day.known[through & ~day.fraud], at[through & ~day.fraud] + PAYMENTS.period)
    assert np.all(day.known[through & day.fraud] <= at[through & day.fraud] + PAYMENTS.period + 1e-9)
    assert np.all(np.isinf(day.known[day.stopped & ~day.drawn]))
    assert np.allclose(day.known[day.stopped & day.drawn], at[day.stopped & day.drawn] + ANSWER)
    assert day.audited == int((day.stopped & day.drawn).sum())


def test_weighted_labels_estimate_the_frauds_without_bias() -> None:
    days = [stopped_by_probability(number) for number in range(30)]
    truth = sum(int(day.fraud.sum()) for day in days)
    estimate = variance = 0.0
    for day in days:
        table = day.labelled()
        y = np.array([0 if v is None else v for v in table[TARGET].to_pylist()])
        estimate += float(y @ table[WEIGHT].to_numpy())
        variance += int((day.stopped & day.fraud).sum()) * (1 - AUDITED) / AUDITED
    assert estimate == pytest.approx(truth, abs=4 * np.sqrt(variance))
    assert truth > 100


def test_frauds_that_became_known_are_counted_once_and_by_their_day() -> None:
    days = [stopped_by_probability(number) for number in range(10)]
    ever = sum(int((day.fraud & ~(day.stopped & ~day.drawn)).sum()) for day in days)
    assert came(days, -1, 1_000) == ever
    assert came(days, -1, 9) + came(days, 9, 1_000) == ever
    assert 0 < came(days, -1, 9) < ever
