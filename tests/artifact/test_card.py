"""The model card: whatever the columns are called it stays Markdown, it says what the evidence holds, and no more."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from markdown_it import MarkdownIt

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.card import plain
from rareclass.data.problem import Roles, read_problem
from rareclass.decisions import CostMatrix
from rareclass.errors import BundleError
from rareclass.evaluation import words
from rareclass.evaluation.results import Finding
from rareclass.workflow import compare_table, train_table

NASTY = [
    "a|b",
    "c\nd",
    "<img src=x onerror=alert(1)>",
    "`code`",
    "*bold* _it_",
    "[l](http://x)",
    "# h",
    "~~s~~ $x$ \\|",
]
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def texts(card):
    """All text of a parsed card, cell by cell; raises where there is HTML, emphasis or a link."""
    out = []
    for token in MARKDOWN.parse(card):
        assert token.type not in ("html_block", "html_inline")
        if token.type == "inline":
            kinds = {c.type for c in token.children}
            assert kinds <= {"text", "code_inline", "softbreak", "text_special"}, kinds
            out.append("".join(c.content for c in token.children))
    return out


def fitted(names=("x", "shop"), **options):
    rng = np.random.default_rng(0)
    columns = [rng.normal(size=400) for _ in names]
    table = pa.table([pa.array(c) for c in columns], names=list(names))
    y = np.where(columns[0] + rng.normal(size=400) > 2, "yes|<b>", "no")
    return RareClassifier("logistic_regression", cv=2).fit(table, y, **options)


@pytest.fixture(scope="module")
def model():
    return fitted(costs=CostMatrix(fp=2, fn=31))


def card_of(tmp_path, model, **said):
    bundle = Bundle(model, **said)
    bundle.save(tmp_path / "m")
    assert (tmp_path / "m" / "card.md").read_text(encoding="utf-8") == bundle.card
    assert Bundle.load(tmp_path / "m").card == bundle.card
    return bundle.card


@pytest.mark.parametrize("text", NASTY)
def test_text_of_users_is_text(text):
    card = f"# t\n\n- {plain(text)}\n\n| a | b |\n| --- | --- |\n| {plain(text)} | x |\n"
    wanted = text.replace("\n", " ")
    assert texts(card) == ["t", wanted, "a", "b", wanted, "x"]


def test_a_card_of_odd_names_is_plain_markdown(tmp_path):
    finding = Finding("odd-code", "warning", "Column <b>|x| knows it", "ROC AUC 0.99", "Drop\nit.")
    said = texts(card_of(tmp_path, fitted(NASTY), target="t<i>|", name="<m>", evidence={"findings": [finding]}))
    assert all(name.replace("\n", " ") in said for name in NASTY)
    assert "Model card: <m>" in said
    assert any(line.startswith("Event: t<i>| = yes|<b>") for line in said)
    assert any("odd-code: Column <b>|x| knows it (ROC AUC 0.99) Drop it." in line for line in said)


def test_it_says_what_is_decided_and_how_well_with_intervals(tmp_path, model):
    card = card_of(tmp_path, model, target="t")
    e = model.model_.evidence
    assert f"from a probability of {2 / 33:.4f} on" in card
    assert "Costs: a false alarm 2.00, a missed event 31.0" in card
    assert f"400 rows with {e['events']} events" in card
    ratio = (
        f"{e['observed_to_expected']:.2f} | [{e['observed_to_expected_low']:.2f}, {e['observed_to_expected_high']:.2f}]"
    )
    assert f"| Observed / expected | out of fold (400 rows with {e['events']} events) | {ratio} |" in card
    assert (
        f"| Calibration slope | out of fold (400 rows with {e['events']} events) | {e['calibration_slope']:.2f}" in card
    )
    assert f"{e['events']} events are few" in card


def test_what_was_not_measured_is_said_not_to_be(tmp_path):
    bare = fitted()
    bare.model_ = replace(bare.model_, sample=None)
    card = card_of(tmp_path, bare, evidence={"test": None})
    assert "Not measured: no rows were held out." in card
    assert "Not measured: no slices were asked for" in card
    assert "Not measured: the rows to measure it on were not at hand." in card
    assert "How it does on later rows, or on rows from elsewhere, was not measured." in card


def test_a_model_that_no_column_moves_says_so(tmp_path):
    model = fitted()
    model.model_.evidence["drivers"] = {"part": "rows that it was fitted on", "rows": 400, "events": 9, "columns": []}
    assert "No column moved the log-odds of 400 rows of the rows that it was fitted on." in card_of(tmp_path, model)
    assert "What drives it" not in model.summary()


def test_a_card_is_verified_and_may_be_absent(tmp_path, model):
    Bundle(model).save(tmp_path / "m")
    shutil.copytree(tmp_path / "m", tmp_path / "old")
    (tmp_path / "m" / "card.md").write_text("# Perfect model\n")
    with pytest.raises(BundleError, match=r"card\.md does not match its checksum"):
        Bundle.load(tmp_path / "m")
    (tmp_path / "old" / "card.md").unlink()
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text())
    del manifest["files"]["card.md"]
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest))
    assert Bundle.load(tmp_path / "old").card == ""


def priced(keep):
    """Rows with weights or keep probabilities, and costs of their own; the table and the roles of its columns."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=900)
    y = rng.random(900) < 1 / (1 + np.exp(3.5 - 1.8 * x))
    table = pa.table(
        {
            "x": x,
            "z": rng.normal(size=900),
            "y": y.astype(int),
            "loss": rng.uniform(1, 900, 900),
            "alarm": rng.uniform(1, 3, 900),
            "keep_probability" if keep else "w|t": np.where(y, 1.0, 0.2) if keep else np.where(y, 5.0, 1.0),
        }
    )
    roles = Roles(cost_columns={"fp": "alarm", "fn": "loss"}, weights=None if keep else "w|t")
    return table, read_problem(table, "y", roles), np.where(y, 1.0, 5.0) if keep else np.where(y, 5.0, 1.0), y


