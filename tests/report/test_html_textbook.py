"""The page shows what the textbook says beside what was measured, and the charts with the path."""

import copy

from tests.report.example_results import full_results
from tests.report.test_html import Page
from tests.report.test_terminal import _printed as printed

from rareclass.evaluation.flowcharts import TableFacts
from rareclass.evaluation.textbook import chart_records
from rareclass.evaluation.textbook_records import FloorRecord, TextbookRecord
from rareclass.report.html import render_html


def with_textbook():
    results = full_results()
    arm = results["arms"][1]["name"]
    record = TextbookRecord(
        treatment="smote",
        arm=arm,
        says="Moderate: SMOTE (one event to 19 others).",
        measured="Loses <b>by</b> -0.012.",
        charts=chart_records(TableFacts(rows=5_000, ratio=19, continuous=2)),
        floors=[FloorRecord(metric="recall", floor=0.8, sentence="Recall of at least 80%: reached.")],
    )
    return {**results, "textbook": record.to_dict()}


def test_it_stands_in_the_page_with_the_arm_marked():
    results = with_textbook()
    before = copy.deepcopy(results)
    page = Page(render_html(results))
    assert results == before
    assert "Moderate: SMOTE (one event to 19 others)." in page.words
    assert "Loses <b>by</b> −0.012." in page.words
    assert "No floor was asked for; two as examples" in page.words
    assert "No floor was asked for; as an example: Recall" in " ".join(printed(results, 400).split())
    assert "Recall of at least 80%: reached." in page.words
    assert "textbook" in page.text  # the chip of the arm
    assert page.words.count("That is yours to say.") == 1  # the loop, whose floors nobody named
    drawn = [attrs for attrs in page.all("svg") if "flow" in attrs.get("class", "")]
    assert len(drawn) == 4
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len({*ids}) == len(ids)


def test_a_run_without_it_has_no_such_section():
    assert 'id="textbook"' not in render_html(full_results())
