"""The model card: whatever the columns are called it stays Markdown, it says what the evidence holds, and no more."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from markdown_it import MarkdownIt

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.card import plain
from rareclass.decisions import CostMatrix
from rareclass.errors import BundleError
from rareclass.evaluation.results import Finding

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
