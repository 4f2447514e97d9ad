"""Reasons: the rules, the texts and what a scorer says of rows in any form."""

import datetime
import json
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.cli.spoken import spoken
from rareclass.data import Column, TableEncoder
from rareclass.errors import BundleError, InputError
from rareclass.scoring import Reason, ReasonRules, Scorer
from rareclass.scoring.rows import RowEncoder

COLUMNS = ["amount", "same_amount", "country", "when", "dummy"]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    n = 500
    amount = rng.normal(size=n)
    hours = rng.integers(0, 9_999, n)
    return pa.table(
        {
            "amount": np.where(rng.random(n) < 0.05, np.nan, amount),
            "same_amount": np.exp(amount),
            "country": rng.choice(["CH", "DE", "FR"], n),
            "when": [datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=int(h)) for h in hours],
            "dummy": np.zeros(n),
        }
    )


@pytest.fixture(scope="module")
def labels(table: pa.Table) -> np.ndarray:
    rng = np.random.default_rng(1)
    risk = np.log(table["same_amount"].to_numpy()) + (np.array(table["country"].to_pylist()) == "CH")
    return risk + rng.normal(size=risk.size) > 2


@pytest.fixture(scope="module")
def model(table: pa.Table, labels: np.ndarray) -> RareClassifier:
    return RareClassifier(estimator="lightgbm", random_state=0).fit(table, labels)


@pytest.fixture(scope="module")
def scorer(model: RareClassifier, table: pa.Table) -> Scorer:
    return Scorer.from_model(model, table)


def test_contributions_and_baseline_sum_to_the_log_odds(scorer: Scorer, table: pa.Table) -> None:
    parts = scorer.contributions(table)
    assert parts.shape == (table.num_rows, len(scorer.columns) + 1)
    np.testing.assert_allclose(parts.sum(axis=1), scorer.logit(table), rtol=0, atol=1e-8)
    assert np.unique(parts[:, -1]).size == 1


def test_rows_whose_log_odds_are_known_are_not_scored_again(scorer: Scorer, table: pa.Table) -> None:
    X = scorer.encoder.matrix(table)
    z = scorer.logit_of(X)
    np.testing.assert_array_equal(scorer.contributions_of(X, known=z, threads=2), scorer.contributions_of(X))
    moved = scorer.contributions_of(X, known=z + 0.25, threads=2)
    np.testing.assert_allclose(moved.sum(axis=1), z + 0.25, rtol=0, atol=1e-9)
    values = scorer.values(table, X)
    assert scorer.explain_of(X, values, known=z) == scorer.explain_of(X, values)


def test_a_column_that_no_tree_uses_adds_nothing(scorer: Scorer, table: pa.Table) -> None:
    assert (scorer.contributions(table)[:, scorer.columns.index("dummy")] == 0).all()
    assert all(reason.feature != "dummy" for reasons in scorer.explain(table, k=9) for reason in reasons)


def test_rows_in_any_form_have_the_same_reasons(scorer: Scorer, table: pa.Table) -> None:
    few = table.slice(0, 40)
    rows = few.to_pylist()
    wanted = scorer.explain(few)
    parts = scorer.contributions(few)
    assert scorer.explain(rows) == wanted
    assert [scorer.explain(row)[0] for row in rows] == wanted
    assert scorer.explain(few, threads=2) == wanted
    np.testing.assert_array_equal(np.vstack([scorer.contributions(row) for row in rows]), parts)
    frame = few.to_pandas()
    assert [[r.feature for r in reasons] for reasons in scorer.explain(frame)] == [
        [r.feature for r in reasons] for reasons in wanted
    ]
    assert scorer.explain(pd.Series(rows[3])) == [wanted[3]]


def test_reasons_are_the_largest_contributions_with_their_values(scorer: Scorer, table: pa.Table) -> None:
    alone = ReasonRules(groups={})
    parts = scorer.contributions(table)[:, :-1]
    for row, own, reasons in zip(table.to_pylist(), parts, scorer.explain(table, k=2, rules=alone)):
        largest = sorted(np.abs(own[own != 0]), reverse=True)[:2]
        assert [abs(r.contribution) for r in reasons] == pytest.approx(largest, abs=0)
        for r in reasons:
            value = None if row[r.feature] != row[r.feature] else row[r.feature]
            assert r.value == value
            assert r.contribution == own[scorer.columns.index(r.feature)]
            assert r.text.startswith(f"{r.feature} = ")


