"""Answers are those of the scorer: decisions, tiers, costs by row, reasons and slices."""

import copy
import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("orjson")

from tests.serving.codec import PLAIN_ROW, ROW, infer, read, score, served, table, tensors, with_cut

from rareclass.decisions import CostMatrix, Tier, TierPolicy
from rareclass.scoring.cut import Cut
from rareclass.scoring.members import why_no_reasons
from rareclass.serving.answers import answer
from rareclass.serving.asked import costs_of
from rareclass.serving.errors import Refused

TIERS = TierPolicy([Tier("allow"), Tier("review", cost=1, prevents=0.9), Tier("block", cost_fp=8, prevents=1.0)])


def plain_rows(n=60, seed=3):
    data = table(n, seed)[0]
    rows = data.to_pylist()
    return data, [row | {"at": str(row["at"]), "x": None if row["x"] != row["x"] else row["x"]} for row in rows]


def test_answers_are_those_of_the_scorer():
    data, rows = plain_rows()
    found = score({"rows": rows, "explain": "all"})["rows"]
    scorer = served().scorer
    assert [row["probability"] for row in found] == scorer.probability(data).tolist()
    assert [row["alert"] for row in found] == scorer.decide(data).tolist()
    assert 0 < sum(row["alert"] for row in found) < len(found)
    wanted = json.loads(json.dumps([[r._asdict() for r in reasons] for reasons in scorer.explain(data)], default=str))
    for row, reasons in zip(found, wanted, strict=True):
        for one, other in zip(row["reasons"], reasons, strict=True):
            assert (one["feature"], one["contribution"]) == (other["feature"], other["contribution"])


def test_only_alerts_are_explained_unless_all_are_asked_for():
    _, rows = plain_rows()
    for explain, explained in (
        ("alerts", lambda row: row["alert"]),
        ("all", lambda _: True),
        ("none", lambda _: False),
    ):
        found = score({"rows": rows, "explain": explain})["rows"]
        assert [row["reasons"] is not None for row in found] == [explained(row) for row in found]
    assert score({"rows": rows}) == score({"rows": rows, "explain": "alerts"})


def test_reasons_are_given_where_they_are_asked_for_as_output_or_by_a_parameter():
    said = tensors(ROW)
    assert read(said).explain == "none"
    assert read(said | {"outputs": [{"name": "reasons"}]}).explain == "alerts"
    by_parameter = read(said | {"parameters": {"explain": "all"}})
    assert by_parameter.outputs == ("probability", "logit", "alert", "reasons")
    nowhere = said | {"parameters": {"explain": "all"}, "outputs": [{"name": "alert"}]}
    assert read(nowhere).explain == "none"
    off = infer(said | {"parameters": {"explain": "none"}, "outputs": [{"name": "reasons"}]})[0]
    assert off["outputs"][0]["data"] == ["null"]
    (texts,) = infer(said | {"parameters": {"explain": "all"}, "outputs": [{"name": "reasons"}]})[0]["outputs"]
    reasons = json.loads(texts["data"][0])
    assert {"feature", "value", "contribution", "text"} == set(reasons[0])


@dataclass
class Silent:
    """A member that cannot say what moves its score, as a net."""

    member: Any
    why_no_reasons: str = "it cannot say"
    parts: tuple = ()

    def logit(self, X):
        return self.member.logit(X)


def test_a_model_without_reasons_answers_alerts_too_and_says_why_to_who_asks_for_them():
    scorer = copy.copy(served().scorer)
    scorer.member = Silent(scorer.member)
    scorer.why_no_reasons = why_no_reasons(scorer.member)  # as a scorer does when it is made
    model = SimpleNamespace(**{**vars(served()), "scorer": scorer})
    _, rows = plain_rows()
    found = score({"rows": rows}, model)["rows"]
    assert found == score({"rows": rows, "explain": "none"}, served())["rows"]
    assert any(row["alert"] for row in found)
    quiet = next(row for row, answered in zip(rows, found, strict=True) if not answered["alert"])
    for explain in ("alerts", "all"):
        with pytest.raises(Refused, match="no reasons: it cannot say"):
            score({"rows": [quiet], "explain": explain}, model)
    assert infer(tensors(ROW), model)[0] == infer(tensors(ROW), served())[0]
    with pytest.raises(Refused, match="no reasons: it cannot say"):
        infer(tensors(ROW) | {"outputs": [{"name": "reasons"}]}, model)