@pytest.mark.parametrize("keep", [False, True])
def test_weighted_figures_beside_counts_are_said_to_be_weighted(tmp_path, keep):
    _, problem, weight, y = priced(keep)
    by = "1 / keep_probability" if keep else "w|t"
    bundle = train_table(problem, out=tmp_path / "m", estimator="logistic_regression", treatment="none", cv=2)
    prevalence = words.percent(np.average(y, weights=weight), 3)
    counts = f"900 rows with {y.sum()} events"
    total = f"{weight.sum():,.0f}"
    said = f"{counts}; weighted by {plain(by)} (sum of weights {total}), the prevalence is {prevalence}."
    assert said in bundle.card
    assert f"out of fold ({counts}, weighted)" in bundle.card
    assert f"from {counts} that the model did not see, weighted." in bundle.card
    summary = bundle.model.summary()
    assert f"from 900 out-of-fold rows with {y.sum()} events, weighted (sum of weights {total})." in summary
    assert "Weighted mean absolute contribution" in bundle.card
    assert "(weighted mean absolute contribution" in summary
    bare = Bundle(bundle.model)
    bare.save(tmp_path / "bare")
    assert f"{counts}; weighted (sum of weights {total}), the prevalence is {prevalence}." in bare.card


def test_one_card_holds_one_cost_of_rows_with_costs_of_their_own(tmp_path):
    _, problem, weight, y = priced(keep=False)
    out = tmp_path / "run"
    run = compare_table(
        problem, out=out, learners=["logistic_regression"], treatments=["none"], folds=2, n_jobs=1, test_share=0.3
    )
    card = Bundle.load(out / "champion").card
    best = run[run.champion].judgement
    cost, caught = best.acted["expected_cost"].estimate, best.acted["recall"].estimate
    assert f"cost per row {words.number(cost)}, rows flagged {words.percent(best.acted['alert_rate'])}" in card
    assert f"events caught {words.percent(caught)}" in card
    assert re.search(rf"\| Expected cost per row \| out of fold [^|]* \| {re.escape(words.number(cost))} \|", card)
    assert "threshold was chosen" not in card
    # the slope that the sentence speaks of stands in the table
    assert re.search(r"\| Calibration slope \| out of fold ", card)
    assert "and calibration slope are 1" in card
    assert re.search(r"\| Average precision \| locked test part \(\d+ rows with \d+ events, weighted\)", card)
    page = (out / "report.html").read_text(encoding="utf-8")
    prevalence = words.percent(np.average(y, weights=weight), 3)
    assert f"{y.sum()} events in 900 rows ({prevalence} of their weight by w|t)" in page
    assert f"weighted by w|t (sum of weights {weight.sum():,.0f}), the prevalence is {prevalence}" in page
    assert "rows, weighted" in page
    assert "on weighted average over" in page


def test_a_slope_that_was_not_measured_is_not_spoken_of(tmp_path):
    evidence = {"out_of_fold": {"observed_to_expected": {"estimate": 1.1, "low": 0.9, "high": 1.3}}}
    card = card_of(tmp_path, fitted(), evidence=evidence)
    assert "where observed / expected is 1;" in card
    assert "slope" not in card
