"""The report on a terminal."""

import io

import pytest
from rich.console import Console

from rareclass.evaluation import words
from rareclass.fitting.slice_table import SliceRow, SliceTable
from rareclass.report.terminal import render_terminal, say_slices
from rareclass.uncertainty.estimate import Interval


def _printed(results, width, encoding="utf-8", **kwargs):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render_terminal(results, Console(file=file, width=width, **kwargs))
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_console(results, width):
    assert max(len(line) for line in _printed(results, width).splitlines()) <= width


def test_piped_output_holds_no_control_characters(results):
    assert not [c for c in _printed(results, 100) if ord(c) < 32 and c != "\n"]


def test_names_cannot_steer_the_terminal():
    arm = {"name": "x\x1b[31m\x07[bold]y", "sentence": "Ranks \x1b[2J worse."}
    text = _printed({"arms": [arm], "warnings": ["column \x1b]0;title\x07"]}, 80)
    assert "\x1b" not in text
    assert "[bold]y" in text


def test_all_arms_with_their_verdicts_and_differences_are_printed_once(full):
    text = " ".join(_printed(full, 200).split())
    for arm in full["arms"]:
        assert arm["verdict"] in text
        difference = arm["difference_to_baseline"]
        if difference is not None:
            low, high = (words.signed(difference[end]) for end in ("low", "high"))
            assert f"{words.signed(difference['estimate'])} [{low}, {high}]" in text
    assert "average precision against" not in text  # no paragraph for each arm that repeats the table
    assert "* lightgbm+negative_sampling" in text
    assert "lightgbm_library_default+none (exhibit)" in text


def test_wide_consoles_show_bars_and_differences(full):
    assert "━●━" in _printed(full, 140)
    assert "To the baseline" in _printed(full, 140)
    assert "●" not in _printed(full, 80)


def test_very_wide_consoles_show_every_interval(full):
    cost = full["arms"][0]["metrics"]["expected_cost"]
    said = f"{words.number(cost['estimate'])} [{words.number(cost['low'])}, {words.number(cost['high'])}]"
    table = [_printed(full, width).split("  Arm")[1] for width in (180, 140)]
    assert said in table[0]
    assert said not in table[1]


def test_an_output_without_unicode_gets_plain_signs(full):
    for encoding in ("ascii", "cp1252", "latin-1"):
        assert ">= 0.0196" in _printed(full, 140, encoding=encoding)


def test_findings_stand_above_all_numbers_and_say_what_to_do(full):
    text = " ".join(_printed(full, 200).split())
    for f in full["findings"]:
        assert f"{f['severity']}: {f['title']} {f['evidence']} [{f['code']}] {f.get('remedy', '')}".strip() in text
    assert text.index("error: Fold 3") < text.index("warning: Column V14") < text.index("note: 481")
    assert text.index("note: 481") < text.index("Average precision")
    assert "error:" not in _printed({**full, "findings": []}, 200)


def test_advice_is_printed_with_what_the_textbook_says(full):
    text = " ".join(_printed(full, 200).split())
    for a in full["advice"]:
        assert f"{a['topic']}: {a['measured']} (textbook: {a['textbook']})" in text
    assert "Advice" not in _printed({**full, "advice": []}, 200)


def test_a_terminal_gets_colour(full):
    assert "\x1b[" in _printed(full, 100, force_terminal=True, color_system="standard")


@pytest.mark.parametrize("results", [{}, {"arms": [None, {}]}, {"arms": [{"name": "a", "metrics": None}]}])
def test_broken_results_are_still_printed(results):
    assert _printed(results, 80)


def test_standard_output_is_the_default(capsys, full):
    render_terminal(full)
    assert "lightgbm+none" in capsys.readouterr().out


def test_slices_keep_their_names_on_narrow_consoles():
    ratio = Interval(2.3, 1.7, 3.1)
    known = {"prevalence": ratio, "before": ratio, "observed_to_expected": ratio, "verdict": "fewer events"}
    row = SliceRow(name="north by north-west", rows=9, events=2, **known)
    found = SliceTable(column="shop", slices=[row], sentences=["Calibration differs."])
    for width in (60, 80, 200):
        out = Console(width=width, file=io.StringIO())
        say_slices(found, out)
        said = out.file.getvalue()
        assert "north" in said
        assert "2.30 [1.70, 3.10]" in said
        assert "Calibration differs." in said
        assert max(map(len, said.splitlines())) <= width
    assert "Rows" in said
