"""Which arms a picture lays over each other, and how they are told apart."""

import pytest

from rareclass.evaluation.results import FiguresRecord, RocPoints
from rareclass.report.drawing import layers
from rareclass.report.svg import Plot, Scale, nice_step, round_up


def _figures(*names):
    return {name: FiguresRecord(roc=RocPoints(fpr=[0.0, 1.0], tpr=[0.0, 1.0])) for name in names}


def test_champion_baseline_and_exhibit_come_first_each_in_its_own_style():
    figures = _figures("a+none", "b+none", "lightgbm_library_default+none", "base+none", "champ+none")
    shown = layers(figures, "roc", "champ+none", "base+none", ["lightgbm_library_default+none"])
    assert [(s.name, s.cls) for s in shown] == [
        ("champ+none", "line-a"),
        ("base+none", "line-b"),
        ("lightgbm_library_default+none", "line-c"),
        ("a+none", "line-d"),
    ]


def test_arms_without_the_picture_are_passed_over():
    figures = {**_figures("a+none"), "b+none": FiguresRecord(), "c+none": FiguresRecord.from_dict(None)}
    assert [s.name for s in layers(figures, "roc", "b+none", "c+none", ())] == ["a+none"]


@pytest.mark.parametrize("kind", ["linear", "log", "logit"])
def test_scales_keep_order_and_clip_what_lies_outside(kind):
    scale = Scale(0.001, 0.9, 40, 340, kind)
    at = [scale(v) for v in (0.0, 0.001, 0.01, 0.5, 0.9, 1.0)]
    assert at == sorted(at)
    assert at[0] == at[1] == pytest.approx(40)
    assert at[-2] == at[-1] == pytest.approx(340)


def test_ticks_are_round_and_inside():
    assert Scale(0, 1, 0, 1).ticks(4) == [0, 0.25, 0.5, 0.75, 1]
    assert Scale(-0.3, 1.2, 0, 1).ticks(4) == [0, 0.5, 1]
    assert Scale(1e-4, 1, 0, 1, "log").ticks(5) == pytest.approx([1e-4, 1e-3, 1e-2, 0.1, 1])
    assert nice_step(0.03) == pytest.approx(0.05)
    assert round_up(0.83) == pytest.approx(1.0)
    assert round_up(0.0) == 1.0


def test_a_stepped_line_goes_up_before_it_goes_right():
    plot = Plot("", (0, 1), (0, 1), width=100, height=100, margin=(0, 0, 0, 0))
    plot.line([(0, 1), (0.5, 0.5), (1, 0)], "line-a", step=True)
    assert 'd="M0 0L0 50L50 50L50 100L100 100"' in plot.render()


def test_labels_and_tips_are_escaped():
    plot = Plot('"><script>', (0, 1), (0, 1))
    plot.dot(0.5, 0.5, "mark", "<b>")
    plot.readout([(0.5, 0.5)], ['";<i>'])
    assert "<script>" not in plot.render()
    assert "<b>" not in plot.render()
    assert "<i>" not in plot.render()
