"""The textbook's flowcharts as code: every table finds its way, and ends where the lesson says."""

import itertools

import pytest

from rareclass.advisor import TableFacts, flowchart
from rareclass.errors import InputError
from rareclass.evaluation.flowcharts import FLOWCHARTS
from rareclass.treatments.registry import make_treatment

# (ratio of others to events, what the lesson says of it)
LESSON = [(4, "class_weight"), (19, "smote"), (99, "smote(ratio=0.1)+class_weight"), (2, "class_weight"),
          (10_000, "smote(ratio=0.1)+class_weight")]  # fmt: skip


@pytest.mark.parametrize(("ratio", "said"), LESSON)
def test_the_ratio_leads_to_what_the_lesson_says(ratio, said):
    assert flowchart("ratio").advised(TableFacts(rows=5_000, ratio=ratio)) == said


@pytest.mark.parametrize(
    ("rows", "ratio", "keys"),
    [
        (999, 2, ["ratio", "mild", "size", "small"]),
        (1_000, 7 / 3, ["ratio", "moderate", "size", "middle"]),
        (10_000, 19, ["ratio", "moderate", "size", "middle"]),
        (10_001, 19.1, ["ratio", "severe", "size", "large"]),
    ],
)
def test_the_limits_of_ratio_and_size(rows, ratio, keys):
    path = flowchart("ratio-and-size").path(TableFacts(rows=rows, ratio=ratio))
    assert [taken.box.key for taken in path] == keys


@pytest.mark.parametrize(
    ("facts", "advised"),
    [
        ({"rows": 500, "continuous": 3}, "smote"),
        ({"rows": 500, "continuous": 0}, "class_weight"),
        ({"rows": 50_000, "continuous": 3}, "random_under"),
        ({"rows": 50_000, "continuous": 3, "network": True}, "focal"),
    ],
)
def test_the_kind_of_data_decides_after_the_first_try(facts, advised):
    chart, found = flowchart("data"), TableFacts(ratio=50, **facts)
    assert chart.path(found)[0].box.treatment == "class_weight"
    assert chart.advised(found) == advised


@pytest.mark.parametrize(
    ("recall", "precision", "good", "end"),
    [
        (None, None, None, "recall"),
        (False, None, None, "lower"),
        (True, None, None, "precision"),
        (True, False, None, "raise"),
        (True, True, False, "other"),
        (True, True, True, "ship"),
    ],
)
def test_the_loop_goes_as_far_as_is_known(recall, precision, good, end):
    facts = TableFacts(rows=1, ratio=1, recall_enough=recall, precision_enough=precision, good_enough=good)
    assert flowchart("loop").path(facts)[-1].box.key == end


@pytest.mark.parametrize("chart", FLOWCHARTS.values(), ids=lambda chart: chart.name)
def test_every_box_is_reached_and_every_treatment_is_one(chart):
    answers = [None, False, True]
    seen = set()
    for rows, ratio, network, continuous, *said in itertools.product(
        (500, 5_000, 50_000), (1.5, 10, 100), (False, True), (0, 4), answers, answers, answers
    ):
        known = dict(zip(("recall_enough", "precision_enough", "good_enough"), said, strict=True))
        facts = TableFacts(rows=rows, ratio=ratio, network=network, continuous=continuous, **known)
        seen |= {taken.box.key for taken in chart.path(facts)}
    assert seen == {box.key for box in chart.boxes}
    assert {key for box in chart.boxes for _, key in box.ways} <= seen
    for box in chart.boxes:
        if box.treatment:
            assert make_treatment(box.treatment).label == box.treatment
        assert all(bool(answer) == box.asks for answer, _ in box.ways)
        assert box.text in str(chart)


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="ratio-and-size"):
        flowchart("ratio_and_size")
