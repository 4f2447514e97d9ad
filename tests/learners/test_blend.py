"""The blend as a learner of its own."""

import pytest
from sklearn.metrics import average_precision_score
from tests.learners.problems import bumps

from rareclass.errors import DroppedWarning, InputError
from rareclass.learners import RareBlendClassifier, blend
from rareclass.learners.blend import MEMBERS


def test_the_blend_is_better_than_its_worst_member_and_calibrated():
    X, y, _ = bumps(8_000)
    unseen, y_unseen, _ = bumps(30_000, seed=1)
    blend = RareBlendClassifier(random_state=0).fit(X, y)
    assert blend.weights_.sum() == pytest.approx(1.0)
    assert blend.member_names_ == list(MEMBERS)
    found = average_precision_score(y_unseen, blend.decision_function(unseen))
    members = [average_precision_score(y_unseen, m.decision_function(unseen)) for m in blend.blend_.members]
    assert found > 0.95 * max(members)
    assert y_unseen.sum() / blend.predict_proba(unseen)[:, 1].sum() == pytest.approx(1.0, abs=0.15)


def test_a_blend_refuses_members_it_does_not_know():
    X, y, _ = bumps(300, base=-2.0)
    for members in ("all", ["lightgbm", "lightgbm"], ["svm"], []):
        with pytest.raises(InputError, match="members"):
            RareBlendClassifier(members=members).fit(X, y)


def test_members_keep_no_rows_of_the_training_data():
    X, y, _ = bumps(2_000)
    blend = RareBlendClassifier(members=["random_forest", "logistic_regression"], random_state=0).fit(X, y)
    assert not any(hasattr(member, "oof_logit_") for member in blend.blend_.members)


def test_a_member_whose_library_does_not_load_is_named_and_the_others_carry_on(monkeypatch):
    X, y, _ = bumps(800, base=-2.0)
    monkeypatch.setattr(blend, "available", lambda name: f"{name} is broken" if name == "catboost" else None)
    with pytest.warns(DroppedWarning, match="^catboost is broken. The blend goes without catboost.$") as said:
        fitted = RareBlendClassifier(random_state=0).fit(X, y)
    assert [w.filename for w in said] == [__file__]
    assert fitted.member_names_ == [name for name in MEMBERS if name != "catboost"]
    assert fitted.weights_.sum() == pytest.approx(1.0)
