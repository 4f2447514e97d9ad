"""Figures of days: bets that keep their rate of false alarms, and find what jumped."""

import json

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.monitoring.daily import FIRST, DailyFigures


def watched(draw, *, series=200, days=200, seed=0, **options):
    """Largest statistic of each series, and the day on which it first reached 365 / 0.05."""
    rng = np.random.default_rng(seed)
    figures = DailyFigures(list(map(str, range(series))), **options)
    state, most, first = 0.0, np.zeros(series), np.full(series, -1)
    for day in range(days):
        x = draw(rng, day, series)
        state = (1 + state) * np.exp(figures.evidence(day, x))
        figures.learn(day, x)
        most = np.maximum(most, state.mean(axis=1))
        first = np.where((first < 0) & (most >= 365 / 0.05), day, first)
    return most, first


LAWS = {
    "normal": lambda rng, day, m: rng.normal(size=m),
    "heavy tails": lambda rng, day, m: rng.standard_t(2, m),
    "a week": lambda rng, day, m: rng.normal(size=m) + 5 * (day % 7 > 4),
    "rare counts": lambda rng, day, m: rng.poisson(0.2, m).astype(float),
    "holidays": lambda rng, day, m: rng.normal(size=m) - 9 * (rng.random(m) < 0.03),
}


@pytest.mark.parametrize("law", LAWS)
def test_false_alarms_stay_within_their_budget_whatever_the_law(law):
    most, _ = watched(LAWS[law])
    limit = 0.1 + 2 * np.sqrt(0.1 * 0.9 / 200)
    assert (most >= 200 / 0.1).mean() <= limit


def test_a_jump_by_five_standard_deviations_is_found_within_a_week():
    _, first = watched(lambda rng, day, m: rng.normal(size=m) + 4 * (day % 7 > 4) + 5 * (day >= 100), days=120)
    assert (first >= 100).mean() > 0.95
    assert np.median(first[first >= 100] - 99) <= 8


def test_a_slow_trend_is_no_alarm():
    _, first = watched(lambda rng, day, m: rng.normal(size=m) + 0.005 * day, days=300, series=100)
    assert (first >= 0).mean() <= 0.05


def test_the_chance_of_a_mark_is_bounded_as_ranks_are():
    """On 1,000 references of 28 days, a new day passes their largest no more often than bets assume."""
    rng = np.random.default_rng(1)
    figures = DailyFigures(list(map(str, range(1000))))
    for day in range(FIRST):
        figures.learn(day, rng.exponential(size=1000))
    gains = np.exp([figures.evidence(FIRST, rng.exponential(size=1000)) for _ in range(50)])
    assert (gains.mean(axis=(0, 1)) <= 1.0).all()


def test_days_are_compared_with_training_from_the_first_on():
    figures = DailyFigures(["mean", "unknown"], training=[-4.0, np.nan], spread=0.1)
    near, far = figures.evidence(0, [-3.85, 0.0], 0.02), figures.evidence(0, [-3.0, 0.0], 0.02)
    assert near[0].max() <= 0.0
    assert far[0].max() > np.log(300)
    assert not far[1].any()
    assert not figures.evidence(0, [-3.0, 0.0], np.nan).any()


def test_moves_smaller_than_least_are_not_spoken_of():
    quiet, loud = (DailyFigures(["share"], least=least) for least in (0.5, 0.0))
    for day in range(40):
        for figures in (quiet, loud):
            figures.learn(day, [0.001 * (day % 3)])
    assert quiet.evidence(40, [0.1]).max() <= 0.0 < loud.evidence(40, [0.1]).max()


def test_saved_figures_go_on_as_if_nothing_happened():
    rng = np.random.default_rng(0)
    figures = DailyFigures(["a", "b"])
    for day in range(90):
        figures.learn(day, [rng.normal(), np.nan if day % 5 else 1.0])
    again = DailyFigures(["a", "b"])
    again.load(json.loads(json.dumps(figures.to_dict())))
    assert np.array_equal(again.evidence(90, [2.0, 1.0]), figures.evidence(90, [2.0, 1.0]))
    assert np.array_equal(again.usual(90), figures.usual(90))


def test_when_every_day_is_forgotten_it_begins_anew():
    rng = np.random.default_rng(5)
    figures, fresh = DailyFigures(["a"]), DailyFigures(["a"])
    for day in range(5):
        figures.learn(day, rng.normal(size=1))
    figures.unlearn(0)
    assert figures.evidence(5, [0.3]) == pytest.approx(fresh.evidence(5, [0.3]))
    assert figures.usual(5) == pytest.approx(fresh.usual(5), nan_ok=True)
    assert figures.to_dict() == fresh.to_dict()


def test_forgotten_days_are_no_reference():
    rng = np.random.default_rng(0)
    figures = DailyFigures(["a"])
    for day in range(60):
        figures.learn(day, [rng.normal() + 50 * (day >= 50)])
    figures.unlearn(50)
    assert figures.days[-1] == 49
    assert abs(figures.usual(100)[0]) < 1
    assert figures.evidence(100, [50.0]).max() > 2


def test_few_days_say_how_many_are_missing():
    figures = DailyFigures(["a"])
    figures.learn(0, [1.0])
    assert "27 more days" in figures.why_off
    assert not figures.evidence(1, [100.0]).any()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: DailyFigures([]), "empty"),
        (lambda: DailyFigures(["a"]).learn(0, [1.0, 2.0]), "1 figures"),
        (lambda: DailyFigures(["a"]).load({}), "incomplete"),
    ],
)
def test_wrong_input_is_named(wrong, said):
    with pytest.raises(InputError, match=said):
        wrong()


def test_days_out_of_order_are_refused():
    figures = DailyFigures(["a"])
    figures.learn(3, [1.0])
    with pytest.raises(InputError, match="after day 3"):
        figures.learn(3, [1.0])
