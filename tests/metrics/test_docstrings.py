"""Every metric says what its numbers mean."""

import inspect
import re

import pytest

import rareclass.metrics

# public functions that measure no quality of a scorer: intervals, tests, counts, sample sizes, tables of others
NO_METRIC = {
    "bayesian_correlated_t_test", "bayesian_signed_rank", "classification_report_imbalanced", "confidence_interval",
    "confusion_counts", "corrected_t_test", "cost_columns", "events_needed", "events_without_miss",
    "make_index_balanced_accuracy", "paired_difference",
}  # fmt: skip
METRICS = sorted(
    name
    for name in rareclass.metrics.__all__
    if inspect.isfunction(getattr(rareclass.metrics, name)) and name not in NO_METRIC
)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_its_chance_level_range_tie_rule_and_source(name):
    text = inspect.getdoc(getattr(rareclass.metrics, name))
    section = r"\n{}\n-+\n(.*?)(?=\n\w+\n-+\n|\Z)"
    returns, notes = (re.search(section.format(part), text, re.DOTALL) for part in ("Returns", "Notes"))
    assert returns is not None, "no Returns"
    assert notes is not None, "no Notes"
    assert re.search(r"[Cc]hance level", returns[1]), "chance level"
    assert re.search(r"\bin [\[(]", returns[1]), "range"
    assert re.search(r"\b[Tt]ie[sd]?\b", text), "tie rule"
    assert re.search(r"\((1[89]|20)\d\d\)", notes[1]), "source with its year"
