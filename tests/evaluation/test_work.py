"""What a comparison costs: growing with rows, columns and what treatments add; from the design alone."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from rareclass.evaluation import columns
from rareclass.evaluation.work import (
    AUDITED,
    CHECKED,
    FORESTS,
    HINGED,
    INDICATORS,
    KERNEL_PLACES,
    KERNELS,
    LEARNER_SECONDS,
    PENALISED,
    Work,
    operations,
    seconds_of,
    work_of,
)
from rareclass.fitting.arm import make_arm
from rareclass.fitting.design import make_design
from rareclass.fitting.rows import Beside
from rareclass.learners import KernelLogisticRegression, kernel_logistic, quantile_features, quantile_logistic
from rareclass.learners.blend import MEMBERS
from rareclass.learners.table import LEARNERS
from rareclass.scoring import checking

WORK = Work(rows=50_000, events=500, columns=30, parts=5, scored=40_000, fitted=32_000, fitted_events=320)


def test_powers_are_those_of_rows_columns_and_events():
    assert seconds_of((np.log(2.0), 1.0, 0.5, -1.0), 10, 16, 5) == pytest.approx(2 * 10 * 4 / 5)


def test_every_learner_that_may_run_has_costs_of_its_own():
    assert set(LEARNERS) - {"blend"} == set(LEARNER_SECONDS)
    assert set(MEMBERS) <= set(LEARNER_SECONDS)
    for learner, prices in LEARNER_SECONDS.items():
        for counts, nanoseconds in zip(operations(learner, WORK), prices, strict=True):
            assert len(counts) == len(nanoseconds)
            assert min(counts) > 0


@pytest.mark.parametrize("learner", [name for name in LEARNER_SECONDS if LEARNERS[name].growth(60, 9) is not None])
def test_a_learner_grows_the_trees_that_it_says(learner):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 9)), np.arange(600) % 10 == 0
    fitted = make_arm(learner).fit(X, y).learner
    said = LEARNERS[learner].growth(60, 9)
    if learner in FORESTS:
        assert said.trees == len(fitted.estimators_) + 8  # eight pilots of the plan that was not taken
        assert said.share == 1 / 3
        return
    shapes = {
        "lightgbm": lambda m: (m.booster_.num_trees(), m.get_params()["num_leaves"]),
        "xgboost": lambda m: (m.get_booster().num_boosted_rounds(), 2 ** m.get_params()["max_depth"]),
        "catboost": lambda m: (m.tree_count_, 2 ** m.get_all_params()["depth"]),
        "hist_gradient_boosting": lambda m: (m.n_iter_, m.get_params()["max_leaf_nodes"]),
    }
    found = shapes[learner.removesuffix("_library_default")](fitted.model_)
    assert (said.trees, said.leaves) == found


def test_columns_of_few_values_are_cheaper_and_steps_of_the_guard_count():
    few = replace(WORK, levels=(2,) * 30)
    for learner in ("lightgbm", "catboost", "hist_gradient_boosting"):
        arm = make_arm(learner)
        assert few.fit(arm) < WORK.fit(arm)
        # from 3,000 events on there are more and larger trees
        steps = [replace(WORK, fitted_events=events).fit(arm) for events in (2999, 3000)]
        assert steps[1] > (1.05 if learner != "catboost" else 0.99) * steps[0]


def test_what_is_known_of_other_rooms_is_so():
    assert CHECKED == (checking.MOST_ROWS, checking.MOST_VALUES)
    assert AUDITED == columns.ROWS
    assert HINGED == quantile_logistic._MANY_COLUMNS
    assert INDICATORS == quantile_features._MOST_LEVELS
    assert PENALISED[0] == quantile_logistic._EVENTS
    whole = (kernel_logistic._EVENTS, kernel_logistic._OTHERS, KernelLogisticRegression().landmarks)
    choice = (kernel_logistic._CHOICE_EVENTS, kernel_logistic._CHOICE_OTHERS, kernel_logistic._CHOICE_LANDMARKS)
    assert (whole, choice) == KERNELS
    assert KERNEL_PLACES == (kernel_logistic._CELLS, kernel_logistic._FEWEST)


@pytest.mark.parametrize("learner", list(LEARNER_SECONDS))
def test_work_grows_with_rows_and_columns_and_events_that_are_added(learner):
    def cost(treatment="none", **size):
        return replace(WORK, **size).fit(make_arm(f"{learner}+{treatment}"))

    assert cost(fitted=2000) < cost()
    # trees of a forest and kernels draw no more rows, however many there are
    draws = learner in {*FORESTS, "kernel_logistic"}
    assert cost() == cost(fitted=64_000) if draws else cost() < cost(fitted=64_000)
    assert cost(columns=3) < cost() < cost(columns=300)
    assert cost("random_under") < cost() < cost("smote")


def test_a_blend_is_judged_and_not_fitted():
    assert WORK.fits(make_arm("blend")) == 0
    assert 0 < WORK.arm(make_arm("blend")) < WORK.arm(make_arm("random_forest"))


def test_smaller_work_fits_fewer_rows_and_scores_the_same():
    sizes = WORK.smaller()
    assert sizes[0] == WORK
    assert [w.fitted for w in sizes] == sorted({w.fitted for w in sizes}, reverse=True)
    assert all(replace(w, fitted=WORK.fitted, fitted_events=WORK.fitted_events) == WORK for w in sizes)
    assert all(2 * w.fitted_events <= w.fitted for w in replace(WORK, fitted_events=20_000).smaller()[1:])
    assert replace(WORK, may_shrink=False).smaller() == [replace(WORK, may_shrink=False)]


def test_work_is_read_from_the_design():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 3)), np.arange(1000) % 10 == 0
    X[:, 2] = np.arange(1000) % 7
    work = work_of(make_design(X, y, Beside(), columns=make_columns()))
    assert (work.rows, work.events, work.parts, work.scored) == (1000, 100, 5, 800)
    assert work.fitted == pytest.approx(640, abs=5)
    assert work.fitted_events == pytest.approx(64, abs=2)
    assert work.columns > 3  # one holds codes
    assert work.codes == 1
    assert work.levels == (7, 1000, 1000)
    assert work.differing == 1.0


def test_equal_rows_are_scored_once_and_priced_once():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 3)), np.arange(1000) % 10 == 0
    X[~y] = X[np.flatnonzero(~y)[np.arange(900) // 3 * 3]]  # three of each
    design = make_design(X, y, Beside())
    work, parts = work_of(design), [part.test.shape[0] for part in design.parts()]
    assert 0.39 < work.differing < 0.41
    assert work.differing == pytest.approx(sum(parts) / work.scored)
    arm = make_arm("lightgbm")
    alike, apart = (replace(work, differing=share).fits(arm) for share in (0.4, 1.0))
    known = min(work.scored / work.parts, work.fitted)
    wanted = work.parts * (work.fit(arm) + work.score(arm, 0.4 * work.scored / work.parts + known)) / 2
    assert alike == pytest.approx(wanted)
    assert alike < apart


def test_levels_of_columns_of_every_type_are_counted():
    rng = np.random.default_rng(0)
    n = 600
    words = pa.chunked_array([pa.array(rng.choice(list(w), n // 2)).dictionary_encode() for w in ("ab", "bcd")])
    X = pa.table(
        {
            "word": words,
            "told": rng.random(n) < 0.5,
            "day": pa.array(rng.integers(0, 9, n).astype(np.int32)).cast(pa.date32()),
        }
    )
    X = X.append_column("lost", pa.array([None, 1.0, 2.0] * 200)).append_column(
        "text", pa.array(["x", "y", None] * 200)
    )
    work = work_of(make_design(X, np.arange(n) % 10 == 0, Beside()))
    assert sorted(work.levels) == sorted((4, 2, 9, 2, 2))


def make_columns():
    from rareclass.fitting.design import Columns

    return Columns(categorical=["x2"])
