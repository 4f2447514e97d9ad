import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import TooFewEventsError
from rareclass.kernels.intervals import wilson


def data(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.05
    return y, np.round(rng.normal(size=n) + 1.5 * y, 2)


def test_the_curve_runs_through_the_gain_and_lift_of_each_share():
    y, s = data()
    curve = m.gain_curve(y, s)
    for rate, recall, lift in zip(curve.alert_rate[::9], curve.recall[::9], curve.lift[::9]):
        assert m.gain_score(y, s, rate) == pytest.approx(recall)
        assert m.lift_score(y, s, rate) == pytest.approx(lift)
    assert (curve.alert_rate[-1], curve.recall[-1]) == (1.0, 1.0)


def test_bands_are_those_of_recall_and_precision_and_stay_possible():
    y, s = data()
    curve = m.gain_curve(y, s)
    cut = np.sort(s)[::-1][round(curve.alert_rate[20] * y.size) - 1]
    flag = s >= cut
    assert curve.lift_low[20] == pytest.approx(wilson((flag & y).sum(), flag.sum())[0] / y.mean())
    assert curve.low[20] == pytest.approx(wilson((flag & y).sum(), y.sum())[0])
    assert (curve.high <= np.minimum(curve.alert_rate / y.mean(), 1) + 1e-12).all()
    assert (curve.lift_high <= 1 / y.mean() + 1e-9).all()


def test_few_points_keep_both_ends():
    y, s = data()
    whole, few = m.gain_curve(y, s), m.gain_curve(y, s, points=10)
    assert few.alert_rate.size <= 10
    assert (few.alert_rate[0], few.alert_rate[-1]) == (whole.alert_rate[0], whole.alert_rate[-1])
    assert isinstance(few.to_dict()["recall"], list)


def test_one_class_is_refused():
    with pytest.raises(TooFewEventsError, match="both classes"):
        m.gain_curve([0, 0], [0.1, 0.2])
