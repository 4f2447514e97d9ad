"""The judgement of a bundle on a terminal."""

import io

from rich.console import Console

from rareclass.report.judgement import render_judgement

FOUND = {
    "bundle": "m", "rows": 1200, "events": 30, "prevalence": 0.025,
    "metrics": {"average_precision": {"estimate": 0.5, "low": 0.4, "high": 0.6},
                "precision": {"estimate": float("nan"), "low": float("nan"), "high": float("nan")}},
    "calibration": {"observed_to_expected": 1.02, "brier_skill": None},
    "decision": {"confusion": {"tp": 20.0, "fp": 1180.0, "fn": 10.0, "tn": 0.0}},
}  # fmt: skip


def _printed(found):
    file = io.StringIO()
    render_judgement(found, Console(file=file, width=100))
    return " ".join(file.getvalue().split())


def test_metrics_alerts_and_misses_are_printed():
    said = _printed(FOUND)
    assert said.startswith("m on 1,200 rows with 30 events (prevalence 2.500%)")
    assert "average precision 0.5000 0.4000 to 0.6000" in said
    assert "observed/expected 1.0200" in said
    assert said.endswith("Alerts: 1,200 rows flagged, 20 of them events; 10 events missed.")


def test_what_is_undefined_is_left_out_or_dashed():
    assert "precision at the decision" not in _printed(FOUND)
    assert "Brier skill –" in _printed(FOUND)


def test_observed_over_expected_and_brier_skill_have_their_intervals():
    known = {
        "observed_to_expected": {"estimate": 1.02, "low": 0.8, "high": 1.3},
        "brier_skill": {"estimate": 0.2, "low": 0.1, "high": 0.3},
    }
    said = _printed(FOUND | {"metrics": known, "calibration": {"observed_to_expected": 1.02, "brier_skill": 0.2}})
    assert "observed/expected 1.0200 0.8000 to 1.3000" in said
    assert "Brier skill 0.2000 0.1000 to 0.3000" in said