def test_tiers_are_those_of_the_stored_thresholds():
    data, rows = plain_rows()
    p = served().scorer.probability(data)
    cut = Cut(0.5, tiers=TIERS.cut(p, CostMatrix(fp=1, fn=9)))
    model = with_cut(cut, tiers=tuple(TIERS.names))
    found = score({"rows": rows, "explain": "none"}, model)["rows"]
    assert [row["tier"] for row in found] == cut.tier(p, None).tolist()
    assert [row["alert"] for row in found] == [row["tier"] != "allow" for row in found]
    assert len({row["tier"] for row in found}) > 1
    said = tensors(ROW) | {"outputs": [{"name": "tier"}]}
    assert infer(said, model)[0]["outputs"][0]["data"] == [score({"rows": [PLAIN_ROW]}, model)["rows"][0]["tier"]]
    assert [o["name"] for o in infer(tensors(ROW), model)[0]["outputs"]] == ["probability", "logit", "alert"]
    none = tensors({name: (kind, []) for name, (kind, _) in ROW.items()}) | {"outputs": [{"name": "tier"}]}
    assert infer(none, model)[0]["outputs"][0]["data"] == []


def test_costs_by_row_are_asked_for_and_decide():
    data, rows = plain_rows()
    model = with_cut(Cut(float("nan"), per_row=True))
    p = model.scorer.probability(data)
    costs = {"fp": np.full(60, 1.0), "fn": np.random.default_rng(0).uniform(1, 60, 60)}
    wanted = model.scorer.flag(p, costs=costs).tolist()
    said = {"rows": rows, "costs": {name: values.tolist() for name, values in costs.items()}, "explain": "none"}
    assert [row["alert"] for row in score(said, model)["rows"]] == wanted
    one_price = said | {"costs": {"fp": 1.0, "fn": costs["fn"].tolist()}}
    assert [row["alert"] for row in score(one_price, model)["rows"]] == wanted
    for lacking in ({}, {"costs": {"fp": 1.0}}):
        with pytest.raises(Refused, match="weighs each row by its own costs"):
            score({"rows": rows, **lacking}, model)
    with pytest.raises(Refused, match="both wrong decisions"):
        score({"rows": rows[:1], "costs": {"fp": 1, "fn": 1, "tn": 2, "tp": 2}}, model)
    for name, values, said in (
        ("fp", -1, "`fp` must be a number from 0 on; got -1."),
        ("fn", [1.0] * 59 + [-3], "got -3 in row 60"),
        ("tp", float("inf"), "`tp` must be a finite number; got inf."),
    ):
        with pytest.raises(Refused, match=said):
            costs_of({"costs": {"fp": 1, "fn": 2, name: values}}, 60)
    huge = {"fp": 1e308, "fn": 1.7e308}  # flagged from 10/27 on
    alerts = [row["alert"] for row in score({"rows": rows, "costs": huge, "explain": "none"}, model)["rows"]]
    assert alerts == (p >= 10 / 27).tolist()
    parameters = {"parameters": {"costs": {"fp": 1.0, "fn": [0.0]}}}
    nothing_at_stake = infer(tensors(ROW) | parameters, model)[0]["outputs"][2]["data"]
    assert nothing_at_stake == [False]
    sure = infer(tensors(ROW) | {"parameters": {"costs": {"fp": [0.0], "fn": [5.0]}}}, model)[0]["outputs"][2]["data"]
    assert sure == [True]


def test_a_budget_of_entities_cannot_be_served():
    assert "counts entities" in Cut(0.5, by_entity=True).unservable
    assert Cut(0.5).unservable is None
    with pytest.raises(Refused, match="counts entities"):
        infer(tensors(ROW), with_cut(Cut(0.5, by_entity=True)))


def test_slices_come_from_the_column_or_from_the_request():
    model = served("mixed", slices="shop")
    assert answer(model, read(tensors(ROW), model)).slices == ["a"]
    assert answer(served(), read(tensors(ROW))).slices is None
    assert answer(served(), read(tensors(ROW) | {"parameters": {"slice": "north"}})).slices == ["north"]
    gone = tensors(ROW | {"shop": ("BYTES", [None])})
    assert answer(model, read(gone, model)).slices == [None]


def test_values_that_training_never_saw_are_counted():
    columns = {name: (kind, values * 3) for name, (kind, values) in ROW.items()}
    columns["shop"] = ("BYTES", ["a", "new", "newer"])
    found = answer(served(), read(tensors(columns)))
    assert found.unknown == {"shop": 2}
    assert answer(served(), read(tensors(ROW | {"shop": ("BYTES", ["new"])}))).unknown == {"shop": 1}
    assert answer(served(), read(tensors(ROW))).unknown == {}
