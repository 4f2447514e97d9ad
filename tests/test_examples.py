"""The examples run, and say what they claim."""

import importlib.util
from pathlib import Path

import pytest

from rareclass.scoring import Scorer

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_transactions_example_beats_doing_nothing(capsys):
    found = load("transactions").main(8_000)
    assert found["cost per row"] < found["cost of doing nothing"]
    assert found["low"] <= found["average precision"] <= found["high"]
    assert "Calibration" in capsys.readouterr().out


def test_each_mistake_shows_more_than_is_true_and_is_named(capsys):
    found = load("leaks").main(seeds=3)
    said = capsys.readouterr().out
    for name, parts in found.items():
        assert parts["shown"] > parts["honest"], name
        assert parts["shown"] == pytest.approx(sum(parts[k] for k in ("leak", "prevalence", "threshold", "honest")))
    first = found["SMOTE before the split"]
    assert first["leak"] > 0.2
    assert first["prevalence"] > 0.05
    for code in ("resampled-before-split", "calibrated-on-judged-rows", "test-part-used-twice"):
        assert f"({code})" in said


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")  # a sample with the cheapest stages
def test_the_intrusion_example_keeps_its_promise_and_gives_reasons(capsys, tmp_path):
    example = load("intrusion")
    path = example.DATA / "kddcup99_10pct.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    pytest.importorskip("matplotlib").use("Agg")
    cheap = {"judge": "logistic_regression", "judge_treatment": "none", "gate_trees": 30, "cv": 2}
    found = example.main(path, rows=6_000, out=tmp_path, treatments=["class_weight"], **cheap)
    assert found["attacks"] == 52
    assert found["recall promised"] == pytest.approx(0.05 ** (1 / 52))
    assert found["passed"] < 0.5
    assert found["cost per row"] < found["cost of doing nothing"]
    assert found["reasons"] == 4
    assert found["arms"] == 3
    assert (tmp_path / "intrusion.png").stat().st_size > 10_000
    assert Scorer.load(tmp_path / "intrusions").exact
    said = capsys.readouterr().out
    assert "Gate: a row passes" in said
    assert all(name in said for name in example.POLICY.names)
    assert "A missed event costs 2,000 and a false alarm 10." in said
