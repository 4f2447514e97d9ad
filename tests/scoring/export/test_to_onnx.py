"""One graph says what the scorer says: every learner, treatment and calibration, alone and in a batch."""

import numpy as np
import pytest
from tests.scoring.test_scorer import FEW_BAGS, fitted, table

from rareclass.decisions import AlertBudget, CostMatrix, MinimumCost
from rareclass.errors import InputError
from rareclass.learners import FewEventsLogisticRegression, RareLGBMClassifier
from rareclass.learners.table import LEARNERS
from rareclass.scoring import Scorer
from rareclass.scoring.export import onnx_model
from rareclass.scoring.export.checking import Answers
from rareclass.scoring.export.columns import typed
from rareclass.scoring.maps import SliceMap

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

COLUMNS = ["x", "big", "shop", "code", "ok", "at"]


@pytest.fixture(autouse=True)
def few_rows_alone(monkeypatch):
    """Writing asks for sixty rows one by one; six of each graph do here, since `compared` asks for more."""
    monkeypatch.setattr("rareclass.scoring.export.checking._ALONE", 6)


def sliced(scorer):
    """The scorer with shifts by shop, but the second of them."""
    scorer.slices = SliceMap(1, np.array([0.0, 2.0]), np.array([0.4, -0.9]), 0.3)
    return scorer


def compared(scorer, **about):
    """The content of the file, after its answers are found to be the scorer's on fresh rows and on one row alone."""
    content = onnx_model(scorer, about)
    rows = table(400, seed=1)[0].select(scorer.columns)
    ask, feeds, wanted = Answers(content), typed(rows, scorer.encoder), scorer.logit(rows)
    found = ask(feeds)
    np.testing.assert_allclose(found["logit"], wanted, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["probability"], scorer.probability(rows), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found["alert"], scorer.decide(rows))
    one = ask({name: values[:1] for name, values in feeds.items()})
    assert {name: values.shape for name, values in one.items()} == dict.fromkeys(found, (1,))
    assert (found["logit"].dtype, found["probability"].dtype, found["alert"].dtype) == (float, float, bool)
    np.testing.assert_allclose(one["logit"], wanted[:1], rtol=0, atol=1e-9)
    return content


def test_a_flag_that_the_scorer_refuses_gives_no_number():
    scorer = Scorer.from_model(*fitted("lightgbm", ["x", "ok"]))
    ok = np.array([0.0, 1.0, np.nan, np.inf, 2.0, 0.5, -7.0, 1e200, 5e-324])
    found = Answers(onnx_model(scorer, {}))({"x": np.zeros((9, 1)), "ok": ok[:, None]})
    wanted = scorer.logit([{"x": 0.0, "ok": v} for v in ok[:4]])
    np.testing.assert_allclose(found["logit"][:4], wanted, rtol=0, atol=1e-9)
    assert np.isnan(found["logit"][4:]).all()
    assert not found["alert"][4:].any()
    for v in ok[4:]:
        with pytest.raises(InputError, match="'ok'"):
            scorer.logit({"x": 0.0, "ok": v})


@pytest.mark.parametrize("learner", [*(name for name in LEARNERS if name != "net"), "auto"])
def test_every_learner_but_the_net_is_the_same_as_a_graph(learner):
    compared(Scorer.from_model(*fitted(learner, COLUMNS)))


ONE_OF_EACH = (
    "class_weight",
    "random_under",
    "negative_sampling",
    "score_negatives",
    "local_case_control",
    "smote",
    FEW_BAGS,
    "focal",
    "asymmetric",
    "poly",
    "tversky",
)


@pytest.mark.parametrize("treatment", ONE_OF_EACH)
def test_a_treatment_of_each_kind_is_the_same_as_a_graph(treatment):
    features = ["shop"] if treatment == "smoten" else ["x", "shop", "ok"]
    compared(Scorer.from_model(*fitted("lightgbm", features, treatment=treatment)))


