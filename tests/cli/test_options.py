"""Shared options: values that verbs take whole, each rule on one line, and the small grammars."""

import dataclasses
import inspect

import pytest

from rareclass import decisions
from rareclass.cli import options as o
from rareclass.cli import train
from rareclass.errors import InputError


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"alert_budget": "100/day"}, decisions.AlertBudget.parse("100/day")),
        ({"min_recall": 0.9}, decisions.RecallAtLeast(0.9)),
        ({"min_precision": 0.2}, decisions.PrecisionAtLeast(0.2)),
        ({"max_fpr": 0.01}, decisions.FalsePositiveRateAtMost(0.01)),
        ({"maximize": "f1"}, decisions.Maximize("f1")),
        ({}, None),
    ],
)
def test_each_option_names_its_rule(given, rule):
    assert o.RuleOptions(**given).rule() == rule


def test_every_rule_option_names_a_rule_that_exists():
    for field in dataclasses.fields(o.RuleOptions):
        name = field.type.__metadata__[-1].partition(".")[0]
        made = getattr(decisions, name)
        assert made is decisions.read_tiers or issubclass(made, decisions.DecisionRule)


def test_two_rules_are_refused_by_their_flags():
    with pytest.raises(InputError, match="not --min-recall and --max-fpr"):
        o.RuleOptions(min_recall=0.9, max_fpr=0.1).rule()


def test_one_cost_alone_is_refused():
    assert o.CostOptions().matrix() is None
    assert o.CostOptions(cost_fp=1, cost_fn=20).matrix() == decisions.CostMatrix(fp=1, fn=20)
    with pytest.raises(InputError, match="both --cost-fp and --cost-fn"):
        o.CostOptions(cost_fp=1).matrix()


def test_a_flat_command_takes_the_fields_and_hands_over_the_values():
    def command(table: o.TableOptions, split: o.SplitOptions, seed: int = 0) -> int:
        assert table == o.TableOptions(table="rows.csv", drop=["id"])
        assert split == o.SplitOptions(time="day")
        return seed

    shown = o.flat(command)
    assert list(inspect.signature(shown).parameters)[:2] == ["table", "target"]
    fields = dict.fromkeys(["target", "pos_label", "weights", "categorical", "groups"]) | {"time_ordered": False}
    assert shown(table="rows.csv", drop=["id"], time="day", seed=3, **fields) == 3


def test_no_option_is_asked_for_twice():
    names = list(inspect.signature(o.flat(train.command)).parameters)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1.5m", 90), ("2h", 7200), (" 30 s ", 30)])
def test_times(text, seconds):
    assert o.seconds(text) == seconds


@pytest.mark.parametrize("text", ["soon", "-3s", "3d"])
def test_other_times_are_refused(text):
    with pytest.raises(InputError, match="must be a time"):
        o.seconds(text)


def test_cost_columns():
    assert o.cost_columns("fp=a, fn = b,tp=c") == {"fp": "a", "fn": "b", "tp": "c"}
    for text in ("fp=a", "fp", "xx=a,fp=b,fn=c"):
        with pytest.raises(InputError, match="--cost-columns"):
            o.cost_columns(text)
