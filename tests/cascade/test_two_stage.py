"""The learner of two stages: no row judges itself, groups stay together, rows that are let go keep their rate."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from tests.treatments.known import line

from rareclass.cascade import TwoStageLearner
from rareclass.decisions import CostMatrix
from rareclass.errors import CostError, InputError, ShortfallWarning
from rareclass.kernels.logits import sigmoid

CHEAP = {"gate": "logistic_regression", "judge": "logistic_regression", "judge_treatment": "none", "random_state": 0}
SEEN: list[tuple[str, set[int], set[int]]] = []


class Witness(ClassifierMixin, BaseEstimator):
    """Remembers the label of every row that it was fitted on, by its first column, and who was scored by whom."""

    gives_logit = True

    def __init__(self, role="judge", forgets=False):
        self.role = role
        self.forgets = forgets

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.array([0, 1])
        self.known_ = dict(zip(X[:, 0].astype(int).tolist(), np.asarray(y).tolist(), strict=True))
        return self

    def decision_function(self, X):
        rows = X[:, 0].astype(int).tolist()
        SEEN.append((self.role, set(self.known_), set(rows)))
        if self.forgets:
            return X[:, 1]
        return np.array([8.0 * (2 * self.known_.get(row, 0.5) - 1) for row in rows])


@pytest.fixture
def numbered():
    """Rows whose first column is their number, whose second is a useful score; nothing else is to be known."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=6_000) - 1
    y = rng.random(6_000) < sigmoid(2 * z - 2)
    return np.column_stack([np.arange(6_000.0), 2 * z - 2]), y


def test_no_row_is_scored_by_a_fit_that_saw_it(numbered):
    X, y = numbered
    SEEN.clear()
    TwoStageLearner(
        gate=Witness("gate", forgets=True), judge=Witness(), gate_recall=0.9, judge_treatment="none", random_state=0
    ).fit(X, y)
    for role in ("gate", "judge"):
        pairs = [(fitted, scored) for who, fitted, scored in SEEN if who == role]
        assert len(pairs) == 5
        assert all(fitted.isdisjoint(scored) for fitted, scored in pairs)
    judged = set().union(*(scored for who, _, scored in SEEN if who == "judge"))
    passed = set(np.flatnonzero(X[:, 1] >= min(X[sorted(judged), 1])).tolist())
    assert judged == passed
    assert all(fitted <= judged for who, fitted, _ in SEEN if who == "judge")  # nothing that was let go is learnt


def test_a_judge_that_memorises_is_not_believed(numbered):
    X, y = numbered
    model = TwoStageLearner(
        gate=Witness("gate", forgets=True), judge=Witness(), gate_recall=0.9, judge_treatment="none", random_state=0
    ).fit(X, y)
    new = X + [[10_000.0, 0.0]]
    p = sigmoid(model.decision_function(new)[model.passes(new)])
    assert p.mean() == pytest.approx(y[model.passes(X)].mean(), rel=0.1)  # what it knows of new rows: their rate


