from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from rareclass import RareClassifier
from rareclass.decisions import CostMatrix
from rareclass.evaluation.judge import Judged
from rareclass.evaluation.slices import judge_slices, left_out, told
from rareclass.fitting.slice_table import SlicedRows, SliceTable
from rareclass.kernels.logits import sigmoid


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    number, x = rng.integers(0, 3, 1500), rng.normal(size=1500)
    rows = pa.table({"x": x, "shop": pa.array([["north", "south", None][v] for v in number])})
    y = rng.random(1500) < sigmoid(x - 2.5 + np.array([-1, 1, 0])[number])
    model = RareClassifier("logistic_regression", treatment="none", cv=2, slices="shop").fit(rows, y).model_
    model = replace(model, slices=replace(model.slices, shift=np.array([0.5, -0.5]), rest=0.0))
    logit = model.logit(rows)[0]
    return model, rows, y, number, logit, judge_slices(Judged(y=y), rows, logit, model)


def test_slices_are_judged_by_the_log_odds_before_and_after_their_shift(judged):
    model, rows, y, number, logit, table = judged
    whole = sigmoid(replace(model, slices=None).logit(rows)[0])
    for row in table.slices:
        mine = number == ["north", "south"].index(row.name)
        assert row.before.estimate == pytest.approx(y[mine].sum() / whole[mine].sum())
        assert row.observed_to_expected.estimate == pytest.approx(y[mine].sum() / sigmoid(logit[mine]).sum())
        assert row.cost is None
    assert table.rest.rows == (number == 2).sum()
    assert table.rest.before == table.rest.observed_to_expected


def test_rows_without_a_slice_are_judged_by_their_own_shift(judged):
    model, rows, y, number, _, _ = judged
    model = replace(model, slices=replace(model.slices, rest=0.8))
    logit = model.logit(rows)[0]
    rest = judge_slices(Judged(y=y, costs=CostMatrix(fp=1.0, fn=20.0)), rows, logit, model).rest
    whole = replace(model, slices=None).logit(rows)[0]
    mine = number == 2
    np.testing.assert_allclose(logit[mine], whole[mine] + 0.8)
    assert (rest.rows, rest.events, rest.shift) == (mine.sum(), y[mine].sum(), 0.8)
    assert rest.before.estimate == pytest.approx(y[mine].sum() / sigmoid(whole[mine]).sum())
    assert rest.observed_to_expected.estimate == pytest.approx(y[mine].sum() / sigmoid(logit[mine]).sum())
    flagged = sigmoid(logit[mine]) >= model.decision.threshold
    assert (rest.alerts, rest.caught) == (flagged.sum(), (flagged & y[mine]).sum())
    missed, false = (y[mine] & ~flagged).sum(), (~y[mine] & flagged).sum()
    assert rest.cost.estimate == pytest.approx((20 * missed + false) / mine.sum())


def test_a_model_without_slices_has_none_to_judge(judged):
    model, rows, y, _, logit, _ = judged
    assert judge_slices(Judged(y=y), rows, logit, replace(model, slices=None)) is None


def test_the_table_in_words_has_a_cell_for_each_column(judged):
    table = judged[-1]
    head, cells = told(table)
    assert {len(row) for row in cells} == {len(head)}
    assert [row[0] for row in cells] == [*(row.name for row in table.slices), table.rest.name]
    assert "Cost per row" not in head
    assert cells[0][4].startswith(f"{table.slices[0].before.estimate:.2f} [")
    assert left_out(table) == ""
    assert [row[0] for row in told(table, 1)[1]] == [table.slices[0].name, table.rest.name]
    assert left_out(table, 1).startswith("1 more slice")


def test_a_table_that_was_written_is_read_again(judged):
    table = judged[-1]
    again = SliceTable.from_dict(table.to_dict())
    assert told(again) == told(table)
    assert again.sentences == table.sentences


def test_a_row_that_is_tested_twice_is_counted_once(judged):
    model, _, y, number, logit, table = judged
    twice = np.tile(np.arange(y.size), 2)
    rows = SlicedRows(
        number=np.where(number == 2, -1, number)[twice],
        y=y[twice],
        before=logit[twice],
        after=logit[twice],
        weight=np.full(twice.size, 0.5),
        groups=twice,
        row=twice,
    )
    again = model.slices.judged(rows, model.decision)
    for name in ("rows", "events", "alerts", "caught", "p_value"):
        once = [getattr(row, name) for row in model.slices.judged(_once(rows, y.size), model.decision).slices]
        assert [getattr(row, name) for row in again.slices] == pytest.approx(once)
    assert [row.rows for row in again.slices] == [row.rows for row in table.slices]


def _once(rows, n):
    first = {name: getattr(rows, name)[:n] for name in ("number", "y", "before", "after")}
    return SlicedRows(**first)


def test_a_weighted_table_says_so_and_shares_of_rows_tested_twice_are_no_weights(judged):
    model, rows, y, number, logit, table = judged
    assert not table.weighted
    weighed = judge_slices(Judged(y=y, weight=np.where(y, 5.0, 1.0)), rows, logit, model)
    assert weighed.weighted
    assert {"Weighted prevalence", "Alerts (weights)"} <= set(told(weighed)[0])
    once = np.flatnonzero(number == 0)
    row = np.concatenate([np.arange(y.size), once])
    share = np.where(number == 0, 0.5, 1.0)[row]
    again = SlicedRows(number=number[row], y=y[row], before=logit[row], after=logit[row], weight=share, row=row)
    assert not again.weighted
