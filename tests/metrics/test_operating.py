import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError, ShortfallWarning


def test_operating_points_equal_a_search_over_all_thresholds():
    rng = np.random.default_rng(0)
    for _ in range(100):
        n = int(rng.integers(4, 30))
        y = rng.random(n) < 0.4
        y[:2] = [True, False]
        score = rng.integers(0, 6, n) / 6
        points = []
        for cut in np.unique(score):
            flag = score >= cut
            points.append((np.sum(flag & y) / y.sum(), np.sum(flag & y) / flag.sum(), np.sum(flag & ~y) / np.sum(~y)))
        recall, precision, fpr = np.array(points).T
        wanted = float(rng.choice(precision[precision > 0]))
        assert m.recall_at_precision(y, score, wanted) == pytest.approx(recall[precision >= wanted].max())
        wanted = float(rng.choice(recall[recall > 0]))
        assert m.precision_at_recall(y, score, wanted) == pytest.approx(precision[recall >= wanted].max())
        limit = float(rng.random())
        expected = np.concatenate([[0.0], recall[fpr <= limit]]).max()
        assert m.recall_at_fpr(y, score, limit) == pytest.approx(expected)


def test_an_unreachable_precision_names_the_best():
    with pytest.warns(ShortfallWarning, match=r"best is 0\.5"):
        assert m.recall_at_precision([0, 1], [0.9, 0.1], 0.9) == 0


def test_precision_at_shifted_prevalence_equals_its_closed_form_and_reweighting():
    assert m.precision_from_rates(0.8, 0.02, 0.001) == pytest.approx(0.0384986, abs=1e-7)
    assert m.precision_from_rates(0.8, 0.02, 0.1) == pytest.approx(0.8163265, abs=1e-7)
    y = np.repeat([1, 1, 0, 0], [8, 2, 3, 97])
    flag = np.repeat([1, 0, 1, 0], [8, 2, 3, 97])
    weight = np.where(y == 1, 0.01 / 10, 0.99 / 100)
    expected = np.sum(weight * y * flag) / np.sum(weight * flag)
    assert m.precision_at_prevalence(y, flag, 0.01) == pytest.approx(expected)


def test_gain_and_lift_at_chance_and_at_their_best():
    y = np.arange(100) < 10
    assert m.gain_score(y, np.zeros(100), 0.2) == pytest.approx(0.2)
    assert m.lift_score(y, np.zeros(100), 0.2) == pytest.approx(1)
    assert m.gain_score(y, y * 1.0, 0.1) == 1
    assert m.lift_score(y, y * 1.0, 0.1) == pytest.approx(10)
    assert m.gain_score(y, y * 1.0, 1.0) == 1


def test_shares_and_rates_out_of_range_are_refused():
    for call in (
        lambda: m.recall_at_precision([0, 1], [0, 1], 0),
        lambda: m.recall_at_fpr([0, 1], [0, 1], 1.2),
        lambda: m.gain_score([0, 1], [0, 1], 0),
        lambda: m.precision_at_recall([0, 1], [0, 1], np.nan),
    ):
        with pytest.raises(InputError, match="must lie in"):
            call()