def test_rows_of_a_group_stay_together():
    X, y, _ = line(4_000, seed=5)
    groups = np.arange(4_000) // 4
    y = np.repeat(y.reshape(-1, 4).any(axis=1), 4)  # events of a group come together
    X = np.column_stack([np.arange(4_000.0), X[:, 0]])
    SEEN.clear()
    gate = Witness("gate", forgets=True)
    model = TwoStageLearner(**{**CHEAP, "gate": gate, "gate_recall": 0.5}, groups=groups).fit(X, y)
    pairs = [(fitted, scored) for who, fitted, scored in SEEN if who == "gate"]
    assert all({i // 4 for i in fitted}.isdisjoint({i // 4 for i in scored}) for fitted, scored in pairs)
    assert model.placed_.independent == y.sum() / 4


def test_probabilities_sum_to_the_events_and_rows_let_go_share_one():
    X, y, _ = line(20_000, seed=1)
    model = TwoStageLearner(**CHEAP, gate_recall=0.85).fit(X, y)
    logit, through = model.decision_function(X), model.passes(X)
    assert np.unique(logit[~through]).tolist() == [model.placed_.rest]
    assert sigmoid(logit).sum() == pytest.approx(y.sum(), rel=4 / np.sqrt(y.sum()))
    assert sigmoid(logit[~through]).mean() < y.mean() / 2


@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
def test_what_passes_is_multiplied_cleaned_and_limited():
    X, y, _ = line(6_000, seed=2)
    plain = {**CHEAP, "gate_recall": 0.5}
    both = TwoStageLearner(**{**plain, "judge_treatment": "smote_enn"}).fit(X, y)
    assert "synthetic" in both.judge_note_
    few = TwoStageLearner(**plain, judge_rows=500).fit(X, y)
    assert "negatives kept beside all" in few.judge_note_
    assert sigmoid(few.decision_function(X)).sum() == pytest.approx(y.sum(), rel=4 / np.sqrt(y.sum()))


@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
def test_a_blend_hears_the_gate_and_a_member_that_learns_from_multiplied_events(monkeypatch):
    monkeypatch.setattr("rareclass.learners.blend.MEMBERS", ("extra_trees",))
    monkeypatch.setattr("rareclass.cascade.two_stage.MULTIPLIED", "logistic_regression")
    X, y, _ = line(6_000, seed=2)
    asked = {**CHEAP, "gate_recall": 0.5, "judge": "auto"}
    model = TwoStageLearner(**{**asked, "judge_treatment": "auto"}).fit(X, y)
    said = model.judge_note_
    assert "synthetic" in said
    # a line is what tells the events apart, which the gate has seen on all rows and trees on few
    weight = dict(zip(("extra_trees", "multiplied", "gate"), model.judge_.weight, strict=True))
    assert weight["gate"] > weight["extra_trees"]
    assert f"the gate {weight['gate']:.2f}" in said
    as_they_are = TwoStageLearner(**asked).fit(X, y)
    assert "synthetic" not in as_they_are.judge_note_
    assert len(as_they_are.judge_.members) == 2


def test_the_same_seed_gives_the_same_scores():
    X, y, _ = line(6_000, seed=2)
    one, two = (TwoStageLearner(**{**CHEAP, "gate": "lightgbm"}, gate_recall=0.5).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.decision_function(X), two.decision_function(X))


def test_a_dearer_look_lets_fewer_rows_pass():
    X, y, _ = line(20_000, seed=3)
    costs = CostMatrix(fp=1.0, fn=200.0)
    passed = [
        TwoStageLearner(**CHEAP, judge_cost=cost, costs=costs).fit(X, y).placed_.passed for cost in (0.01, 0.3, 2.0)
    ]
    assert passed[0] > passed[1] > passed[2] > 0


@pytest.mark.parametrize(
    ("bad", "kind", "said"),
    [
        ({"gate_recall": 1.0}, InputError, "gate_recall"),
        ({"confidence": 2}, InputError, "confidence"),
        ({"gate_trees": 0, "gate": "lightgbm"}, InputError, "gate_trees"),
        ({"folds": 1}, InputError, "folds"),
        ({"judge_cost": 1.0}, CostError, "needs the costs"),
        ({"groups": np.arange(3)}, InputError, "groups"),
    ],
)
def test_what_cannot_be_is_refused(bad, kind, said):
    X, y, _ = line(3_000, seed=4)
    with pytest.raises(kind, match=said):
        TwoStageLearner(**{**CHEAP, **bad}).fit(X, y)


def test_events_too_few_to_place_a_gate_let_every_row_pass():
    X = np.random.default_rng(0).normal(size=(200, 2))
    with pytest.warns(ShortfallWarning, match=r"1 event\(s\).*every row passes"):
        model = TwoStageLearner(**CHEAP).fit(X, np.arange(200) == 3)
    assert model.passes(X).all()
    assert model.placed_.recall == 0


@pytest.mark.parametrize("grouped", [False, True])
def test_where_times_are_known_inner_fits_know_the_past_only(numbered, grouped):
    """No stage is fitted on a row later than one that it scores, nor on a row of a group that it scores."""
    X, y = numbered
    times = np.random.default_rng(5).permutation(6_000)  # not the order of the table
    groups = np.arange(6_000) // 3 if grouped else None
    SEEN.clear()
    gate = Witness("gate", forgets=True)
    model = TwoStageLearner(
        **{**CHEAP, "gate": gate, "judge": Witness(), "gate_recall": 0.8}, times=times, groups=groups
    )
    model.fit(X, y)
    for role in ("gate", "judge"):
        pairs = [(sorted(fitted), sorted(scored)) for who, fitted, scored in SEEN if who == role]
        assert len(pairs) == {"gate": 5, "judge": 4}[role]
        for fitted, scored in pairs:
            assert times[fitted].max() < times[scored].min()
            assert groups is None or not np.isin(groups[fitted], groups[scored]).any()
    assert model.placed_.events < y.sum()  # the first block is scored by nothing
    p = sigmoid(model.decision_function(X + [[10_000.0, 0.0]])[model.passes(X)])
    assert p.mean() == pytest.approx(y[model.passes(X)].mean(), rel=0.15)


def test_the_road_hands_times_to_the_stages(monkeypatch):
    from rareclass.cascade import CascadeClassifier

    X, y, _ = line(6_000, seed=2)
    times, seen = np.arange(6_000)[::-1], []
    whole = TwoStageLearner.with_sides

    def told(self, groups, costs, times=None):
        seen.append(times)
        return whole(self, groups, costs, times)

    monkeypatch.setattr(TwoStageLearner, "with_sides", told)
    simple = {k: v for k, v in CHEAP.items() if k != "random_state"}
    model = CascadeClassifier(**simple, gate_recall=0.5, cv=2).fit(X, y, times=times)
    assert len(seen) == 3
    assert all(t is not None for t in seen)
    np.testing.assert_array_equal(seen[-1], times)
    assert model.model_.arm.learner.times is None
