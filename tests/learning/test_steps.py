"""Every step and experiment from scratch runs, and what it builds by hand keeps the lesson's names and behaviour."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from rareclass.learning import lesson
from rareclass.learning.lessons import LESSONS

LESSONS_BY_HAND = [entry.name for entry in LESSONS if entry.kind in ("step", "experiment")]


@pytest.mark.parametrize("name", LESSONS_BY_HAND)
def test_a_lesson_runs_checks_itself_against_the_package_and_draws(name, tmp_path, capsys):
    found = lesson(name).main(tmp_path, quick=True)
    said = capsys.readouterr().out
    assert "check: " in said
    assert "figure: " in said
    assert [*tmp_path.glob("*.svg")]
    assert found


def test_a_lazy_model_is_right_in_99_of_100_rows_and_finds_nothing():
    y = np.repeat([0, 1], [990, 10])
    found = lesson("metrics").compute_metrics(y, np.zeros_like(y))
    assert found["accuracy"] == 0.99
    assert np.isnan(found["precision"])
    assert (found["recall"], found["f1"], found["mcc"]) == (0, 0, 0)


def test_smote_stays_on_lines_between_neighbours_and_follows_its_seed():
    smote = lesson("smote").smote
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [10.0, 0.0], [11.0, 0.0]])
    made = smote(corners, 1, 500, 3)
    assert made.shape == (500, 2)
    assert (((made[:, 0] >= 0) & (made[:, 0] <= 1)) | ((made[:, 0] >= 10) & (made[:, 0] <= 11))).all()
    assert (made == smote(X_minority=corners, k=1, n_synthetic=500, seed=3)).all()
    assert (made != smote(corners, 1, 500, 4)).any()
    with pytest.raises(ValueError, match="need at least 5 rare rows; there are 4"):
        smote(corners, 4, 1, 0)


def test_over_and_under_sampling_level_the_classes_with_rows_that_are_there():
    module, X, y = lesson("resampling"), np.arange(20.0)[:, None], np.repeat([0, 1, 2], [12, 5, 3])
    for resample, each in ((module.random_oversample, 12), (module.random_undersample, 3)):
        more, labels = resample(X, y, 0)
        assert np.bincount(labels).tolist() == [each] * 3
        assert (y[more[:, 0].astype(int)] == labels).all()


def test_weights_of_950_and_50_are_19_to_1():
    weights = lesson("class-weights").compute_class_weights(np.repeat([0, 1], [950, 50]))
    assert weights == {0: pytest.approx(10 / 19), 1: 10}


@pytest.mark.parametrize("metric", ["f1", "mcc", "accuracy"])
def test_the_sweep_finds_the_best_of_its_grid_and_the_exact_search_is_never_worse(metric):
    module, rng = lesson("threshold"), np.random.default_rng(0)
    p = rng.random(60).round(2)
    y = (rng.random(60) < p).astype(int)
    t, value = module.find_optimal_threshold(y, p, metric)
    assert value == max(module.best_of([g], y, p, metric)[1] for g in module.GRID)
    assert module.exact_threshold(y, p, metric)[1] >= value
    assert module.best_of([t], y, p, metric)[1] == value


def test_an_unknown_metric_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"no metric 'auc'; there are .*f1"):
        lesson("threshold").find_optimal_threshold([0, 1], [0.1, 0.9], "auc")


@pytest.mark.parametrize(
    ("y_true", "y_pred", "said"),
    [
        (["yes", "no"], [1, 0], "y == 'fraud' for words"),
        ([-1, 1], [0, 1], "are 0 or 1"),
        ([0, 1], [0.2, 0.9], "p >= 0.5 for probabilities"),
        ([0, np.nan], [0, 1], "are 0 or 1"),
        ([0, 1], [0, 1, 1], "2 labels and 3 predictions"),
    ],
)
def test_labels_that_would_be_left_out_of_the_count_are_refused(y_true, y_pred, said):
    with pytest.raises(ValueError, match=said):
        lesson("metrics").compute_metrics(y_true, y_pred)


@pytest.mark.parametrize(
    ("y", "p", "metric", "said"),
    [
        ([0, 1], [0.1, np.nan], "f1", "or NaN"),
        ([], [], "f1", "here are none"),
        ([0, 1], [0.1], "f1", "2 labels and 1 predictions"),
        (["no", "yes"], [0.1, 0.9], "f1", "are 0 or 1"),
        ([0, 1], [0.1, 0.9], "fp", "no metric 'fp'; there are accuracy"),
    ],
)
def test_a_threshold_is_searched_only_where_there_is_one(y, p, metric, said):
    module = lesson("threshold")
    for search in (module.find_optimal_threshold, module.exact_threshold):
        with pytest.raises(ValueError, match=said):
            search(np.array(y), np.array(p), metric)


def test_constant_probabilities_and_a_single_class_have_a_threshold():
    find = lesson("threshold").find_optimal_threshold
    assert find([0, 0, 1], [0.3, 0.3, 0.3]) == (0.01, 0.5)
    assert find([0, 0, 0], [0.1, 0.5, 0.9]) == (0.01, 0.0)


@pytest.mark.parametrize(
    ("X", "k", "n", "said"),
    [
        ([0.0, 1.0, 2.0], 1, 1, "table of numbers"),
        ([[0.0], [np.nan], [2.0]], 1, 1, "none of them missing"),
        ([[0.0], [1.0]], 0, 1, "k must be 1 or more"),
        ([[0.0], [1.0]], 1, -1, "n_synthetic 0 or more"),
    ],
)
def test_smote_refuses_what_would_make_no_points(X, k, n, said):
    with pytest.raises(ValueError, match=said):
        lesson("smote").smote(np.array(X), k, n, 0)


def test_rows_without_labels_are_neither_copied_nor_weighted():
    module = lesson("resampling")
    for resample in (module.random_oversample, module.random_undersample):
        with pytest.raises(ValueError, match="3 rows and 2 labels"):
            resample(np.zeros((3, 1)), [0, 1], 0)
        X, y = resample([["a"], ["b"], ["c"]], ["no", "no", "yes"], 0)
        assert len(X) == len(y)
        assert (y == "yes").sum() == (y == "no").sum()
    with pytest.raises(ValueError, match="need labels"):
        lesson("class-weights").compute_class_weights([])


@pytest.mark.filterwarnings("error")
def test_the_ends_of_the_scale_are_numbers():
    assert lesson("resampling").back_to(np.array([0.0, 0.5, 1.0]), 0.5, 0.05) == pytest.approx([0, 0.05, 1])
    assert lesson("focal-loss").probability(np.array([-800.0, 0.0, 800.0]), 2.0) == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize("costs", [(0, 0), (5, 1, 10), (1, 5, 0, 2)])
def test_costs_at_which_nothing_can_be_decided_are_refused(costs):
    with pytest.raises(ValueError, match="must cost more"):
        lesson("costs").cost_threshold(*costs)


def test_the_cheapest_decision_is_that_of_brute_force():
    decide, rng = lesson("cost-matrix").minimum_cost_predictions, np.random.default_rng(1)
    p, costs = rng.dirichlet(np.ones(3), size=50), rng.random((3, 3))
    brute = [min(range(3), key=lambda j: sum(row[i] * costs[i, j] for i in range(3))) for row in p]
    assert decide(p, costs).tolist() == brute


def test_steps_by_hand_are_those_of_pooling():
    rng = np.random.default_rng(2)
    z, y = rng.permutation(80).astype(float), rng.integers(0, 2, 80)
    order = np.argsort(z)
    assert lesson("calibrating").isotonic(z, y)[order] == pytest.approx(isotonic_regression(y[order].astype(float)).x)


@pytest.mark.parametrize("said", [["cannot tell"] * 3, ["cannot tell", "worse", "better"]])
def test_a_conclusion_says_no_more_than_the_intervals(said):
    text = lesson("ratios").sure(["50/50", "95/5", "99/1"], said, "one half")
    assert ("at no ratio" in text) == ("worse" not in said)
    assert ("better at 99/1 and worse at 95/5" in text) == ("worse" in said)


def test_experiments_say_where_and_the_seven_ways_what_holds_everywhere():
    sentence, on_all = lesson("borderline-smote").sentence, lesson("seven-ways").on_all
    settings = [("forest", "3"), ("forest", "2"), ("tree", "3"), ("tree", "2")]
    assert sentence("F1", settings, ["worse", "worse", "cannot tell", "better"]) == (
        "F1: Borderline-SMOTE is surely better for tree at 2; surely worse for forest at 3, 2."
    )
    assert "in no setting surely" in sentence("F1", settings, ["cannot tell"] * 4)
    found = [("none", ["SMOTE"]), ("SMOTE", ["weights"])]
    assert on_all(found, "F1").endswith("not surely worse than the best: SMOTE.")
    assert on_all([("none", []), ("SMOTE", [])], "F1").endswith("no way.")


def test_maps_that_always_rise_change_no_digit_of_the_order(tmp_path):
    words = lesson("calibrating").main(tmp_path, quick=True)["words"]
    assert [words[way][1] for way in ("Platt", "beta", "isotonic (rareclass)")] == [0, 0, 0]
    assert words["isotonic (steps)"][1] > 0
