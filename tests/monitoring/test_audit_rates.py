"""Sums over strata and their intervals, against closed forms."""

import pytest
from scipy.stats import chi2

from rareclass.monitoring.audit_rates import Stratum, assisted_count, audit_rates, half_width, weighted_count


def test_one_thin_stratum_has_the_exact_poisson_interval():
    found, variance = weighted_count([Stratum(10**9, 10**3, 5, 1.0)])
    weight = 10**6
    assert found.estimate == 5 * weight
    assert found.low == pytest.approx(weight * chi2.ppf(0.025, 10) / 2, rel=1e-3)
    assert found.high == pytest.approx(weight * chi2.ppf(0.975, 12) / 2, rel=1e-3)
    assert variance == pytest.approx(5 * weight**2, rel=1e-3)


def test_a_stratum_without_events_keeps_the_rule_of_three():
    found, _ = weighted_count([Stratum(10**9, 10**3, 0, 1.0)])
    assert (found.estimate, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3.689e6, rel=1e-3)


def test_what_was_labelled_wholly_is_certain():
    found, variance = weighted_count([Stratum(50, 50, 7, 3.0)])
    assert (found.low, found.estimate, found.high, variance) == (7.0, 7.0, 7.0, 0.0)


def test_scores_narrow_what_nobody_looked_at_and_audits_correct_them():
    trusted = assisted_count([Stratum(100_000, 100, 0, 2.0)])
    assert trusted.high < 25
    wrong = assisted_count([Stratum(1000, 500, 40, 2.0)])
    assert wrong.low < 80 < wrong.high


def test_no_alerts_leave_precision_out_and_no_events_recall():
    found = audit_rates([Stratum(100, 10, 1, 1.0)], [])
    assert found.precision is None
    assert found.recall.estimate == 0.0
    assert audit_rates([Stratum(100, 10, 0, 1.0)], [Stratum(5, 5, 0, 1.0)]).recall is None
    assert "not defined" in audit_rates([Stratum(100, 10, 0, 1.0)], []).sentence


def test_more_periods_halve_the_half_width_as_their_square_root():
    parts = [Stratum(1000, 100, 0, 20.0)], [Stratum(100, 100, 0, 60.0)]
    one, four = half_width(*parts), half_width(*parts, periods=4)
    assert one["half_width"] == pytest.approx(2 * four["half_width"])
    # by hand: SD of the missed is sqrt(10 * 0.9 * 20), recall = 60 / 80
    assert one["half_width"] == pytest.approx(1.96 * 60 * (10 * 0.9 * 20) ** 0.5 / 80**2, rel=1e-4)


def test_strata_join():
    assert Stratum(10, 2, 1, 0.5).joined(Stratum(20, 4, 0, 0.1)) == Stratum(30, 6, 1, 0.6)
