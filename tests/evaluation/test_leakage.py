"""The audit finds what makes scores of rare events too good."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.evaluation import audit
from rareclass.evaluation.leakage import score_findings


def codes(findings):
    return [f.code for f in findings]


@pytest.fixture
def clean():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 4))
    return X, rng.random(2000) < 1 / (1 + np.exp(3 - X[:, 0]))


def halves(n):
    return [(np.arange(n // 2), np.arange(n // 2, n))]


def test_a_clean_evaluation_has_no_findings(clean):
    X, y = clean
    assert audit(X, y, splits=halves(2000), times=np.arange(2000), y_score=X[:, 0], prevalence=y.mean()) == []


def test_resampling_before_the_split_is_found(clean):
    X, y = clean
    rows = np.concatenate([np.arange(2000), np.flatnonzero(y), np.flatnonzero(y)])
    shuffled = np.random.default_rng(1).permutation(rows)
    half = shuffled.size // 2
    found = audit(X[shuffled], y[shuffled], splits=[(np.arange(half), np.arange(half, shuffled.size))],
                  prevalence=y.mean())  # fmt: skip
    assert {"duplicates-across-split", "test-part-resampled"} <= set(codes(found))
    assert found[0].severity == "error"


def test_synthetic_rows_in_the_test_part_are_found(clean):
    X, y = clean
    made = np.zeros(2000, dtype=bool)
    made[1900:] = True
    assert "synthetic-rows-tested" in codes(audit(X, y, splits=halves(2000), synthetic=made))


def test_groups_and_future_that_cross_are_found(clean):
    X, y = clean
    found = audit(X, y, splits=[(np.arange(0, 2000, 2), np.arange(1, 2000, 2))], groups=np.arange(2000) // 2,
                  times=np.arange(2000))  # fmt: skip
    assert {"group-across-split", "future-in-training"} <= set(codes(found))


def test_a_column_that_knows_the_label_is_found(clean):
    X, y = clean
    told = np.column_stack([X, y + 0.01 * np.random.default_rng(0).normal(size=2000)])
    found = audit(told, y)
    assert codes(found) == ["column-too-good"]
    assert "x4" in found[0].title


def test_labels_constants_and_inverted_scores_are_found(clean):
    X, y = clean
    assert "constant-score" in codes(audit(X, y, y_score=np.zeros(2000)))
    assert "labels-instead-of-scores" in codes(audit(X, y, y_score=(X[:, 0] > 1).astype(float)))
    assert "worse-than-chance" in codes(audit(X, y, y_score=-X[:, 0]))


def test_a_part_without_events_is_found():
    X = np.arange(100.0)[:, None]
    y = np.arange(100) < 20
    assert "no-event-tested" in codes(audit(X, y, splits=halves(100)))


def test_unusable_splits_are_refused(clean):
    X, y = clean
    with pytest.raises(InputError, match="beyond"):
        audit(X, y, splits=[(np.arange(10), np.array([5000]))])
    with pytest.raises(InputError, match="same number of rows"):
        audit(X, y, groups=np.arange(3))


@pytest.mark.parametrize("events", [8, 30, 200])
def test_random_scorers_are_seldom_called_worse_than_chance(events):
    y = np.arange(2000) < events
    called = 0
    for seed in range(300):
        score = np.random.default_rng(seed).normal(size=2000)
        called += "worse-than-chance" in codes(score_findings(y, score))
    # one in two hundred is promised; two standard errors of 300 runs on top
    assert called / 300 <= 0.005 + 2 * np.sqrt(0.005 * 0.995 / 300)
