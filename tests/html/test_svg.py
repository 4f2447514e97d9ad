"""Scales, ticks, lines and labels of the inline plots."""

import pytest

from rareclass.html.svg import Plot, Scale, nice_step, round_up


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
