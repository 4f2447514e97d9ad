"""One finding a fault, with its remedy, whatever the number of splits."""

import numpy as np

from rareclass.evaluation import audit
from rareclass.evaluation.faults import FAULTS, finding, worst_first


def test_many_splits_give_one_finding_with_the_worst_of_them():
    X = np.repeat(np.random.default_rng(0).normal(size=(400, 3)), 2, axis=0)
    y = np.repeat(np.arange(400) % 8 == 0, 2)
    parts = np.random.default_rng(1).permutation(800).reshape(4, 200)
    found = audit(X, y, splits=[(np.setdiff1d(np.arange(800), part), part) for part in parts])
    assert [f.code for f in found] == ["duplicates-across-split"]
    assert "4 of 4 splits" in found[0].evidence
    assert found[0].remedy


def test_few_events_in_many_parts_are_a_matter_of_averaging():
    X, y = np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) % 10 == 0
    parts = np.arange(300).reshape(5, 60)
    many = [(np.setdiff1d(np.arange(300), part), part) for part in parts]
    assert [f.code for f in audit(X, y, splits=many)] == ["averaged-folds-few-events"]
    assert [f.code for f in audit(X, y, splits=many[:1])] == ["few-events-tested"]


def test_a_richer_test_part_is_named_even_where_reality_is_unknown():
    X, y = np.random.default_rng(0).normal(size=(1000, 3)), np.arange(1000) < 120
    test = np.r_[np.arange(60), np.arange(940, 1000)]
    found = audit(X, y, splits=[(np.setdiff1d(np.arange(1000), test), test)])
    assert [f.code for f in found] == ["prevalence-differs"]


def test_copies_of_events_alone_mean_resampling():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 3)), np.arange(500) < 40
    rows = rng.permutation(np.r_[np.arange(500), rng.choice(40, 400)])
    half = rows.size // 2
    found = audit(X[rows], y[rows], splits=[(np.arange(half), np.arange(half, rows.size))])
    assert {f.code for f in found} == {"resampled-before-split", "duplicates-across-split"}


def test_every_fault_has_a_sentence_and_each_is_said_once():
    for code, fault in FAULTS.items():
        assert fault.title.endswith("."), code
        assert fault.remedy.endswith(".") or fault.severity == "note"
    twice = [finding("too-good", "a"), finding("constant-score", "b"), finding("too-good", "a")]
    assert [f.severity for f in worst_first(twice)] == ["error", "warning"]
