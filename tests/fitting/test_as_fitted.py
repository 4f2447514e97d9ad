"""What a fit would do at its own cut is measured out of fold, and said where it cries wolf."""

import numpy as np
import pytest

from rareclass import RareClassifier
from rareclass.crossfit import OutOfFold
from rareclass.fitting.arm import make_arm
from rareclass.fitting.as_fitted import AsFitted, over_correction_of
from rareclass.fitting.out_of_fold import ArmScores
from rareclass.kernels.logits import sigmoid


def test_crying_wolf_is_a_high_recall_at_a_terrible_precision():
    nobody = np.zeros(3, dtype=bool)
    assert AsFitted(nobody, 0.8, 0.1).cries_wolf
    assert not AsFitted(nobody, 0.3, 0.1).cries_wolf
    assert not AsFitted(nobody, 0.8, 0.6).cries_wolf
    assert AsFitted(nobody, 0.8, 0.1).said == "catches 80% of the events, and 90% of its alerts are false"


def scores(arm, score, fold, undone):
    oof = OutOfFold(np.array(score), np.array(fold))
    said = {"seconds": 0.0, "rows": 6, "exact": True, "note": "", "restoration": ""}
    return ArmScores(arm=make_arm(arm), oof=oof, undone=undone, **said)


def test_the_shift_of_each_fold_is_taken_off_and_rows_count_by_their_weight():
    found = scores("lightgbm+class_weight", [-1.0, -3.0, -1.0, -3.0, np.nan], [0, 0, 1, 1, -1], (-2.0, -0.5))
    np.testing.assert_array_equal(found.as_fitted, [1.0, -1.0, -0.5, -2.5, np.nan])
    y = np.array([True, True, False, False])
    said = AsFitted.of(found, np.arange(4), y, np.array([3.0, 1.0, 1.0, 1.0]))
    assert (said.flagged.tolist(), said.recall, said.precision) == ([True, False, False, False], 0.75, 1.0)


def test_a_treatment_without_a_ratio_has_nothing_milder():
    y = np.arange(200) < 2
    loud = np.full(200, 0.0)
    arms = {
        name: scores(f"lightgbm+{name}", loud, np.zeros(200, dtype=int), (-3.0,)) for name in ("tomek_links", "smote")
    }
    assert over_correction_of(arms["tomek_links"], y, None) == {}
    assert over_correction_of(arms["smote"], y, None) == {
        "over_corrected": {"recall": 1.0, "precision": 0.01, "milder": "smote(ratio=0.1)"}
    }


def test_the_summary_says_so_and_the_probabilities_are_brought_back():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 2))
    y = rng.random(3000) < sigmoid(1.5 * X[:, 0] - 4.7)
    balanced = RareClassifier("logistic_regression", treatment="class_weight", cv=3).fit(X, y)
    assert "Over-corrected: before the way back the cut at 0.5 catches" in balanced.summary()
    assert "compare 'class_weight_sqrt'" in balanced.summary()
    assert balanced.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.2)
    plain = RareClassifier("logistic_regression", treatment="none", cv=3).fit(X, y)
    assert "Over-corrected" not in plain.summary()
