"""The hybrids that textbooks name run as written, are brought back, and are the same compiled."""

import warnings

import numpy as np
import pyarrow as pa
import pytest

from rareclass import RareClassifier
from rareclass.decisions import CostMatrix
from rareclass.errors import RareclassWarning
from rareclass.learners import RareLGBMClassifier
from rareclass.scoring import Scorer

N = 2000


def rows(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 3))
    X[rng.random(N) < 0.05, 1] = np.nan
    shop = rng.integers(0, 4, N)
    p = 1 / (1 + np.exp(4.2 - 1.6 * X[:, 0] - (shop == 1)))
    columns = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "shop": np.array(["n", "e", "s", "w"])[shop]}
    return pa.table(columns), rng.random(N) < p, p


SMALL = {"n_estimators": 40, "random_state": 0}
HYBRIDS = {
    "ADASYN x scale_pos_weight": (RareLGBMClassifier(scale_pos_weight=10, **SMALL), "adasyn", None),
    "ADASYN x class weights": ("logistic_regression", "adasyn+scale_pos_weight", None),
    "SMOTE + class weights": ("logistic_regression", "smote(ratio=0.2)+class_weight", None),
    "class weights + SMOTE": ("logistic_regression", "class_weight+smote", None),
    "PCA before SMOTE": ("logistic_regression", "pca+smote", None),
    "PCA before SMOTE-ENN": (RareLGBMClassifier(**SMALL), "pca+smote_enn", None),
    "focal loss + class weights": (RareLGBMClassifier(**SMALL), "focal+class_weight", None),
    "SMOTE-ENN x cost-sensitive LightGBM": (RareLGBMClassifier(**SMALL), "smote_enn+cost_weights", (1, 20)),
    "SMOTE-Tomek x cost weights": ("logistic_regression", "smote_tomek+cost_weights", (1, 20)),
    "SMOTE, then fewer negatives": ("logistic_regression", "smote(ratio=0.2)+random_under_sampler", None),
    "Tomek links, then SMOTE": ("logistic_regression", "tomek_links+borderline_smote", None),
    "three in a row": ("logistic_regression", "enn+smote(ratio=0.2)+class_weight_sqrt", None),
}


@pytest.mark.parametrize("hybrid", HYBRIDS)
def test_a_hybrid_runs_as_written_with_probabilities_at_the_real_prevalence(hybrid):
    learner, treatment, costs = HYBRIDS[hybrid]
    data, y, p = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RareclassWarning)
        model = RareClassifier(learner, treatment=treatment, cv=3)
        model.fit(data, y, costs=None if costs is None else CostMatrix(fp=costs[0], fn=costs[1]))
    arm = model.model_.arm
    for part in treatment.replace("scale_pos_weight", "class_weight").split("+"):
        assert part in arm.name
    found = model.predict_proba(data)[:, 1]
    assert found.mean() == pytest.approx(p.mean(), rel=0.25)  # about 70 events: two standard errors
    assert np.corrcoef(found, p)[0, 1] > 0.5
    scorer = Scorer.from_model(model, data)
    assert scorer.exact, scorer.why_not
    np.testing.assert_allclose(scorer.logit(data), model.positive_logit(data), rtol=0, atol=1e-9)
    assert "Way back" in model.summary()


def test_several_classes_are_each_resampled_against_the_rest():
    data, y, _ = rows()
    model = RareClassifier("logistic_regression", treatment="smote", cv=2).fit(data, np.where(y, "x", data["shop"]))
    assert [m.model_.arm.arm.treatment.label for m in model.members_] == ["smote"] * 5
