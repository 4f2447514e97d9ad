"""How much days differ: known laws, and what bets on scaled days win where nothing moves."""

import numpy as np
import pytest
from scipy.stats import chi2
from tests.monitoring.helpers import cohort

from rareclass.monitoring.chance import normal_bets
from rareclass.monitoring.rates import Recall
from rareclass.monitoring.spread import FARTHEST, FIRST, MOST, DaySpread


def spread_of(scores, first=0):
    made = DaySpread()
    for day, z in enumerate(scores, first):
        made.add(day, np.atleast_1d(z))
    return made


def test_independent_rows_have_a_spread_near_one_and_never_less():
    rng = np.random.default_rng(0)
    found = np.array([spread_of(rng.normal(size=80)).now()[0] for _ in range(100)])
    assert (found >= 1).all()
    assert found.mean() < 1.08


def test_days_that_differ_have_their_upper_bound():
    rng = np.random.default_rng(1)
    scores = 3 * rng.normal(size=100)
    # 86 days count, around their mean; none lies three deviations off in this draw but is cut there
    squares = (scores[:86] - scores[:86].mean()) ** 2
    assert spread_of(scores).now()[0] == pytest.approx(np.sqrt(squares.sum() / chi2.ppf(0.1, 85)), rel=0.02)
    above = np.mean([spread_of(3 * rng.normal(size=60)).now()[0] >= 3 for _ in range(200)])
    assert above >= 0.9 - 2 * np.sqrt(0.9 * 0.1 / 200) - 0.03  # days far off are cut, which takes a little


def test_a_change_before_the_first_day_is_no_spread():
    assert spread_of(np.random.default_rng(2).normal(size=30) + 5).now()[0] < 1.2


def test_the_last_days_are_left_out_once_there_are_enough():
    calm = np.random.default_rng(3).normal(size=60)
    assert spread_of(np.append(calm, np.full(13, 50.0))).now()[0] < 1.3


def test_a_day_is_judged_from_the_eighth_on_and_speaks_for_three_deviations_at_most():
    made = DaySpread()
    found = [made.scaled(day, [0.0]) for day in range(FIRST)]
    assert found == [None] * FIRST
    assert made.too_few == ""
    assert made.scaled(FIRST, [50.0]).tolist() == [FARTHEST]
    assert made.tempered(FIRST + 1, [0.0], np.array([[9e4, -1.0]])).max() == MOST


def test_bets_on_scaled_days_have_mean_at_most_one():
    rng, sizes = np.random.default_rng(4), np.array([0.5, 1.0, 2.0])
    won = []
    for _ in range(2000):
        made = spread_of(rng.normal(size=FIRST))
        won.append(np.exp(normal_bets(float(made.scaled(FIRST, rng.normal(size=1))[0]), sizes)))
    mean, error = np.mean(won, axis=0), np.std(won, axis=0) / np.sqrt(2000)
    assert (mean <= 1 + 2 * error).all()


def test_it_goes_on_where_it_was_saved_and_forgets_days():
    made = spread_of(np.random.default_rng(5).normal(size=300) * 2)
    again = DaySpread()
    again.load(made.to_dict())
    assert again.now().tolist() == made.now().tolist()
    made.without(290)
    assert made.days[-1] == 289


def test_events_missed_in_bursts_are_no_fall_of_recall():
    """Attacks of five rows on average are found or missed as a whole; a year, twenty times, by the share of recall."""
    called = 0
    for seed in range(20):
        rng, detector = np.random.default_rng(seed), Recall(120, 600)
        detector.threshold = 365.25 / 0.025
        for day in range(365):
            sizes = rng.geometric(0.2, rng.poisson(4))
            alert = np.repeat(rng.random(sizes.size) < 0.8, sizes)
            if alert.size and detector.update(cohort(day, np.ones(alert.size), alert=alert)):
                called += 1
                break
    assert called <= 2  # all twenty where rows were taken as independent
