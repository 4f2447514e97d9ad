import numpy as np
import pytest

import rareclass.metrics as m


def rare(n=50_000, seed=0):
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-rng.normal(-6, 1.5, n)))
    return rng.random(n) < p, p


def test_bins_hold_equal_rows_or_equal_expected_events():
    y, p = rare()
    by_rows = m.reliability_table(y, p, n_bins=10)
    assert len(by_rows) == 10
    assert by_rows.rows.max() - by_rows.rows.min() <= 2
    by_events = m.reliability_table(y, p, n_bins=10, by="expected")
    expected = by_events.predicted * by_events.rows
    assert expected.max() / expected.min() < 1.2
    for table in (by_rows, by_events):
        assert table.rows.sum() == y.size
        assert table.positives.sum() == y.sum()
        assert (np.diff(table.predicted) > 0).all()
        assert ((table.observed_low <= table.observed) & (table.observed <= table.observed_high)).all()


def test_bins_do_not_depend_on_the_scale_of_the_probability():
    y, p = rare()
    z = np.log(p / (1 - p))
    squeezed = 1 / (1 + np.exp(-z / 3))
    np.testing.assert_array_equal(m.reliability_table(y, p).positives, m.reliability_table(y, squeezed).positives)


def test_ties_are_never_split():
    table = m.reliability_table([0, 1] * 50, [0.2] * 60 + [0.7] * 40, n_bins=10)
    assert table.predicted.tolist() == pytest.approx([0.2, 0.7])
    assert table.rows.tolist() == [60, 40]
    assert isinstance(table.to_dict()["rows"], list)


def test_equal_width_bins_would_call_a_useless_model_calibrated_and_ours_do_not():
    y, p = rare()
    tripled = np.clip(3 * p, 0, 1)
    prevalence = y.mean()
    assert m.calibration_error(y, tripled) > prevalence
    assert m.calibration_error(y, p) < 0.3 * prevalence
    assert m.calibration_error(y, p, norm=2) >= m.calibration_error(y, p)


def test_brier_parts_add_up_with_and_without_bins():
    rng = np.random.default_rng(1)
    p = rng.integers(0, 11, 500) / 10
    y = rng.random(500) < p
    weight = rng.random(500)
    for more in ({}, {"n_bins": 5}, {"sample_weight": weight}, {"n_bins": 3, "sample_weight": weight}):
        parts = m.brier_decomposition(y, p, **more)
        total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
        assert total == pytest.approx(parts.brier)
        assert parts.brier == pytest.approx(m.brier_score(y, p, sample_weight=more.get("sample_weight")))
    assert m.brier_decomposition(y, p).within_bins == 0
    prevalence = np.full(500, y.mean())
    assert m.brier_decomposition(y, prevalence).reliability == pytest.approx(0)
    assert m.brier_decomposition(y, prevalence).resolution == pytest.approx(0)
