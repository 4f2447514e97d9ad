"""How the log-odds of several models become one."""

import numpy as np
import pytest
from scipy.special import expit, logit

from rareclass.learners.combination import fit_combination


def scores(n=20_000, seed=0, base=-4.0):
    rng = np.random.default_rng(seed)
    truth = base + 1.5 * rng.normal(size=n)
    return truth, rng.random(n) < expit(truth), rng.normal(size=n)


def test_a_member_off_by_a_line_is_put_on_the_scale_of_the_others():
    truth, y, _ = scores(100_000)
    how = fit_combination(np.column_stack([truth, 2 * truth + 3]), y)
    np.testing.assert_allclose(how.slope, [1.0, 0.5], atol=0.03)
    np.testing.assert_allclose(how.intercept, [0.0, -1.5], atol=0.1)
    np.testing.assert_allclose(how.apply(np.column_stack([truth, 2 * truth + 3])), truth, atol=0.2)


def test_weights_sum_to_one_and_leave_a_member_that_falls_with_the_events_out():
    truth, y, noise = scores()
    how = fit_combination(np.column_stack([truth, -truth, truth + noise]), y)
    assert how.weight.sum() == pytest.approx(1.0)
    assert how.weight[1] == how.slope[1] == 0.0
    assert how.weight[0] > how.weight[2]


def test_with_ten_events_the_weights_stay_nearly_equal():
    truth, _, noise = scores(500)
    y = np.argsort(np.argsort(-(truth + noise))) < 10
    how = fit_combination(np.column_stack([truth + noise, truth - noise / 4]), y)
    assert np.abs(how.weight - 0.5).max() < 0.25


def test_with_thousands_of_events_a_surely_better_member_gets_all_weight():
    truth, y, noise = scores(200_000)
    assert y.sum() > 5_000
    how = fit_combination(np.column_stack([truth, truth + 2 * noise]), y)
    assert how.weight[0] > 0.98


@pytest.mark.parametrize(("events", "nats"), [(10, 20.0), (30, 10.0), (150, 6.0)])
def test_putting_all_weight_on_one_member_costs_more_nats_the_fewer_the_events(events, nats):
    truth, _, noise = scores(600)
    y = np.argsort(np.argsort(-(truth + 0.5 * noise))) < events
    how = fit_combination(np.column_stack([truth, truth + noise]), y)
    Z = np.column_stack([truth, truth + noise]) * how.slope + how.intercept
    share = np.linspace(0, 1, 10_001)
    off = nats * (2 * share - 1) ** 2  # k / (k - 1) |v - 1 / k|^2 for two members
    loss = [np.logaddexp(0, np.where(y, -1, 1) * (Z @ [v, 1 - v])).sum() for v in share]
    assert how.weight[0] == pytest.approx(share[np.argmin(loss + off)], abs=2e-3)
    rare_others = fit_combination(-np.column_stack([truth, truth + noise]), ~y)
    np.testing.assert_allclose(rare_others.weight, how.weight, atol=1e-4)  # whichever class is the rare one


def test_members_without_any_signal_become_the_prevalence():
    truth, y, _ = scores()
    how = fit_combination(-truth[:, None], y)
    np.testing.assert_allclose(how.apply(-truth[:, None]), logit(y.mean()))


def test_whole_weights_equal_repeated_rows():
    truth, y, noise = scores(3_000, base=-2.0)
    Z, times = np.column_stack([truth, noise]), np.arange(3_000) % 3 + 1
    one = fit_combination(Z, y, sample_weight=times.astype(float))
    other = fit_combination(np.repeat(Z, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(one.apply(Z), other.apply(Z), atol=1e-5)
