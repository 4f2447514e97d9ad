"""Conformal sets: coverage of each class by simulation, p-values against their definition, refusals."""

import json
import warnings

import numpy as np
import pytest

from rareclass.calibration.conformal import ConformalSets, needed_rows
from rareclass.errors import CalibrationWarning, InputError, TargetError, TooFewEventsError

RUNS = 250


def scored(n, rng, *, prevalence=0.02, round_to=None):
    y = rng.random(n) < prevalence
    p = 1 / (1 + np.exp(4 - 2 * y - rng.normal(size=n)))
    return (p if round_to is None else np.round(p, round_to)), y


@pytest.mark.parametrize(("smoothed", "round_to"), [(False, None), (True, None), (False, 2), (True, 2)])
def test_the_rare_class_is_covered_as_promised(smoothed, round_to):
    """Alpha = 0.1, nominal minus two Monte Carlo standard errors; error rate 2.3 %."""
    covered = np.zeros((RUNS, 2))
    for run in range(RUNS):
        rng = np.random.default_rng([run, 5])
        p, y = scored(4000, rng, round_to=round_to)
        conformal = ConformalSets(smoothed=smoothed, random_state=run).fit(p[:2000], y[:2000])
        sets = conformal.predict(p[2000:], alpha=0.1)
        covered[run] = sets[~y[2000:], 0].mean(), sets[y[2000:], 1].mean()
    error = covered.std(axis=0, ddof=1) / np.sqrt(RUNS)
    assert np.all(covered.mean(axis=0) >= 0.9 - 2 * error)
    if smoothed:
        assert np.all(covered.mean(axis=0) <= 0.9 + 3 * error)


def test_every_class_of_three_is_covered():
    covered = np.zeros((200, 3))
    for run in range(200):
        rng = np.random.default_rng([run, 6])
        y = rng.choice(3, 3000, p=[0.9, 0.07, 0.03])
        logits = rng.normal(size=(3000, 3)) + 1.5 * np.eye(3)[y]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        sets = ConformalSets().fit(p[:1500], y[:1500]).predict(p[1500:], alpha=0.2)
        covered[run] = [sets[y[1500:] == k, k].mean() for k in range(3)]
    assert np.all(covered.mean(axis=0) >= 0.8 - 2 * covered.std(axis=0, ddof=1) / np.sqrt(200))


def test_p_values_follow_their_definition_with_ties_and_weights():
    rng = np.random.default_rng(1)
    p, y = scored(300, rng, prevalence=0.3, round_to=1)
    new, _ = scored(50, rng, round_to=1)
    weight = rng.uniform(0.5, 3, 300)
    found = ConformalSets().fit(p, y, sample_weight=weight).p_values(new)
    for k, sign in ((0, -1), (1, 1)):
        mine = y == bool(k)
        heaviest = weight[mine].max()
        for i, value in enumerate(new):
            below = weight[mine][sign * p[mine] <= sign * value].sum()
            assert found[i, k] == pytest.approx((below + heaviest) / (weight[mine].sum() + heaviest))


def test_weights_of_one_change_nothing_and_zero_weights_drop_rows():
    rng = np.random.default_rng(2)
    p, y = scored(500, rng, prevalence=0.2)
    new, _ = scored(40, rng)
    plain = ConformalSets().fit(p, y).p_values(new)
    np.testing.assert_allclose(ConformalSets().fit(p, y, sample_weight=np.ones(500)).p_values(new), plain)
    kept = rng.random(500) < 0.7
    np.testing.assert_allclose(
        ConformalSets().fit(p, y, sample_weight=kept.astype(float)).p_values(new),
        ConformalSets().fit(p[kept], y[kept]).p_values(new),
    )


def test_one_column_equals_two_columns():
    rng = np.random.default_rng(3)
    p, y = scored(500, rng, prevalence=0.2)
    both = np.column_stack([1 - p, p])
    np.testing.assert_array_equal(
        ConformalSets().fit(p, y).predict(p), ConformalSets().fit(both, y.astype(int)).predict(both)
    )


def test_too_few_calibration_events_are_said():
    p, y = np.linspace(0.01, 0.99, 100), np.arange(100) >= 92
    conformal = ConformalSets().fit(p, y)
    with pytest.warns(CalibrationWarning, match="Class 1 has 8 calibration row"):
        sets = conformal.predict(p, alpha=0.1)
    assert sets[:, 1].all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not ConformalSets().fit(p, np.arange(100) >= 91).predict(p, alpha=0.1)[:, 1].all()
    assert needed_rows(0.1) == 9


def test_the_interval_of_the_coverage_holds_what_one_calibration_sample_gives():
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(400):
        own = rng.normal(size=50)
        conformal = ConformalSets().fit(np.concatenate([own, [9.0]]), np.r_[np.ones(50), 0])
        truth = (conformal.p_values(rng.normal(size=4000))[:, 1] > 0.1).mean()
        low, high = conformal.coverage_interval(alpha=0.1)[1]
        inside += low - 0.01 <= truth <= high + 0.01
    assert inside >= 0.95 * 400 - 2 * np.sqrt(400 * 0.95 * 0.05)


def test_sets_grow_as_alpha_falls():
    p, y = scored(2000, np.random.default_rng(5), prevalence=0.1)
    conformal = ConformalSets().fit(p, y)
    assert np.all(conformal.predict(p, alpha=0.3) <= conformal.predict(p, alpha=0.05))


def test_it_turns_into_plain_values_and_back():
    p, y = scored(500, np.random.default_rng(6), prevalence=0.2)
    conformal = ConformalSets().fit(p, y)
    again = ConformalSets.from_dict(json.loads(json.dumps(conformal.to_dict())))
    np.testing.assert_array_equal(again.p_values(p), conformal.p_values(p))


def test_unusable_input_is_refused():
    p = np.linspace(0.1, 0.9, 10)
    with pytest.raises(TooFewEventsError, match="Class 1 has no calibration row"):
        ConformalSets().fit(p, np.zeros(10))
    with pytest.raises(TargetError, match="class numbers 0 to 1"):
        ConformalSets().fit(p, np.arange(10))
    with pytest.raises(InputError, match="not fitted"):
        ConformalSets().p_values(p)
    fitted = ConformalSets().fit(p, np.arange(10) > 4)
    with pytest.raises(InputError):
        fitted.predict(np.full((3, 3), 1 / 3))
    with pytest.raises(InputError):
        fitted.predict(p, alpha=0.0)
    with pytest.raises(InputError):
        fitted.predict([0.1, np.nan])
    with pytest.raises(InputError):
        ConformalSets().fit(p, np.arange(10) > 4, sample_weight=-np.ones(10))
