"""Text that stock LightGBM loads, on raw columns, ranking rows as the scorer does."""

import json

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr
from tests.scoring.test_scorer import fitted, table

from rareclass import RareClassifier
from rareclass.errors import InputError, RareclassWarning
from rareclass.learners import RareLGBMClassifier
from rareclass.scoring import Scorer
from rareclass.scoring.export import lightgbm_text
from rareclass.scoring.export.to_lightgbm import NAMED
from rareclass.scoring.maps import SliceMap
from rareclass.scoring.members import _JOINED, KINDS

COLUMNS = ["x", "big", "shop", "code", "ok", "at"]


def loaded(scorer, tmp_path, **about):
    """The model as plain LightGBM reads it from a file, its raw scores of fresh raw rows, and these rows encoded."""
    (tmp_path / "model.txt").write_bytes(lightgbm_text(scorer, about))
    booster = lightgbm.Booster(model_file=tmp_path / "model.txt")
    X = scorer.encoded(table(2000, seed=1)[0].select(scorer.columns)).matrix
    return booster, booster.predict(X, raw_score=True), X


@pytest.mark.parametrize(
    "treatment", ["none", "class_weight", "negative_sampling", "local_case_control", "smote", "focal"]
)
def test_the_raw_score_is_the_log_odds_before_the_calibration(treatment, tmp_path):
    try:
        model, data = fitted("lightgbm", COLUMNS, treatment=treatment)
    except InputError as error:
        pytest.skip(str(error))
    scorer = Scorer.from_model(model, data)
    if type(scorer.member).kind != "trees":
        pytest.skip("several models")
    assert model.model_.arm.learner.cuts_ is not None  # trained on bins, read on raw columns
    booster, raw, X = loaded(scorer, tmp_path)
    np.testing.assert_allclose(raw, model.model_.arm.logit(X), rtol=0, atol=1e-9)
    assert spearmanr(raw, scorer.logit_of(X)).statistic == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(booster.predict(X), 1 / (1 + np.exp(-raw)), rtol=1e-12)
    parts = booster.predict(X[:50], pred_contrib=True)
    np.testing.assert_allclose(parts.sum(axis=1), raw[:50], rtol=0, atol=1e-9)


@pytest.mark.parametrize("learner", ["hist_gradient_boosting", "catboost"])
def test_other_boosters_whose_sums_are_in_double_precision_are_written_too(learner, tmp_path):
    scorer = Scorer.from_model(*fitted(learner, COLUMNS))
    _, raw, X = loaded(scorer, tmp_path)
    assert spearmanr(raw, scorer.logit_of(X)).statistic == pytest.approx(1, abs=1e-12)


def test_the_file_says_its_columns_and_the_codes_of_levels(tmp_path):
    scorer = Scorer.from_model(*fitted("lightgbm", COLUMNS))
    booster, _, _ = loaded(scorer, tmp_path, target="a=b\nc")
    dates = [f"at:{part}" for part in scorer.encoder.saved["time_parts"]["at"]]
    assert booster.feature_name() == ["x", "big", "shop", "code", "ok", *dates]
    lines = (tmp_path / "model.txt").read_text().splitlines()
    said = dict(line.split("=") for line in lines[1:] if line.startswith("rareclass_"))
    assert said["rareclass_target"] == "a:b c"
    levels = json.loads(said["rareclass_levels"])
    assert levels["shop"][: len(scorer.encoder.saved["categories"]["shop"]["levels"])][0] == "a"


def test_levels_with_signs_of_equality_stay_what_they_are():
    rng = np.random.default_rng(0)
    shop = rng.choice(["a=b", 'c"d', "ü\n"], 600)
    rows = pa.table({"my shop": shop, "x": rng.normal(size=600)})
    scorer = Scorer.from_model(
        RareClassifier("lightgbm", cv=2).fit(rows, (shop == "a=b") & (rng.random(600) < 0.3)), rows
    )
    with pytest.warns(RareclassWarning, match="'my shop' is 'my_shop'"):
        text = lightgbm_text(scorer, {}).decode()
    (line,) = [line for line in text.splitlines() if line.startswith("rareclass_levels=")]
    assert set(json.loads(line.partition("=")[2])["my shop"]) == {"a=b", 'c"d', "ü\n"}
    assert lightgbm.Booster(model_str=text).feature_name() == ["my_shop", "x"]


def test_names_that_need_no_cleaning_stay_and_the_others_are_listed():
    rng = np.random.default_rng(0)
    names = ["a b", "a_b", "a  b", "a_b_", "c=d e", " "]
    rows = pa.table({name: rng.normal(size=400) for name in names})
    scorer = Scorer.from_model(RareClassifier("lightgbm", cv=2).fit(rows, rows["a_b"].to_numpy() > 1), rows)
    with pytest.warns(RareclassWarning, match="'a b' is 'a_b__', 'a  b' is 'a_b___', 'c=d e' is 'c=d_e' and 1 more"):
        text = lightgbm_text(scorer, {}).decode()
    found = lightgbm.Booster(model_str=text).feature_name()
    assert found == ["a_b__", "a_b", "a_b___", "a_b_", "c=d_e", "_"]
    (line,) = [line for line in text.splitlines() if line.startswith("rareclass_renamed=")]
    renamed = json.loads(line.partition("=")[2])
    assert [renamed.get(name, name) for name in found] == names


def test_thresholds_at_zero_and_at_the_ends_are_read_alike(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 0.0, 1e-300, 2.0, np.nan], size=(2000, 2))
    y = rng.random(2000) < np.where(np.nan_to_num(X[:, 0], nan=9) > 0, 0.3, 0.03)
    scorer = Scorer.from_model(RareClassifier("lightgbm", cv=2).fit(X, y), X)
    (tmp_path / "m.txt").write_bytes(lightgbm_text(scorer, {}))
    keep = np.nan_to_num(X) != 1e-300  # which LightGBM takes for zero
    raw = lightgbm.Booster(model_file=tmp_path / "m.txt").predict(X[keep.all(axis=1)], raw_score=True)
    wanted = scorer.member.logit(X[keep.all(axis=1)]) + scorer.added
    np.testing.assert_allclose(raw, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("learner", "features", "said"),
    [
        ("logistic_regression", ["x", "ok"], "The model is a logistic regression on quantiles"),
        ("kernel_logistic", ["x", "ok"], "The model is a kernel logistic regression"),
        ("random_forest", ["x", "ok"], "The model is a forest"),
        ("auto", ["x", "ok"], "The model is a blend of models"),
        ("xgboost", ["x", "ok"], "adds up in float32"),
        ("lightgbm", ["x", "note"], "'note' holds texts"),
        (RareLGBMClassifier(event_bins=False, zero_as_missing=True), ["x", "ok"], "takes some numbers for missing"),
    ],
)
def test_what_has_no_exact_form_is_refused_with_the_reason(learner, features, said):
    with pytest.raises(InputError, match=said):
        lightgbm_text(Scorer.from_model(*fitted(learner, features)), {})


def test_shifts_by_slice_have_no_form_in_the_text():
    scorer = Scorer.from_model(*fitted("lightgbm", ["x", "shop", "ok"]))
    scorer.slices = SliceMap(1, np.array([0.0, 2.0]), np.array([0.4, -0.9]))
    with pytest.raises(InputError, match="no form for shifts by slice"):
        lightgbm_text(scorer, {})


def test_every_kind_of_model_that_is_no_booster_has_a_name_to_be_refused_by():
    assert {*KINDS, *_JOINED} == set(NAMED)
