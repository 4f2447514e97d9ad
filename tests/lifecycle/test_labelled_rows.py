"""What a table brings to a retraining: labelled rows in the order of time, read as the champion's were."""

import numpy as np
import pyarrow as pa
import pytest
from tests.lifecycle.drifting import payments, started, trained

from rareclass.data.problem import Roles
from rareclass.errors import InputError, SchemaError
from rareclass.lifecycle.labelled_rows import labelled_rows


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    return started(tmp_path_factory.mktemp("r") / "r", trained(payments(3000, 0))).champion()


BY_DAY = Roles(time="day")
TABLE = payments(1000, 1, begin=2)


def test_rows_without_a_label_are_left_out_and_times_put_in_order(champion):
    rng = np.random.default_rng(0)
    order, unknown = rng.permutation(1000), rng.random(1000) < 0.3
    table = TABLE.take(order)
    table = table.set_column(
        table.schema.get_field_index("fraud"), "fraud", pa.array(table["fraud"].to_numpy(), mask=unknown)
    )
    rows = labelled_rows(champion, table, roles=BY_DAY)
    assert rows.rows == int((~unknown).sum())
    assert (np.diff(rows.times) >= 0).all()
    kept = np.sort(order[~unknown])
    np.testing.assert_array_equal(rows.times, TABLE["day"].to_numpy()[kept])
    np.testing.assert_array_equal(rows.event, TABLE["fraud"].to_numpy()[kept])
    np.testing.assert_array_equal(rows.table["a"].to_numpy(), TABLE["a"].to_numpy()[kept])
    assert f"{unknown.sum()} rows have no label yet and are left out." in rows.notes


def test_the_newest_part_holds_all_rows_of_its_first_time(champion):
    days = TABLE.set_column(TABLE.schema.get_field_index("day"), "day", [np.repeat(np.arange(10.0), 100)])
    rows = labelled_rows(champion, days, roles=BY_DAY)
    assert rows.newest(0.25) == 700
    assert rows.newest(0.3) == 700
    assert labelled_rows(champion, days).newest(0.25) == 750
    older, newer = rows.split_at(700)
    assert (older.rows, newer.rows) == (700, 300)
    assert older.times.max() < newer.times.min()


@pytest.mark.parametrize(
    ("rows", "ahead", "said"), [(3, 70.0, True), (10, 70.0, True), (11, 70.0, False), (3, 0.9, False)]
)
def test_a_few_rows_that_are_dated_far_ahead_are_said(champion, rows, ahead, said):
    day = TABLE["day"].to_numpy().copy()
    day[:rows] += ahead
    table = TABLE.set_column(TABLE.schema.get_field_index("day"), "day", [day])
    notes = labelled_rows(champion, table, roles=BY_DAY).notes
    assert [n.startswith(f"{rows} rows are dated 72.") for n in notes if "further ahead" in n] == [True] * said


@pytest.mark.parametrize(
    ("table", "options", "error", "said"),
    [
        (TABLE.drop_columns(["a"]), {}, SchemaError, "'a'"),
        (TABLE.set_column(0, "a", [["x"] * 1000]), {}, SchemaError, "'a'"),
        (TABLE.drop_columns(["fraud"]), {}, SchemaError, "no column 'fraud'"),
        (TABLE, {"target": "frod"}, SchemaError, "The columns are: .* fraud"),
        (TABLE, {"roles": Roles(time="dya")}, SchemaError, r"no column 'dya' \(--time\)"),
        (TABLE, {"roles": Roles(groups="card")}, SchemaError, r"no column 'card' \(--groups\)"),
        (TABLE.slice(0, 0), {}, SchemaError, "no rows"),
        (TABLE.set_column(5, "fraud", [pa.nulls(1000, pa.bool_())]), {}, InputError, "no new labels: .* holds none"),
        (TABLE.set_column(5, "fraud", [[False] * 1000]), {}, InputError, "0 of 1000 rows .* both classes"),
        (TABLE.set_column(5, "fraud", [[True] * 1000]), {}, InputError, "1000 of 1000 rows .* both classes"),
        (TABLE.set_column(5, "fraud", [["good", "bad"] * 500]), {}, InputError, "the bundle knows False, True"),
    ],
)
def test_what_does_not_fit_the_champion_is_named(champion, table, options, error, said):
    with pytest.raises(error, match=said):
        labelled_rows(champion, table, **options)
