"""Rows to compare on hold what exports tend to get wrong."""

import numpy as np
import pytest
from tests.scoring.test_scorer import fitted

from rareclass.learners import FewEventsLogisticRegression
from rareclass.scoring import Scorer
from rareclass.scoring.export.hard_rows import cuts, hard_tables, refused_flags


@pytest.fixture(scope="module")
def scorer():
    return Scorer.from_model(*fitted("auto", ["x", "big", "shop", "code", "ok", "at"]))


def test_cuts_missing_unknown_and_odd_values_are_among_them(scorer):
    rows, huge = hard_tables(scorer, {})
    x, own = rows["x"].to_numpy(), cuts(scorer.member, 0)
    assert own.size > 50
    assert np.isin(x, own).sum() > 100
    assert np.isin(x, np.nextafter(own, np.inf)).sum() > 100
    assert all(rows[name].null_count > 100 for name in rows.column_names)
    assert {"a level that nobody saw", "a", None} <= set(rows["shop"].to_pylist())
    assert np.nanmax(huge["x"].to_numpy()) > 1e38


def test_the_quantiles_of_a_kernel_machine_are_among_its_cuts():
    scorer = Scorer.from_model(*fitted("kernel_logistic", ["shop", "x"]))
    column, _, quantile, *_ = scorer.member.parts.numeric
    assert column.tolist() == [1]
    np.testing.assert_array_equal(cuts(scorer.member, 1), quantile)
    assert cuts(scorer.member, 0).size == 0


def test_numbers_that_are_no_truth_stand_in_flags(scorer):
    (rows,) = refused_flags(scorer, {})
    assert {0.0, 1.0, -1.0, 0.5} <= set(rows["ok"].to_pylist())
    assert not list(refused_flags(Scorer.from_model(*fitted("logistic_regression", ["big", "shop"])), {}))


def test_training_events_come_back_as_they_were_encoded(scorer):
    _, data = fitted("logistic_regression", ["x", "big", "shop", "code", "ok", "at"])
    X = scorer.encoder.encoded(data).matrix[:200]
    events, *_ = hard_tables(scorer, {"events": X})
    found = scorer.encoder.encoded(events).matrix
    np.testing.assert_array_equal(found[:, [0, 1, 2, 3, 4]], X[:, [0, 1, 2, 3, 4]])
    np.testing.assert_allclose(found[:, 5], X[:, 5], rtol=0, atol=1e-9)


def test_nothing_is_missing_where_the_model_takes_none():
    scorer = Scorer.from_model(*fitted(FewEventsLogisticRegression(), ["big", "ok"]))
    for rows in hard_tables(scorer, {}):
        assert not any(rows[name].null_count for name in rows.column_names)
