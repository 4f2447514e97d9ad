"""The examples run, and say what they claim."""

import importlib.util
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_the_transactions_example_beats_doing_nothing(capsys):
    spec = importlib.util.spec_from_file_location("transactions", EXAMPLES / "transactions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.main(8_000)
    assert found["cost per row"] < found["cost of doing nothing"]
    assert found["low"] <= found["average precision"] <= found["high"]
    assert "Calibration" in capsys.readouterr().out
