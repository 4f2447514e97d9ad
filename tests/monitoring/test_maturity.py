"""The maturity curve: right under truncation and censoring, and the same whenever it is computed."""

import numpy as np
import pytest
from scipy.stats import gamma

from rareclass.errors import InputError
from rareclass.monitoring.maturity import MaturityCurve


def drawn(seed=0, n=4000, days=90.0):
    rng = np.random.default_rng(seed)
    event = rng.uniform(0, days, n)
    return event, event + rng.gamma(2, 2, n)


def test_labels_that_could_not_have_come_yet_do_not_shorten_the_delays():
    event, label = drawn(days=30.0)
    came = label <= 30
    curve = MaturityCurve.of(event[came], label[came], now=30.0)
    naive = np.mean((label - event)[came] <= 6)
    true = gamma(2, scale=2).cdf(6)
    assert abs(curve.at(6.0) - true) < 0.025 < naive - true + 0.02


@pytest.mark.parametrize("all_rows", [True, False])
def test_intervals_cover_the_law_of_delays(all_rows):
    held = 0
    for seed in range(100):
        event, label = drawn(seed, n=600)
        label[label > 90] = np.nan
        curve = MaturityCurve.of(event, label, now=90.0, all_rows=all_rows)
        i = np.searchsorted(curve.ages, 4.0)
        held += curve.low[i] <= gamma(2, scale=2).cdf(curve.ages[i]) <= curve.high[i]
    assert held >= 95 - 2 * np.sqrt(100 * 0.95 * 0.05)


def test_kaplan_meier_equals_the_textbook_example():
    # Delays 1, 2+, 3, 4 (+ censored): S = 3/4, then 3/4 * 1/2, then 0.
    curve = MaturityCurve.of([0, 2, 0, 0], [1, np.nan, 3, 4], now=4.0, all_rows=True)
    assert curve.share.tolist() == pytest.approx([1 / 4, 1 - 3 / 8, 1.0])


def test_without_truncation_both_curves_are_the_share_that_came():
    event, label = np.zeros(50), np.arange(1.0, 51.0)
    for all_rows in (True, False):
        curve = MaturityCurve.of(event, label, now=1000.0, max_delay=60.0, all_rows=all_rows)
        assert curve.share == pytest.approx(np.arange(1, 51) / 50)


def test_the_matured_age_is_the_quantile_of_the_law():
    event, label = drawn()
    came = label <= 90
    curve = MaturityCurve.of(event[came], label[came], now=90.0)
    assert curve.matured_age() == pytest.approx(gamma(2, scale=2).ppf(0.95), rel=0.08)
    assert curve.why_off == ""


def test_labels_from_later_change_nothing():
    event, label = drawn(days=60.0)
    known = label <= 40
    early = MaturityCurve.of(event[event <= 40], label[event <= 40], now=40.0)
    of_then = MaturityCurve.of(event[known], label[known], now=40.0)
    assert np.array_equal(early.share, of_then.share)


def test_few_labels_and_short_watches_wait_for_the_largest_delay():
    few = MaturityCurve.of([0.0] * 5, [1.0] * 5, now=50.0)
    assert few.matured_age() == 60.0
    assert "5 labels are too few" in few.why_off
    event, label = drawn(days=8.0)
    short = MaturityCurve.of(event[label <= 8], label[label <= 8], now=8.0)
    assert short.matured_age() == 60.0
    assert "8 days only" in short.why_off


def test_nothing_at_all_is_an_empty_curve():
    curve = MaturityCurve.of([], [], now=1.0)
    assert curve.labels == 0
    assert curve.at(59.0) == 0.0
    assert curve.at(60.0) == 1.0


def test_labels_before_their_prediction_count_as_of_age_zero_and_are_counted():
    curve = MaturityCurve.of([5.0, 5.0], [4.0, 6.0], now=10.0)
    assert curve.early == 1
    assert curve.ages[0] == 0.0


def test_weights_make_up_for_labels_still_to_come():
    """The weighted number of labels is that of all events, over runs, with the true law known well enough."""
    totals = []
    for seed in range(40):
        event, label = drawn(seed, n=3000, days=60.0)
        came = label <= 60
        curve = MaturityCurve.of(event[came], label[came], now=60.0)
        old = came & (event <= 58)
        totals.append(curve.weights(60 - event[old], floor=0.05).sum() / (event <= 58).sum())
    assert np.mean(totals) == pytest.approx(1.0, abs=0.01)
    assert MaturityCurve.of([], [], now=1.0).weights([0.5]) == 10.0


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="may lie after"):
        MaturityCurve.of([5.0], [6.0], now=1.0)
    with pytest.raises(InputError, match="max_delay"):
        MaturityCurve.of([0.0], [1.0], now=1.0, max_delay=0.0)
    with pytest.raises(InputError, match="floor"):
        MaturityCurve.of([], [], now=1.0).weights([1.0], floor=0.0)
