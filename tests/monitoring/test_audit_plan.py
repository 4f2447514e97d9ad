"""Audits: known inclusion probabilities, unbiased sums, intervals that cover, power as said beforehand."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring.audit_plan import AuditPlan, audit_power


def world(seed, n=8000, lean=1.0):
    """Labels and probabilities; with `lean` other than 1 the model is wrong."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-5, 1.7, n)
    return rng.random(n) < sigmoid(z), sigmoid(lean * z)


@pytest.mark.parametrize(("labelled", "lean"), [(True, 1.0), (False, 1.0), (True, 0.7)])
def test_sums_are_unbiased_and_intervals_cover_whether_or_not_the_model_is_right(labelled, lean):
    errors, covered, missed = [], 0, []
    for seed in range(100):
        y, p = world(seed, n=3000, lean=lean)
        alert = p >= np.sort(p)[-60]
        plan = AuditPlan.draw(np.arange(y.size), p, alert, audits=200, seed=seed, alerts_labelled=labelled)
        found = plan.rates(np.where(plan.drawn, y, np.nan))
        true = alert[y].mean()
        errors.append(found.recall.estimate - true)
        missed.append(found.missed.estimate - (y & ~alert).sum())
        covered += true in found.recall
    assert covered >= 95 - 2 * np.sqrt(100 * 0.95 * 0.05)
    assert abs(np.mean(missed)) <= 2.5 * np.std(missed) / 100**0.5
    assert abs(np.mean(errors)) <= 2.5 * np.std(errors) / 100**0.5


def test_rows_are_drawn_as_often_as_their_inclusion_probability_says():
    _, p = world(0, n=600)
    alert = p > 0.2
    drawn = np.zeros(600)
    for seed in range(400):
        plan = AuditPlan.draw(np.arange(600), p, alert, audits=60, seed=seed)
        drawn += plan.drawn
    error = np.sqrt(plan.inclusion * (1 - plan.inclusion) / 400)
    assert (np.abs(drawn / 400 - plan.inclusion) <= 4.5 * error + 1e-12).all()
    assert plan.inclusion[~alert].sum() == pytest.approx(60)


def test_the_same_rows_in_another_order_give_the_same_audit():
    _, p = world(1, n=2000)
    keys = np.array([f"row {i}" for i in range(2000)])
    order = np.random.default_rng(0).permutation(2000)
    plans = [AuditPlan.draw(k, q, q > 0.3, audits=100, seed=4) for k, q in ((keys, p), (keys[order], p[order]))]
    assert plans[0].rows() == plans[1].rows()
    assert plans[0].rows() != AuditPlan.draw(keys, p, p > 0.3, audits=100, seed=5).rows()


def test_likelier_rows_are_audited_more_and_every_row_can_be():
    _, p = world(2)
    plan = AuditPlan.draw(np.arange(p.size), p, p > 0.3, audits=300)
    rest = np.flatnonzero(p <= 0.3)
    order = rest[np.argsort(p[rest])]
    assert (np.diff(plan.inclusion[order]) >= -1e-12).all()
    assert plan.inclusion.min() > 0
    assert len(plan.rows()) == 300


def test_an_audit_without_events_does_not_say_that_there_are_none():
    p = np.full(5000, 0.001)
    plan = AuditPlan.draw(np.arange(5000), p, np.zeros(5000, bool), audits=100)
    found = plan.rates(np.zeros(5000))
    assert found.recall is None
    assert found.missed.estimate == 0.0
    assert found.missed.high > 100
    assert 0 < found.missed_by_scores.high < 40


def test_when_all_rows_are_labelled_the_answer_is_exact():
    y, p = world(3, n=300)
    y[:5] = True
    plan = AuditPlan.draw(np.arange(300), p, p > 0.1, audits=1000)
    found = plan.rates(y.astype(float))
    true = (p > 0.1)[y].mean()
    assert (found.recall.low, found.recall.estimate, found.recall.high) == pytest.approx((true, true, true))
    assert found.prevalence.estimate == pytest.approx(y.mean())


def test_rows_without_answer_count_as_their_stratum():
    y, p = world(4, n=3000)
    alert = p > 0.2
    full, half = [], []
    for seed in range(40):
        plan = AuditPlan.draw(np.arange(y.size), p, alert, audits=300, seed=seed)
        label = np.where(plan.drawn, y, np.nan)
        full.append(plan.rates(label).missed.estimate)
        label[np.random.default_rng(seed).random(y.size) < 0.5] = np.nan
        found = plan.rates(label)
        half.append(found.missed.estimate)
        assert found.unanswered > 50
    assert np.mean(half) == pytest.approx(np.mean(full), abs=3 * np.std(half) / 40**0.5)


def test_power_is_what_audits_then_show():
    _, p = world(5, n=3000)
    alert = p >= np.sort(p)[-60]
    said = audit_power(p, alert, [300])[0]
    found = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        fresh = rng.random(p.size) < p
        plan = AuditPlan.draw(np.arange(p.size), p, alert, audits=300, seed=seed)
        estimate = plan.rates(np.where(plan.drawn, fresh, np.nan))
        found.append((estimate.recall.estimate - alert[fresh].mean(), estimate.events_found - (fresh & alert).sum()))
    error, events = np.std([e for e, _ in found]), np.mean([k for _, k in found])
    assert 1.96 * error == pytest.approx(said["half_width"], rel=0.3)
    assert events == pytest.approx(said["found"], rel=0.1)
    assert audit_power(p, alert, [300], periods=4)[0]["half_width"] == pytest.approx(said["half_width"] / 2)


@pytest.mark.parametrize("p", [np.zeros(50), np.ones(50), np.r_[np.zeros(25), np.ones(25)]])
@pytest.mark.parametrize("labelled", [True, False])
def test_certain_probabilities_and_one_class_are_taken(p, labelled):
    plan = AuditPlan.draw(np.arange(50), p, p > 0.5, audits=10, alerts_labelled=labelled)
    found = plan.rates(p)
    assert np.isfinite(found.missed.high)
    assert len(plan.rows()) == (10 if not labelled or (p <= 0.5).any() else 0)


def test_fewer_rows_than_audits_are_all_drawn():
    plan = AuditPlan.draw(["a", "b", "c"], [0.1, 0.2, 0.9], [False, False, True], audits=50)
    assert plan.drawn.all()
    assert {row["id"] for row in plan.rows()} == {"a", "b"}


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="empty"):
        AuditPlan.draw([], [], [], audits=5)
    with pytest.raises(InputError, match="twice"):
        AuditPlan.draw([1, 1], [0.1, 0.2], [False, False], audits=5)
    with pytest.raises(InputError, match="missing value"):
        AuditPlan.draw([1, 2], [0.1, np.nan], [False, False], audits=5)
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        AuditPlan.draw([1, 2], [0.1, 1.5], [False, False], audits=5)
    with pytest.raises(InputError, match="audits"):
        AuditPlan.draw([1, 2], [0.1, 0.5], [False, False], audits=0)
    plan = AuditPlan.draw([1, 2], [0.1, 0.5], [False, False], audits=1)
    with pytest.raises(InputError, match="No drawn row has a label"):
        plan.rates([np.nan, np.nan])
    with pytest.raises(InputError, match="1 for events"):
        plan.rates([2.0, 2.0])
