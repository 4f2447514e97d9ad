"""The words of a report."""

import copy
import re

import pytest

from rareclass.evaluation import words
from rareclass.evaluation.results import Results
from rareclass.report.story import tell


def test_too_few_events_are_the_headline(few_events):
    story = tell(few_events)
    assert story.headline.startswith("12 events cannot rank these models")
    assert not story.ranked


def test_the_headline_says_in_plain_words_what_the_model_does(full, no_cost, few_events):
    test, idle = full["test"], full["figures_test"]["cost"]["flag_none"]
    caught, right = (words.percent(test["metrics"][k]["estimate"]) for k in ("recall", "precision"))
    paid = words.number(test["metrics"]["expected_cost"]["estimate"])
    assert tell(full).headline == (
        f"{full['champion']} catches {caught} of the events (Class = 1); {right} of its alerts are right, at {paid} "
        f"instead of {words.number(idle)} per row (flagging none)."
    )
    assert "instead of" not in tell(no_cost).headline
    dear = copy.deepcopy(full)
    dear["figures_test"]["cost"]["flag_all"] = 0.4 * idle  # then doing nothing is no measure
    assert tell(dear).headline.endswith(f"instead of {words.number(0.4 * idle)} per row (flagging all).")
    assert tell(few_events).headline == tell(few_events).standing
    silent = copy.deepcopy(no_cost)
    silent["test"]["metrics"] |= {"recall": {"estimate": 0.0, "low": 0.0, "high": 0.1}, "precision": None}
    assert "catches none of the events (Class = 1) at its threshold." in tell(silent).headline


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("helps", "better than the baseline"),
        ("no evidence", "as well as"),
        ("cannot tell", "cannot tell it"),
        ("hurts", "worse"),
    ],
)
def test_the_standing_follows_the_verdict_of_the_champion(full, verdict, said):
    results = copy.deepcopy(full)
    next(a for a in results["arms"] if a["name"] == results["champion"])["verdict"] = verdict
    assert said in tell(results).standing


def test_a_champion_that_is_the_baseline_is_said_so(full):
    results = {**full, "champion": full["baseline"]}
    assert "although 1 arm ranked better" in tell(results).standing
    calm = copy.deepcopy(results)
    for arm in calm["arms"]:
        arm["verdict"] = "cannot tell" if arm["verdict"] == "helps" else arm["verdict"]
    assert tell(calm).standing.startswith("No arm is shown to rank better than the baseline")


@pytest.mark.parametrize(
    ("luck", "said"),
    [
        ({"arms": 20, "luck": 0.0123}, "Chosen among 20 arms: about 0.012 of its average precision out of fold is"),
        ({"arms": 2, "luck": 0.0002}, "Chosen among 2 arms: less than 0.001 of its average precision"),
        ({"arms": 2, "luck": None}, ""),
        (None, ""),
    ],
)
def test_what_the_champion_owes_to_luck_stands_beside_the_reason(full, luck, said):
    plain = tell({**full, "champion_luck": {}}).reason
    story = tell({**full, "champion_luck": luck})
    assert story.reason == plain if not said else said in story.reason.removeprefix(plain)


def test_the_first_fact_is_the_average_precision_on_the_locked_test_part(full):
    fact = tell(full).facts[0]
    assert fact.estimate.value == full["test"]["metrics"]["average_precision"]["estimate"]
    assert fact.chance == pytest.approx(full["test"]["events"] / full["test"]["rows"])
    assert tell(full).judged_on.startswith("On the locked test part: 35 events in ")


def test_without_a_test_part_the_facts_are_out_of_fold(few_events):
    fact = tell(few_events).facts[0]
    assert tell(few_events).judged_on.startswith("Out of fold")
    assert fact.chance == pytest.approx(12 / 4212)


def test_every_key_figure_has_its_interval(full):
    said = {f.label: f" {f.detail} {f.note}" for f in tell(full).facts}
    for label in ("Average precision", "Expected cost per row", "Events caught"):
        assert re.search(r" \[\S+, \S+\]", said[label]), label
    assert re.search(r"\d% \[\S+%, \S+%\] of the alerts are right", said["Events caught"])
    full = copy.deepcopy(full)
    full["test"]["metrics"] |= {
        "observed_to_expected": {"estimate": 1.04, "low": 0.7, "high": 1.45},
        "brier_skill": {"estimate": 0.61, "low": 0.5, "high": 0.7},
        "saving": {"estimate": 0.5, "low": 0.4, "high": 0.6},
    }
    said = {f.label: f for f in tell(full).facts}
    assert said["Observed / expected"].detail == "[0.70, 1.45] · 1 is calibrated in the large"
    assert said["Observed / expected"].note.startswith("Brier skill 0.610 [0.500, 0.700]")
    assert said["Expected cost per row"].note.endswith("saves 0.500 [0.400, 0.600] against flagging none")


def test_money_is_not_mentioned_without_costs(no_cost, full):
    assert not tell(no_cost).has_costs
    assert not [f for f in tell(no_cost).facts if "cost" in f.label]
    assert [f for f in tell(full).facts if "cost" in f.label]
    # the default decision, equal costs, has a cost too: errors per row, which nobody asked for
    equal = copy.deepcopy(no_cost)
    for said in (equal["test"], *equal["arms"]):
        said["decision"]["expected_cost"] = 0.0125
    assert not tell(equal).has_costs
    assert not [f for f in tell(equal).facts if "cost" in f.label]


def test_library_defaults_are_marked_as_exhibit(full):
    assert [a.found.name for a in tell(full).arms if a.exhibit] == ["lightgbm_library_default+none"]


def test_the_tally_counts_every_arm_but_the_baseline(full):
    assert tell(full).tally.startswith("Against the baseline, of 9 other arms: 1 helps")


def test_results_that_are_values_already_tell_the_same_story(full):
    assert tell(Results.from_dict(full)) == tell(full)


def test_findings_come_worst_first_and_unknown_severities_last(full):
    odd = {"code": "X", "severity": "curious", "title": "?", "evidence": ""}
    story = tell({**full, "findings": [odd, *full["findings"]]})
    assert [f.severity for f in story.findings] == ["error", "warning", "note", "curious"]


@pytest.mark.parametrize(
    "results", [{}, {"arms": None, "data": None, "test": []}, {"arms": [None, {}]}, {"champion": "x"}]
)
def test_broken_results_still_make_a_story(results):
    assert tell(results).headline


def test_a_threshold_that_flags_none_and_costs_of_each_row_are_said_in_words(no_cost):
    results = copy.deepcopy(no_cost)
    results["test"]["decision"] |= {"threshold": None, "alert_rate": 0.0}
    assert "never" in [f.value for f in tell(results).facts]
    results["test"]["decision"]["per_row"] = True
    assert "its own costs say so" in [f.value for f in tell(results).facts]
