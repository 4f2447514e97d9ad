"""Flowcharts as pictures: well-formed, inside their frame, said to screen readers, with the path marked."""

from xml.etree import ElementTree

import pytest

from rareclass.evaluation.flowcharts import FLOWCHARTS, TableFacts
from rareclass.evaluation.textbook import chart_records
from rareclass.report.flowcharts import flowchart_svg, path_said

SVG = "{http://www.w3.org/2000/svg}"
FACTS = TableFacts(rows=5_000, ratio=19, continuous=2, recall_enough=True, precision_enough=False)


@pytest.mark.parametrize("chart", FLOWCHARTS.values(), ids=lambda chart: chart.name)
def test_the_picture_says_every_box_and_marks_the_path(chart):
    path = chart.path(FACTS)
    root = ElementTree.fromstring(flowchart_svg(chart, path))
    title, about = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == (title.get("id"), about.get("id"))
    assert title.text == f"Flowchart: {chart.title}"
    assert "prefers-color-scheme:dark" in root.find(f"{SVG}style").text
    boxes = root.findall(f"{SVG}g[@role='graphics-symbol img']")
    said = [box.get("aria-label") for box in boxes]
    on = {taken.box.text for taken in path}
    assert sorted(said) == sorted(b.text + ", on the path of this table" * (b.text in on) for b in chart.boxes)
    for box in chart.boxes:
        assert box.text.rstrip("?") in about.text
        for answer, key in box.ways:
            assert f"{answer or 'then'}: {chart[key].text}" in about.text
    # the letters inside a box are its words, in order
    for box, label in zip(boxes, said, strict=True):
        assert " ".join(t.text for t in box.findall(f"{SVG}text")) == label.partition(", on the path")[0]


@pytest.mark.parametrize("chart", FLOWCHARTS.values(), ids=lambda chart: chart.name)
def test_boxes_lie_inside_the_frame_and_apart(chart):
    root = ElementTree.fromstring(flowchart_svg(chart))
    _, _, width, height = map(float, root.get("viewBox").split())
    boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in root.iterfind(f"{SVG}g/{SVG}rect")]
    assert len(boxes) == len(chart.boxes)
    for i, (x, y, w, h) in enumerate(boxes):
        assert x >= 0
        assert x + w <= width
        assert y + h <= height
        for a, b, c, d in boxes[:i]:
            assert x >= a + c or a >= x + w or y >= b + d or b >= y + h
    assert " on" not in "".join(e.get("class", "") for e in root.iter())


def test_paths_in_words_end_as_sentences_do():
    said = {chart.name: path_said(chart) for chart in chart_records(FACTS)}
    assert said["ratio"] == "Which ratio is nearest? 95/5; Moderate: SMOTE, then tune the threshold."
    open_end = TableFacts(rows=10, ratio=3)
    assert path_said(chart_records(open_end)[2]) == "Train, judge at a threshold; Recall high enough?"
