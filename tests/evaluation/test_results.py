"""results.json as values: its schema, and a real run read against it."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from rareclass._json import to_plain
from rareclass.evaluation import compare
from rareclass.evaluation.results import Advice, Finding, Results, schema_text

SCHEMA = json.loads(resources.files("rareclass.evaluation").joinpath("results.schema.json").read_text("utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_of(value, name):
    if name in ("number", "integer"):
        wanted = int if name == "integer" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def problems(value, schema, at="results"):
    """What a value breaks of the few words of JSON schema that our generator writes."""
    if "$ref" in schema:
        return problems(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], at)
    if "anyOf" in schema:
        every = [problems(value, s, at) for s in schema["anyOf"]]
        return [] if [] in every else every[0]
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_of(value, t) for t in types):
        return [f"{at} is {value!r}, not {types}"]
    found = [f"{at} is {value!r}"] if "enum" in schema and value not in schema["enum"] else []
    if isinstance(value, list):
        found += [p for i, v in enumerate(value) for p in problems(v, schema.get("items", {}), f"{at}[{i}]")]
    if isinstance(value, dict):
        found += [f"{at} lacks {key}" for key in schema.get("required", []) if key not in value]
        found += [f"{at} is not empty"] if len(value) > schema.get("maxProperties", len(value)) else []
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
        found += [p for k, v in value.items() for p in problems(v, known.get(k, rest), f"{at}.{k}")]
    return found


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 3))
    y = rng.random(1200) < 1 / (1 + np.exp(4 - 2 * X[:, 0]))
    how = {"learners": ["logistic_regression"], "treatments": ["none"], "costs": {"fp": 1.0, "fn": 20.0}}
    return to_plain(compare(X, y, n_jobs=1, **how).to_dict())


def test_the_committed_schema_is_what_the_dataclasses_say():
    said = json.dumps(SCHEMA, ensure_ascii=False, indent=1) + "\n"
    assert said == schema_text(), "write results.schema.json anew with rareclass.evaluation.results.schema_text()"


def test_a_real_run_obeys_the_schema(run):
    assert problems(run, SCHEMA) == []
    assert run["test"]["metrics"]


def test_a_broken_run_does_not_obey_the_schema(run):
    assert problems({k: v for k, v in run.items() if k != "data"}, SCHEMA) == ["results lacks data"]
    assert problems({**run, "champion": 3}, SCHEMA)
    assert problems({**run, "test": {"metrics": 3}}, SCHEMA)
    assert problems({**run, "design": {**run["design"], "split": "random"}}, SCHEMA)


def test_every_key_of_a_real_run_survives_reading_and_writing(run):
    def contains(more, less):
        if isinstance(less, dict):
            return all(k in more and contains(more[k], v) for k, v in less.items())
        if isinstance(less, list):
            return len(more) == len(less) and all(map(contains, more, less))
        return more == less

    again = Results.from_dict(run)
    assert contains(again.to_dict(), run)
    assert problems(again.to_dict(), SCHEMA) == []
    assert Results.from_dict(again.to_dict()).to_dict() == again.to_dict()


def test_the_least_that_is_promised_obeys_the_schema():
    """The example of the documented surface."""
    arm = {
        "name": "lightgbm+none", "learner": "lightgbm", "treatment": "none", "verdict": "baseline", "fit_seconds": 0.0,
        "metrics": {"average_precision": {"estimate": 0.0, "low": 0.0, "high": 0.0}},
        "calibration": {"observed_to_expected": 1.0, "brier_skill": 0.0, "brier_skill_ceiling": 0.0},
        "decision": {"rule": "minimum_cost", "threshold": 0.0, "expected_cost": 0.0},
        "difference_to_baseline": {"metric": "average_precision", "estimate": 0.0, "low": 0.0, "high": 0.0,
                                   "probability_better": 0.5},
    }  # fmt: skip
    least = {
        "schema_version": 1,
        "data": {"rows": 0, "events": 0, "prevalence": 0.0, "pos_label": "1", "target": "Class", "fingerprint": "x"},
        "design": {"folds": 5, "repeats": 1, "split": "time", "test_rows": 0, "test_events": 0, "seed": 0},
        "arms": [arm], "baseline": "lightgbm+none", "champion": "lightgbm+none",
        "test": {"metrics": {}, "decision": {}},
    }  # fmt: skip
    assert problems(least, SCHEMA) == []
    assert Results.from_dict(least).arms[0].difference_to_baseline.probability_better == 0.5


def test_findings_and_advice_are_written_as_they_were_given(run):
    found = Finding("duplicates-across-split", "error", "Fold 1: rows repeat.", "3 rows", "Keep equal rows together.")
    said = Advice(topic="weights", textbook="balance", measured="do not", evidence_id="collapse-lightgbm")
    results = replace(Results.from_dict(run), findings=[found], advice=[said])
    written = results.to_dict()
    assert problems(written, SCHEMA) == []
    assert written["findings"] == [found.to_dict()]
    assert Results.from_dict(written) == results
    written["findings"][0]["severity"] = "grave"
    assert problems(written, SCHEMA)


def test_a_finding_may_be_given_by_position_and_says_what_to_do():
    found = Finding("a-code", "note", "Title.", "3 rows", "Do this.")
    assert found.to_dict() == {
        "code": "a-code", "severity": "note", "title": "Title.", "evidence": "3 rows", "remedy": "Do this.",
    }  # fmt: skip
