"""A diagnosis on a terminal."""

import io
from dataclasses import replace

import numpy as np
from rich.console import Console

from rareclass.advisor import diagnose
from rareclass.evaluation.results import Finding
from rareclass.report.diagnosis import render_diagnosis


def _printed(found):
    file = io.StringIO()
    render_diagnosis(found.to_dict(), Console(file=file, width=200))
    return " ".join(file.getvalue().split())


def test_everything_that_was_found_is_printed():
    X = np.random.default_rng(0).normal(size=(300, 2))
    X[:6, 0], X[7] = np.nan, X[8]
    bare = diagnose(X, np.arange(300) % 25 == 0)
    found = replace(bare, findings=[Finding("c", "warning", "A [bold] title.", "3 rows", "Do this.")])
    said = _printed(found)
    first = "warning: A [bold] title. 3 rows [c] Do this. "
    counts = "12 events of class 'True' in 300 rows: prevalence 4.000%, one event to 24 others."
    assert said.startswith(first + counts)
    assert "2 features: 2 number." in said
    assert "1 row repeats an earlier one" in said
    assert "1 column has missing values: x0 2%." in said
    for sentence in [*found.allows, *(a.textbook for a in found.advice), *(a.advised for a in found.advice)]:
        assert " ".join(sentence.split())[:60] in said
    assert _printed(bare).startswith(counts)
