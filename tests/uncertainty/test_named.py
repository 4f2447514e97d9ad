"""The table of metrics with an interval: one line makes a metric known to intervals, pairs and messages."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.metrics import average_precision_score, partial_roc_auc_score
from rareclass.uncertainty import confidence_interval, paired_difference
from rareclass.uncertainty.named import NAMED, Estimate, Named, metric_name


def test_functions_of_the_house_have_the_interval_of_their_name_and_others_none():
    assert metric_name(average_precision_score) == metric_name("average_precision_score") == "average_precision"
    assert metric_name(partial_roc_auc_score) is None
    assert metric_name(lambda y, p: 0.0) is None


def test_one_line_in_the_table_is_all_that_a_new_metric_needs(monkeypatch):
    def mean_level(s):
        value = float(np.average(s.score, weights=s.weight))
        return Estimate(value, value, s.score - value, "real")

    rng = np.random.default_rng(1)  # not the seed of the bootstrap, whose stream would be the same
    y, a, b = rng.random(400) < 0.2, rng.normal(size=400), rng.normal(size=400) + 1
    with pytest.raises(InputError, match="mean_level"):
        confidence_interval("mean_level", y, a)
    monkeypatch.setitem(NAMED, "mean_level", Named(mean_level, lower_is_better=True))
    found = confidence_interval("mean_level", y, a)
    assert found.low < a.mean() == found.estimate < found.high
    assert paired_difference("mean_level", y, a, b).probability_better > 0.99
    assert confidence_interval("mean_level", y, a, method="percentile", n_bootstrap=100).method == "percentile"
    with pytest.raises(InputError, match="log_loss, matthews_corrcoef, mean_level, observed_to_expected"):
        confidence_interval("nothing", y, a)