def test_columns_that_rank_rows_alike_are_one_reason(scorer: Scorer, table: pa.Table) -> None:
    assert scorer.rules.groups == {"amount, same_amount": ["amount", "same_amount"]}
    grouped = scorer.contributions(table, rules=scorer.rules)
    names = scorer.rules.names(scorer.columns)
    assert names == ["amount, same_amount", "country", "when", "dummy"]
    parts = scorer.contributions(table)
    np.testing.assert_allclose(grouped[:, 0], parts[:, 0] + parts[:, 1], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(grouped[:, 1:], parts[:, 2:])
    both = next(r for reasons in scorer.explain(table) for r in reasons if r.feature == names[0])
    assert set(both.value) == {"amount", "same_amount"}
    assert both.text == f"amount = {both.value['amount']:.6g}, same_amount = {both.value['same_amount']:.6g}"


def test_own_groups_and_texts_are_used(scorer: Scorer, table: pa.Table) -> None:
    rules = ReasonRules(
        groups={"money": ["same_amount", "amount"]},
        texts={"money": "Amounts", "country": {"raises": "Country of many events", "lowers": "Country of few"}},
    )
    said = [r for reasons in scorer.explain(table, rules=rules) for r in reasons]
    money = next(r for r in said if r.feature == "money")
    assert money.text.startswith("Amounts (amount = ")
    country = {r.contribution > 0: r.text for r in said if r.feature == "country"}
    assert country == {True: "Country of many events = CH", False: country[False]}
    assert country[False].startswith("Country of few = ")


def test_reasons_stay_when_the_prevalence_moves(scorer: Scorer, model: RareClassifier, table: pa.Table) -> None:
    moved = Scorer(
        encoder=scorer.encoder,
        member=scorer.member,
        added=scorer.added - 1.7,
        calibration=scorer.calibration._replace(ends=np.full(6, np.nan), kind=0, numbers=np.zeros(1)),
        cut=scorer.cut,
    )
    still = Scorer(
        encoder=scorer.encoder, member=scorer.member, added=scorer.added, calibration=moved.calibration, cut=scorer.cut
    )
    before, after = still.contributions(table), moved.contributions(table)
    np.testing.assert_allclose(after[:, :-1], before[:, :-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(after[:, -1], before[:, -1] - 1.7, rtol=0, atol=1e-12)


def test_a_bundle_keeps_its_rules(model: RareClassifier, table: pa.Table, tmp_path) -> None:
    rules = ReasonRules(groups={"money": ["amount", "same_amount"]}, texts={"when": "Time of the payment"})
    bundle = Bundle(model, rows=table, reasons=rules)
    bundle.save(tmp_path / "m")
    read = Scorer.load(tmp_path / "m")
    assert read.rules.saved() == rules.saved()
    assert read.explain(table.slice(0, 9)) == bundle.scorer.explain(table.slice(0, 9))
    again = Bundle.load(tmp_path / "m")
    again.save(tmp_path / "n")
    assert Scorer.load(tmp_path / "n").rules.saved() == rules.saved()


def test_a_damaged_rule_is_refused(model: RareClassifier, table: pa.Table, tmp_path) -> None:
    from rareclass.scoring.files import MODEL, digest

    Bundle(model, rows=table).save(tmp_path / "m")
    state = json.loads((tmp_path / "m" / MODEL).read_text())
    for wrong in ({"groups": {"a": ["nobody"]}, "texts": {}}, {"groups": 3, "texts": {}}, {"groups": {}}):
        state["reasons"] = wrong
        raw = json.dumps(state).encode()
        (tmp_path / "m" / MODEL).write_bytes(raw)
        manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
        manifest["files"][MODEL] = digest(raw)
        (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(BundleError, match="damaged"):
            Scorer.load(tmp_path / "m")


def test_a_learner_of_ones_own_has_no_reasons(table: pa.Table, labels: np.ndarray) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    X = np.column_stack([table["same_amount"].to_numpy(), table["dummy"].to_numpy()])
    slow = Scorer.from_model(RareClassifier(estimator=KNeighborsClassifier()).fit(X, labels))
    with pytest.raises(InputError, match="no reasons: the model is not compiled"):
        slow.explain(X[:2])


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "4"])
def test_k_must_be_a_whole_number_above_zero(scorer: Scorer, table: pa.Table, k: object) -> None:
    with pytest.raises(InputError, match="`k`"):
        scorer.explain(table.slice(0, 1), k=k)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"groups": {"a": []}}, "must be a list of columns"),
        ({"groups": {"a": "amount"}}, "must be a list of columns"),
        ({"groups": {"a": ["x"], "b": ["x"]}}, "listed twice"),
        ({"groups": {"a": ["x", "x"]}}, "listed twice"),
        ({"groups": {"a": ["x", "x"]}}, "listed twice, in the group 'a' of reasons"),
        ({"groups": ["x"]}, "mappings"),
        ({"groups": 3}, "groups of reasons must be mappings.*got 3"),
        ({"groups": [{"a": ["x"]}]}, "groups of reasons must be mappings"),
        ({"texts": ["a"]}, "texts of reasons must be mappings"),
        ({"groups": {"": ["x"]}}, "with the columns 'x' needs a name"),
        ({"groups": {" ": ["x"]}}, "needs a name"),
        ({"texts": {"a": " "}}, "must be a text"),
        ({"texts": {"a": {"raises": ""}}}, "must be a text"),
        ({"groups": {}, "correlation": 0.5}, "only where no groups are given"),
        ({"texts": {"a": 3}}, "must be a text"),
        ({"texts": {"a": {"up": "b"}}}, "must be a text"),
        ({"correlation": 0}, "above 0"),
        ({"correlation": True}, "above 0"),
    ],
)
def test_rules_that_are_none_are_refused(rules: dict, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        ReasonRules(**rules)
    assert "--" not in spoken(str(error.value))  # a table of TOML is no option


def test_what_is_no_rules_is_said_in_one_sentence(scorer: Scorer, model: RareClassifier, table: pa.Table) -> None:
    row = table.slice(0, 1)
    wrong = {"groups": {}}
    for attempt in (
        lambda: scorer.explain(row, rules=wrong),
        lambda: scorer.contributions(row, rules=wrong),
        lambda: Scorer.from_model(model, table, wrong),
        lambda: Bundle(model, reasons=wrong),
    ):
        with pytest.raises(InputError, match=re.escape("`ReasonRules(...)`, such as ReasonRules(groups={})")):
            attempt()


def test_a_correlation_without_effect_is_refused(scorer: Scorer, table: pa.Table) -> None:
    with pytest.raises(InputError, match="list the groups instead"):
        scorer.explain(table.slice(0, 1), rules=ReasonRules(correlation=0.5))


def test_columns_of_a_group_keep_their_texts(scorer: Scorer, model: RareClassifier, table: pa.Table) -> None:
    rules = ReasonRules(texts={"amount": "Amount", "same_amount": {"raises": "Much", "lowers": "Little"}})
    for used in (scorer, Scorer.from_model(model, table, rules)):  # at once, and kept in a bundle
        said = [r for reasons in used.explain(table, rules=rules) for r in reasons if r.feature.startswith("amount")]
        assert {r.contribution > 0 for r in said} == {True, False}
        for r in said:
            side = "Much" if r.contribution > 0 else "Little"
            amount = "missing" if r.value["amount"] is None else f"{r.value['amount']:.6g}"
            assert r.text == f"Amount = {amount}, {side} = {r.value['same_amount']:.6g}"
    named = ReasonRules(groups={"g": ["a", "b"]}, texts={"g": "G", "a": "A"})
    assert named.text("g", {"a": 1, "b": 2}, 1.0) == "G (A = 1, b = 2)"


def test_the_value_of_a_reason_is_the_number_that_was_scored(scorer: Scorer, table: pa.Table) -> None:
    row = table.slice(3, 1).to_pylist()[0] | {"amount": "1,5", "same_amount": float("inf")}
    rules = ReasonRules(groups={"both": ["amount", "same_amount"]})
    for rows in (row, [row], pa.Table.from_pylist([row])):
        both = next(r for r in scorer.explain(rows, k=9, rules=rules)[0] if r.feature == "both")
        assert both.value == {"amount": 1.5, "same_amount": None}
        assert both.text == "both (amount = 1.5, same_amount = missing)"
    given = {"n": "12", "i": 3, "j": "12", "flag": " TRUE ", "gone": "?"}
    kinds = {"n": "number", "i": "integer", "j": "integer", "flag": "boolean", "gone": "number"}
    fitted = TableEncoder([Column(n, k) for n, k in kinds.items()])
    encoder = RowEncoder(fitted.fit(pa.table({n: [1, 2] for n in kinds})).to_dict())
    found = encoder.values(given, encoder.matrix(given))
    assert found == [[12.0, 3, 12, True, None]]
    assert [type(v) for v in found[0]] == [float, int, int, bool, type(None)]


def test_a_lazy_frame_is_read_once(scorer: Scorer, table: pa.Table) -> None:
    few = table.slice(0, 5)
    lazy = pl.from_arrow(few).lazy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scorer.explain(lazy) == scorer.explain(few)
        np.testing.assert_array_equal(scorer.logit(lazy), scorer.logit(few))
        np.testing.assert_array_equal(scorer.encoded(lazy).matrix, scorer.encoded(few).matrix)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"groups": {"a": ["Amount"]}}, "'Amount'.* Did you mean 'amount'"),
        ({"groups": {"country": ["amount"]}}, "name of a column that is not in it"),
        ({"texts": {"nobody": "Nobody"}}, "'nobody', which the model does not have"),
    ],
)
def test_columns_that_the_model_lacks_are_named(scorer: Scorer, table: pa.Table, rules: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        scorer.explain(table.slice(0, 1), rules=ReasonRules(**rules))


def test_texts_show_values_of_every_kind() -> None:
    rules = ReasonRules(groups={})
    shown = {
        "a = missing": None,
        "a = true": True,
        "a = 3": 3,
        "a = 0.333333": 1 / 3,
        "a = CH": "CH",
        "a = 2020-01-02 03:04:05": datetime.datetime(2020, 1, 2, 3, 4, 5),
    }
    for text, value in shown.items():
        assert rules.text("a", value, 1.0) == text
    assert ReasonRules(groups={"g": list("abcd")}).text("g", dict.fromkeys("abcd", 1), 1.0) == (
        "g (a = 1, b = 1, c = 1 and 1 more)"
    )


def test_a_reason_is_a_plain_tuple() -> None:
    assert Reason("a", 1, 0.5, "a = 1")._asdict() == {"feature": "a", "value": 1, "contribution": 0.5, "text": "a = 1"}
