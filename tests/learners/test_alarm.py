"""The alarm: precision at each event, and when it sounds."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from rareclass.errors import CollapseWarning
from rareclass.learners import RareLGBMClassifier
from rareclass.learners._alarm import collapse_message, event_precision


def test_precision_at_each_event_averages_to_the_average_precision_with_ties_and_weights():
    rng = np.random.default_rng(5)
    y, s, w = rng.random(200) < 0.2, rng.integers(0, 12, 200).astype(float), rng.random(200)
    found = np.average(event_precision(y, s, w), weights=w[y])
    assert found == pytest.approx(average_precision_score(y, s, sample_weight=w))


def test_the_alarm_sounds_at_chance_and_below_a_linear_model_and_is_quiet_otherwise():
    rng = np.random.default_rng(6)
    y = np.arange(5_000) < 40
    good, noise, w = y + 0.1 * rng.normal(size=5_000), rng.normal(size=5_000), np.ones(5_000)
    assert "hardly better than chance" in collapse_message("X", y, noise, noise, w)
    middling = y + 0.5 * rng.normal(size=5_000)
    assert "below a linear model" in collapse_message("X", y, middling, good, w)
    assert collapse_message("X", y, good, middling, w) is None
    assert collapse_message("X", y[:5] | True, noise[:5], noise[:5], w[:5]) is None


def test_a_booster_that_cannot_see_the_signal_says_so():
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(4_000, 3)), np.arange(4_000) < 30
    with pytest.warns(CollapseWarning, match="hardly better than chance"):
        RareLGBMClassifier(random_state=0).fit(X, y)
