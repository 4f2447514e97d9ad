"""What a comparison costs: growing with rows, columns and what treatments add; from the design alone."""

from dataclasses import replace

import numpy as np
import pytest

from rareclass.evaluation.work import FORESTS, LEARNER_SECONDS, Work, seconds_of, work_of
from rareclass.fitting.arm import make_arm
from rareclass.fitting.design import make_design
from rareclass.fitting.rows import Beside
from rareclass.learners.blend import MEMBERS
from rareclass.learners.table import LEARNERS

WORK = Work(rows=50_000, events=500, columns=30, parts=5, scored=40_000, fitted=32_000, fitted_events=320)


def test_powers_are_those_of_rows_columns_and_events():
    assert seconds_of((np.log(2.0), 1.0, 0.5, -1.0), 10, 16, 5) == pytest.approx(2 * 10 * 4 / 5)


def test_every_learner_that_may_run_has_costs_of_its_own():
    assert set(LEARNERS) - {"blend"} <= set(LEARNER_SECONDS)
    assert set(MEMBERS) <= set(LEARNER_SECONDS)


@pytest.mark.parametrize("learner", list(LEARNER_SECONDS))
def test_work_grows_with_rows_and_columns_and_events_that_are_added(learner):
    def cost(treatment="none", **size):
        return replace(WORK, **size).fit(make_arm(f"{learner}+{treatment}"))

    assert cost(fitted=2000) < cost()
    # trees of a forest draw no more rows, however many there are
    assert cost() == cost(fitted=64_000) if learner in FORESTS else cost() < cost(fitted=64_000)
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
    work = work_of(make_design(X, y, Beside(), columns=make_columns()))
    assert (work.rows, work.events, work.parts, work.scored) == (1000, 100, 5, 800)
    assert work.fitted == pytest.approx(640, abs=5)
    assert work.fitted_events == pytest.approx(64, abs=2)
    assert work.columns > 3  # one holds codes


def make_columns():
    from rareclass.fitting.design import Columns

    return Columns(categorical=["x2"])
