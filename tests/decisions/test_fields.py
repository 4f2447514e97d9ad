"""Costs from the fields of a row."""

import json

import numpy as np
import pytest

from rareclass.decisions import FieldCost, FieldCosts, as_costs, present_value
from rareclass.errors import CostError, InputError, SchemaError

COLUMNS = {"amount": [100.0, 0.0, 1000.0], "term": [365.25, 0.0, 730.5]}


def test_money_that_comes_late_is_worth_less():
    assert present_value(121.0, 730.5, 0.1) == pytest.approx(100.0)
    late = FieldCost("amount", days="term", annual_rate=0.1).of(COLUMNS)
    assert late == pytest.approx([100 / 1.1, 0.0, 1000 / 1.21])


def test_linear_costs_are_bounded():
    cost = FieldCost("amount", times=0.5, plus=10.0, minimum=20.0, maximum=300.0)
    assert cost.of(COLUMNS).tolist() == [60.0, 20.0, 300.0]


@pytest.mark.parametrize("library", ["dict", "pandas", "polars", "pyarrow"])
def test_any_table_serves(library):
    table = COLUMNS
    if library == "pyarrow":
        table = pytest.importorskip(library).table(COLUMNS)
    elif library != "dict":
        table = pytest.importorskip(library).DataFrame(COLUMNS)
    costs = FieldCosts(fp=10.0, fn=FieldCost("amount", plus=5.0), tp=lambda t: np.full(3, 2.0)).of(table)
    assert costs.fn.tolist() == [105.0, 5.0, 1005.0]
    assert costs.tp.tolist() == [2.0, 2.0, 2.0]


def test_costs_survive_json():
    costs = FieldCosts(fp=10.0, fn=FieldCost("amount", days="term", annual_rate=0.1), tn="amount")
    assert FieldCosts.from_dict(json.loads(json.dumps(costs.to_dict()))) == costs
    with pytest.raises(CostError, match="function"):
        FieldCosts(fp=1.0, fn=lambda t: t).to_dict()


def test_unusable_fields_raise():
    with pytest.raises(SchemaError, match="'price'"):
        FieldCosts(fp=1.0, fn="price").of(COLUMNS)
    with pytest.raises(CostError, match="missing"):
        FieldCosts(fp=1.0, fn="amount").of({"amount": [1.0, np.nan]})
    with pytest.raises(CostError, match="CostMatrix"):
        FieldCosts(fp=1.0, fn=2.0).of(COLUMNS)
    with pytest.raises(CostError, match=r"call `\.of"):
        as_costs(FieldCosts(fp=1.0, fn="amount"))
    with pytest.raises(InputError, match="annual_rate"):
        present_value(1.0, 1.0, -1.0)
    with pytest.raises(InputError, match="days"):
        present_value(1.0, -1.0, 0.1)
