"""Totals, rates and quantiles from the samples of the metrics."""

import math

import numpy as np
import pytest

pytest.importorskip("prometheus_client")
from rareclass.serving.traffic import Counts, History, quantile


def counted(n):
    return Counts({("rareclass_rows_total", (("model", "a"),)): float(n)})


def test_sums_by_one_label_where_the_others_are_given():
    labels = [("a", "x", 1), ("a", "y", 2), ("b", "x", 4)]
    found = Counts({("rareclass_n", (("model", m), ("tier", t))): v for m, t, v in labels})
    assert found.by("model", "n") == {"a": 3, "b": 4}
    assert found.by("tier", "n", model="a") == {"x": 1, "y": 2}
    assert found.total("n") == 7
    assert found.total("other") == 0


def test_rates_are_over_the_last_half_minute_once_it_is_known():
    history = History()
    for second in range(0, 121, 5):
        rate = 10 if second <= 60 else 20
        so_far = sum(10 if s <= 60 else 20 for s in range(1, second + 1))
        recent = history.add(counted(so_far), now=float(second))
        if second >= 95:
            assert recent.seconds == 30
            assert recent.change.total("rows_total") == 30 * rate
    first = History()
    first.add(counted(0), now=0.0)
    assert first.add(counted(8), now=4.0).seconds == 4
    assert first.add(counted(8), now=9_000.0).seconds == 8_996


def test_quantiles_are_those_of_the_values_within_a_bucket():
    values = np.random.default_rng(0).exponential(size=5000)
    ends = np.linspace(0.05, 12, 240)
    counts = np.diff([0, *(np.sum(values <= end) for end in ends)]).tolist()
    for share in (0.01, 0.5, 0.9, 0.99):
        found = quantile([*zip(ends, counts, strict=True), (math.inf, 0.0)], share)
        assert found == pytest.approx(np.quantile(values, share), abs=0.05)


def test_quantiles_of_nothing_and_beyond_the_last_end():
    assert quantile([(1.0, 0.0), (math.inf, 0.0)], 0.5) is None
    assert quantile([(1.0, 1.0), (math.inf, 9.0)], 0.5) == math.inf
