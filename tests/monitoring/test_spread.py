"""How much days differ: what is believed of known laws, what bets win where nothing moves, and where something does."""

import numpy as np
import pytest
from scipy.stats import norm
from tests.monitoring.helpers import cohort

from rareclass.monitoring.chance import normal_bets
from rareclass.monitoring.rates import Recall
from rareclass.monitoring.spread import FARTHEST, INDEPENDENT, MOST, VARIANCES, DaySpread


def spread_of(scores, first=0):
    made = DaySpread()
    for day, z in enumerate(scores, first):
        made.tempered(day, np.atleast_1d(z), np.zeros((1, 1)))
    return made


def belief_in_one(made):
    return float(np.exp(made.weights[0, 0]))


def test_before_any_day_rows_are_believed_to_be_independent():
    made = DaySpread()
    assert belief_in_one(made) == pytest.approx(INDEPENDENT)
    assert np.exp(made.weights).sum() == pytest.approx(1)


def test_the_weights_are_those_of_bayes_rule():
    z = np.random.default_rng(0).normal(size=5)
    made = spread_of(z)
    prior = np.exp(DaySpread().weights[0])
    likely = np.prod(norm.pdf(z[:, None], scale=np.sqrt(VARIANCES)), axis=0)
    expected = prior * likely / (prior @ likely)
    assert np.exp(made.weights[0]) == pytest.approx(expected, rel=0.1)  # of earlier days 0.2 % a day is forgotten


@pytest.mark.parametrize("variance", [1.0, 4.0, 11.0])
def test_the_variance_of_many_days_is_found(variance):
    rng = np.random.default_rng(1)
    found = [
        np.exp(made.weights[0]) @ VARIANCES
        for made in (spread_of(np.sqrt(variance) * rng.normal(size=120)) for _ in range(40))
    ]
    # scores beyond four are cut: a variance of 11 shows as E min(z^2, 16)
    z = np.sqrt(variance) * norm.ppf((np.arange(10_000) + 0.5) / 10_000)
    shown = np.minimum(z**2, FARTHEST**2).mean()
    assert shown * 0.9 < np.mean(found) < max(variance, shown) * 1.35


def test_days_that_differ_more_than_any_variance_speak_by_their_sign():
    assert VARIANCES[spread_of(100 * np.random.default_rng(2).normal(size=40)).weights.argmax()] == VARIANCES[-1]


def test_one_day_wins_no_more_than_its_bound():
    made = DaySpread()
    before = made.weights
    won = made.tempered(0, [50.0], np.array([[9e4, -1.0]])) + (made.weights - before)[:, :, None]
    assert won.max() == pytest.approx(MOST)


def test_bets_have_mean_one_over_what_is_believed_of_the_days():
    """Days of which each has the variance that is believed: the statistic grows by at most one a day (6 days)."""
    rng, sizes, total = np.random.default_rng(4), np.array([0.5, 1.0, 2.0]), []
    for _ in range(1500):
        made, state = DaySpread(), np.zeros((1, VARIANCES.size, 3))
        for day in range(6):
            variance = rng.choice(VARIANCES, p=np.exp(made.weights[0]))
            z = np.sqrt(variance) * rng.normal()
            bet = normal_bets(np.clip(z, -FARTHEST, FARTHEST), sizes)[None]
            state = (1 + state) * np.exp(made.tempered(day, [z], bet))
        total.append((np.exp(made.weights)[:, :, None] * state).sum(axis=1).mean())
    assert np.mean(total) <= 6 + 2 * np.std(total) / 1500**0.5


def test_a_fall_after_few_calm_days_is_not_taken_for_spread():
    """Twenty days of two events, 97 % found, then seven a day of which 60 % are found (issue 21)."""
    found = []
    for seed in range(20):
        rng, detector = np.random.default_rng(seed), Recall(7, 110)
        detector.threshold = 365.25 / 0.025
        for day in range(50):
            events, recall = (2, 0.97) if day < 20 else (7, 0.6)
            if detector.update(cohort(day + 1000 * seed, np.ones(events), alert=rng.random(events) < recall)):
                break
        found.append(day - 20)
    assert min(found) >= 0
    assert np.median(found) <= 8  # 3 where each day is taken as independent rows
    assert max(found) < 29


def test_it_goes_on_where_it_was_saved_and_forgets_days():
    z = np.random.default_rng(5).normal(size=300) * 2
    made = spread_of(z)
    again = DaySpread()
    again.load(made.to_dict())
    assert again.weights.tolist() == made.weights.tolist()
    made.without(290)
    assert made.days[-1] == 289
    assert made.weights == pytest.approx(spread_of(z[:290]).weights)


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
