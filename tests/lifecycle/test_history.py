"""What a challenger learns from is chosen one step ahead, on its training rows alone."""

import numpy as np
import pyarrow as pa
import pytest
from tests.lifecycle.drifting import payments, started, trained

from rareclass.data.problem import Roles
from rareclass.lifecycle.history import challenger_of, choose_history, history
from rareclass.lifecycle.labelled_rows import labelled_rows


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    return started(tmp_path_factory.mktemp("r") / "r", trained(payments(8000, 0))).champion()


def rows_of(champion, *parts):
    return labelled_rows(champion, pa.concat_tables(parts), roles=Roles(time="day"))


def test_where_only_the_prevalence_moved_the_model_stays(champion):
    rows = rows_of(champion, payments(9000, 1, begin=2, prevalence=0.09))
    found = choose_history(champion, rows)
    assert found.name == "rederived"
    assert set(found.losses) == {"growing", "weighted", "window", "rederived"}
    assert found.losses["rederived"] < 1.2 * min(found.losses.values())


@pytest.mark.parametrize("seed", [1, 3])
def test_where_events_came_to_look_otherwise_old_rows_are_left_behind(champion, seed):
    """By weight or altogether, between which 40 events a day cannot tell; what keeps them all does surely worse."""
    rows = rows_of(champion, payments(6000, seed, begin=2), payments(7000, seed + 1, begin=3, moved=0.8))
    found = choose_history(champion, rows)
    assert found.name in ("window", "weighted")
    least = found.losses[found.name]
    assert found.losses["growing"] > 1.15 * least
    assert found.losses["rederived"] > 2 * least


def test_with_few_events_there_is_no_choice(champion):
    found = choose_history(champion, rows_of(champion, payments(500, 1, begin=2)))
    assert (found.name, found.losses) == ("growing", {})
    assert "too few to choose by" in found.note


def test_rows_that_the_champion_knows_do_not_tell_its_level(champion):
    known = payments(8000, 0)
    for time in ("day", None):
        table = pa.concat_tables([known, payments(3000, 1, begin=2)])
        found = choose_history(champion, labelled_rows(champion, table, roles=Roles(time=time)))
        assert "rederived" not in found.losses
        assert "the champion was trained on some of the rows" in found.note


def test_a_window_is_the_newer_half_and_old_rows_weigh_less(champion):
    table = payments(1000, 1, begin=2)
    days = table.set_column(table.schema.get_field_index("day"), "day", [np.linspace(0.0, 8.0, 1000)])
    rows = labelled_rows(champion, days, roles=Roles(time="day"))
    assert history("window", rows).times.min() == pytest.approx(4.0, abs=0.01)
    weights = history("weighted", rows).weights
    # half for every quarter of the time that they span
    np.testing.assert_allclose(weights, 2.0 ** (-(8.0 - rows.times) / 2), rtol=1e-12)
    assert history("growing", rows) is rows


def test_the_recipe_says_what_was_learned_from_and_up_to_when(champion):
    rows = rows_of(champion, payments(3000, 1, begin=2))
    found = challenger_of("window", champion, rows)
    assert found.recipe["history"] == "window"
    assert found.recipe["period"] == [rows.times.min(), rows.times.max()]
    assert found.recipe["rows"] == 1500