@pytest.mark.parametrize("treatment", [FEW_BAGS, "score_negatives"])
def test_ensembles_and_corrected_pilots_of_a_linear_model_are_the_same_as_graphs(treatment):
    compared(Scorer.from_model(*fitted("logistic_regression", ["x", "shop", "ok"], treatment=treatment)))


def test_shifts_by_slice_are_the_same_in_a_graph():
    compared(sliced(Scorer.from_model(*fitted("lightgbm", ["x", "shop", "ok"]))))


@pytest.mark.parametrize("calibration", ["isotonic", "venn_abers", "none"])
def test_calibrated_models_are_the_same_as_graphs(calibration):
    compared(Scorer.from_model(*fitted("lightgbm", ["x", "shop", "ok"], calibration=calibration)))


@pytest.mark.parametrize("zero", [{"zero_as_missing": True}, {"use_missing": False}])
def test_marks_of_missing_values_are_kept(zero):
    compared(Scorer.from_model(*fitted(RareLGBMClassifier(event_bins=False, **zero), ["x", "shop", "ok"])))


def test_the_file_says_what_it_is_and_what_it_takes():
    scorer = Scorer.from_model(*fitted("lightgbm", COLUMNS, costs=CostMatrix(fp=1, fn=9)))
    made = onnx.load_from_string(compared(scorer, rareclass="1.2", bundle="abc", target="y"))
    said = {entry.key: entry.value for entry in made.metadata_props}
    assert said == {"rareclass": "1.2", "bundle": "abc", "target": "y", "threshold": "0.1"}
    kinds = {i.name: onnx.helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type).kind for i in made.graph.input}
    assert kinds == {"x": "f", "big": "f", "shop": "O", "code": "O", "ok": "f", "at": "i"}
    shapes = [[d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim] for i in made.graph.input]
    assert shapes == [["n", 1]] * 6
    assert [output.name for output in made.graph.output] == ["logit", "probability", "alert"]
    assert all(i.doc_string for i in [*made.graph.input, *made.graph.output])


def test_rows_that_the_scorer_refuses_have_no_number():
    scorer = Scorer.from_model(*fitted(FewEventsLogisticRegression(), ["big", "ok"]))
    ask = Answers(onnx_model(scorer, {}))
    found = ask({"big": np.array([[1.0], [np.nan], [5.0]]), "ok": np.array([[1.0], [0.0], [np.nan]])})
    assert np.isnan(found["logit"]).tolist() == np.isnan(found["probability"]).tolist() == [False, True, True]
    assert not found["alert"][1:].any()


def test_a_budget_is_kept_by_its_stored_threshold():
    scorer = Scorer.from_model(*fitted("lightgbm", ["x", "shop"], decision=AlertBudget.parse("5%")))
    assert 0 < scorer.cut.threshold < 1
    compared(scorer)


def test_decisions_without_a_form_are_refused():
    y = table()[1]
    costs = {"fp": np.ones(y.size), "fn": np.linspace(2, 99, y.size)}
    scorer = Scorer.from_model(*fitted("lightgbm", ["x"], decision=MinimumCost(), costs=costs))
    with pytest.raises(InputError, match="each row by its own costs"):
        onnx_model(scorer, {})
    scorer.cut = type(scorer.cut)(0.5, by_entity=True)
    with pytest.raises(InputError, match="counts entities"):
        onnx_model(scorer, {})


def test_texts_and_uncompiled_models_are_refused_with_the_reason():
    with pytest.raises(InputError, match="'note' holds texts"):
        onnx_model(Scorer.from_model(*fitted("lightgbm", ["x", "note"])), {})
    from sklearn.tree import DecisionTreeClassifier

    with pytest.raises(InputError, match="not: a DecisionTreeClassifier is none"):
        onnx_model(Scorer.from_model(*fitted(DecisionTreeClassifier(max_depth=3), ["big", "ok"])), {})
