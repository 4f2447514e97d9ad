"""The projects run, on real data and on simulated ones, and say no more than their intervals allow."""

import pytest

from rareclass.data.catalogue import data_folder
from rareclass.learning import lesson

QUIET = "ignore::rareclass.errors.RareclassWarning"  # few rows, the cheapest stages


@pytest.mark.filterwarnings(QUIET)
def test_card_fraud_shows_the_leak_and_runs_without_the_real_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path / "nothing"))
    found = lesson("card-fraud").main(tmp_path, quick=True)
    said = capsys.readouterr().out
    assert "simulated card transactions stand in" in said
    assert said.count("check: ") == 2
    assert found["low"] < found["shown"] < found["high"] < found["leaked"]
    assert found["cost"]["calls where they pay"] < found["cost"]["nobody is called"]
    taught, after = found["observed_to_expected"].values()
    assert abs(after - 1) < abs(taught - 1)
    gain = found["gain"]
    assert ("these frauds cannot tell" in said.split("Second question")[0]) == (gain.low <= 0 <= gain.high)
    assert (tmp_path / "card_fraud.svg").is_file()


@pytest.mark.learn
@pytest.mark.data
@pytest.mark.filterwarnings(QUIET)
def test_the_intrusion_system_notices_the_new_attack_and_learns_it(tmp_path, capsys):
    if data_folder() is None:
        pytest.skip("no local data sets")
    found = lesson("intrusion-system").main(tmp_path, quick=True)
    said = capsys.readouterr().out
    assert {"new-mode", "recall-fell"} <= set(found["codes"])
    assert min(found["raised"]) > 60  # the day on which the attack begins
    assert found["state"] == "drift"
    assert found["cost"]["the champion"] < found["cost"]["the first model"] < found["cost"]["doing nothing"]
    assert found["outcome"] == "promoted" or "Somebody looks, and promotes it" in said
    assert "check: " in said
    assert (tmp_path / "intrusion_system.svg").is_file()
