"""Class weights are undone exactly where a model can represent the rates of all rows."""

import numpy as np
import pytest
from tests.treatments.known import cell_logits, cells

from rareclass.errors import InputError, TooFewEventsError
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.weights import ClassWeights


@pytest.mark.parametrize("weight", ["balanced", "sqrt", 7.5])
def test_class_weights_are_undone_exactly_on_a_saturated_model(weight):
    X, y = cells(40_000)
    rng = np.random.default_rng(0)
    plain = cell_logits(NoTreatment().prepare(X, y, rng=rng))
    treatment = ClassWeights(weight)
    training = treatment.prepare(X, y, rng=rng)
    np.testing.assert_allclose(cell_logits(training) + training.shift, plain, atol=1e-9)


def test_weights_multiply_with_sample_weights():
    X, y = cells(40_000)
    base = np.where(X[:, 0] == 1, 2.0, 1.0)
    treatment = ClassWeights("balanced")
    training = treatment.prepare(X, y, sample_weight=base, rng=np.random.default_rng(0))
    plain = cell_logits(NoTreatment().prepare(X, y, sample_weight=base, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(cell_logits(training) + training.shift, plain, atol=1e-9)
    w = training.sample_weight
    assert w[y].sum() == pytest.approx(w[~y].sum())
    assert w.sum() == pytest.approx(base.sum())


def test_one_class_is_refused():
    with pytest.raises(TooFewEventsError, match="0 events"):
        ClassWeights().prepare(np.zeros((5, 1)), np.zeros(5, dtype=bool), rng=np.random.default_rng(0))


@pytest.mark.parametrize("weight", [0, -1.0, float("nan"), "huge"])
def test_impossible_weights_are_refused(weight):
    X, y = cells(1000)
    with pytest.raises(InputError):
        ClassWeights(weight).prepare(X, y, rng=np.random.default_rng(0))


def test_the_label_names_the_root_of_the_balance_by_a_word():
    labels = [ClassWeights(w).label for w in ("balanced", "sqrt", 7.5)]
    assert labels == ["class_weight", "class_weight_sqrt", "class_weight(weight=7.5)"]
