"""Payments with drift: rates, moments of change, delays and slices are as promised; a day hangs on its seed alone."""

import numpy as np
import pytest

from rareclass.data.drifting import HISTORY, PORTFOLIOS, SEASONAL, SLOW, SUDDEN, Day, DriftingPayments
from rareclass.errors import InputError


@pytest.fixture(scope="module")
def year() -> DriftingPayments:
    return DriftingPayments(months=12, seed=5, rows=600)


@pytest.fixture(scope="module")
def calm() -> DriftingPayments:
    return DriftingPayments(months=12, seed=5, rows=600, drift=False)


def column(day: Day, name: str) -> np.ndarray:
    return np.array(day.table[name].to_pylist(), dtype=object)


def tapped(day: Day) -> np.ndarray:
    place = np.isin(column(day, "category"), ["fuel", "transport"])
    return (column(day, "channel") == "contactless") & place & (day.table["log_amount_to_usual"].to_numpy() > 0.9)


def invoiced(day: Day) -> np.ndarray:
    mine = (column(day, "portfolio") == "business") & (column(day, "channel") == "chip")
    return mine & (day.table["log_amount_to_usual"].to_numpy() > 1.2)


def test_a_day_is_the_same_whatever_was_asked_before_and_however_long_the_run(year: DriftingPayments) -> None:
    year.day(200)
    short = DriftingPayments(months=2, seed=5, rows=600)
    for number in (-HISTORY, -1, 0, 59):
        one, other = year.day(number), short.day(number)
        assert one.table.equals(other.table)
        assert np.array_equal(one.probability, other.probability)
        assert np.array_equal(one.reported, other.reported)
    assert not year.day(1).table.equals(DriftingPayments(months=2, seed=6, rows=600).day(1).table)


def test_the_mean_probability_before_service_is_the_prevalence_and_frauds_are_drawn_by_it(
    calm: DriftingPayments,
) -> None:
    before = [calm.day(number) for number in range(-28, 0)]
    assert np.concatenate([day.probability for day in before]).mean() == pytest.approx(0.03, abs=1e-9)
    p = np.concatenate([calm.day(number).probability for number in range(0, 300, 6)])
    fraud = np.concatenate([calm.day(number).fraud for number in range(0, 300, 6)])
    assert abs(fraud.sum() - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum())


def test_payments_a_day_follow_the_week_and_come_in_order_of_time(year: DriftingPayments) -> None:
    sizes = np.array([year.day(number).fraud.size for number in range(140)])
    assert sizes.mean() == pytest.approx(600 * 1.0457, rel=0.02)
    assert sizes[5::7].mean() > 1.3 * sizes[6::7].mean()  # Saturday against Sunday
    moment = year.day(3).moment
    assert np.all(np.diff(moment) >= np.timedelta64(0))
    assert set(moment.astype("datetime64[D]")) == {year.date(3)}


def test_new_ways_of_cheating_begin_overnight_on_their_day(year: DriftingPayments, calm: DriftingPayments) -> None:
    first, second = (change.first for change in year.changes if change.kind == SUDDEN)
    for begin, mask in ((first, tapped), (second, invoiced)):

        def mean(world: DriftingPayments, days: range, mask=mask) -> float:
            return np.concatenate([world.day(n).probability[mask(world.day(n))] for n in days]).mean()

        before, after = range(begin - 10, begin), range(begin, begin + 10)
        assert mean(year, before) < 0.1
        assert mean(year, after) > 0.3
        assert mean(calm, after) < 0.1


def test_the_second_one_hits_one_portfolio_alone(year: DriftingPayments) -> None:
    second = [change.first for change in year.changes if change.kind == SUDDEN][1]
    rate = {
        (name, side): np.concatenate(
            [year.day(n).probability[column(year.day(n), "portfolio") == name] for n in days]
        ).mean()
        for side, days in (("before", range(second - 20, second)), ("after", range(second, second + 20)))
        for name in PORTFOLIOS
    }
    assert rate["business", "after"] > 1.5 * rate["business", "before"]
    assert rate["private", "after"] < 1.3 * rate["private", "before"]


def test_the_season_moves_all_frauds_and_the_slow_move_changes_little_from_day_to_day(
    year: DriftingPayments, calm: DriftingPayments
) -> None:
    slow = next(change for change in year.changes if change.kind == SLOW)
    assert slow.last - slow.first == 150
    assert [c.kind for c in year.changes].count(SEASONAL) == 1
    odds = {}
    for number in (slow.first, slow.first + 1, slow.last):
        p, q = year.day(number).probability, calm.day(number).probability
        own = ~tapped(year.day(number)) & ~invoiced(year.day(number))
        odds[number] = (np.log(p / (1 - p)) - np.log(q / (1 - q)))[own]
    season = [0.4 * np.cos(2 * np.pi * (d + 5 - 335) / 365.25) for d in odds]  # 6 January is day 5 of the year
    assert np.allclose(odds[slow.first], season[0], atol=0.02)  # nothing but the season yet
    assert np.abs(odds[slow.first + 1] - season[1]).max() < 0.1
    assert np.abs(odds[slow.last] - season[2]).max() > 1.0


def test_frauds_are_reported_after_the_promised_delays(calm: DriftingPayments) -> None:
    waited = []
    for number in range(100):
        day = calm.day(number)
        at = (day.moment - calm.date(0).astype("datetime64[s]")).astype(float) / 86_400
        assert np.all(np.isinf(day.reported[~day.fraud]))
        waited.append((day.reported - at)[day.fraud])
    waited = np.concatenate(waited)
    assert waited.min() > 0
    assert waited.max() <= 21 + 1e-9
    assert waited.mean() == pytest.approx(6, abs=4 * 4.3 / np.sqrt(waited.size))  # gamma: sd 6 / sqrt(2)


def test_months_that_are_none_and_days_that_there_are_not_are_refused(year: DriftingPayments) -> None:
    with pytest.raises(InputError, match="months"):
        DriftingPayments(months=0)
    with pytest.raises(InputError, match="number"):
        year.day(360)


def test_a_customer_has_as_many_payments_in_the_day_before_as_the_days_show(year: DriftingPayments) -> None:
    two = [year.day(9), year.day(10)]
    customer = np.concatenate([day.table["customer"].to_numpy() for day in two])
    moment = np.concatenate([day.moment for day in two]).astype(np.int64)
    seen = two[1].table["payments_24h"].to_numpy()
    for i in range(0, seen.size, 37):
        at = two[0].fraud.size + i
        mine = (customer[:at] == customer[at]) & (moment[:at] >= moment[at] - 86_400)
        assert seen[i] == mine.sum()
