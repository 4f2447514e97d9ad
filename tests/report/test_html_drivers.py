"""The section of what drives the champion: numbers as they are, names as text, or why there are none."""

import copy
import re

import pytest

from rareclass.report.html import render_html
from rareclass.report.terminal import render_terminal


def section(results):
    found = re.search(r'<section id="drivers">.*?</section>', render_html(results), re.DOTALL)
    return "" if found is None else found.group(0)


def test_columns_events_and_rows_stand_side_by_side_with_intervals(full):
    text = section(full)
    first = full["drivers"]["columns"][0]
    assert first["name"] == "V14"
    row = re.search(r"<tr[^>]*><th[^>]*><b class=\"arm\">V14</b>.*?</tr>", text).group(0)
    assert "2.40 <small>[1.92, 2.88]</small>" in row
    assert "0.800 <small>[0.640, 0.960]</small>" in row
    assert "1 to 2" in row
    assert "not what causes the event" in text
    assert "5 more columns" in text
    assert "14 other columns contribute less." in text


def test_the_highest_rows_come_with_signed_reasons_and_their_truth(full):
    text = section(full)
    table = text[text.index('class="reasons"') :]
    assert table.count('<ul class="why">') == 10
    assert '<b class="up">+2.00</b> V14 = −12.3' in table
    assert '<b class="down">−1.20</b> &lt;img src=x onerror=alert(1)&gt; = −6.15' in table
    assert table.count(">event</span>") == sum(r["event"] for r in full["drivers"]["top"])


def test_names_of_columns_and_levels_are_text(full):
    assert not re.search(r"<img|<b>a</b>", section(full))


def test_without_reasons_a_sentence_says_why(few_events):
    assert "There are no reasons: the champion is not compiled, because a SVC is none" in section(few_events)


def test_runs_from_before_have_no_such_section(full):
    old = {k: v for k, v in full.items() if k != "drivers"}
    assert section(old) == ""
    assert section({**old, "drivers": {}}) == ""


@pytest.mark.parametrize("lack", ["columns", "effects", "top"])
def test_unfinished_results_are_drawn(full, lack):
    results = copy.deepcopy(full)
    del results["drivers"][lack]
    results["drivers"]["rows"] = None
    assert "<section" in section(results)


def test_the_terminal_says_it_in_a_short_table(full, few_events, capsys):
    render_terminal(full)
    said = capsys.readouterr().out
    assert "What drives it" in said
    assert re.search(r"V14 +2\.40 \[1\.92, 2\.88\] +0\.800 \[0\.640, 0\.960\]", said)
    render_terminal(few_events)
    assert "There are no reasons: the champion is not compiled" in capsys.readouterr().out
