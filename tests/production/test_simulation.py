"""`rareclass simulate-production`: a month end to end over HTTP, twice the same; what it refuses."""

import json
import sys
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rareclass.cli.app import run
from rareclass.data.drifting import DriftingPayments
from rareclass.errors import DependencyError, InputError
from rareclass.lifecycle import Registry
from rareclass.lifecycle.retraining import Retraining
from rareclass.production import simulate_production, simulation
from rareclass.production.feedback import Decided
from rareclass.production.simulation import AUDIT, COSTS, _most, _Production, _Year


def test_the_most_probable_alerts_are_stopped_as_many_as_can_be() -> None:
    alert = np.array([True, False, True, True, True])
    probability = np.array([0.3, 0.9, 0.5, 0.3, 0.2])
    assert _most(alert, probability, 2).tolist() == [True, False, True, False, False]
    assert _most(alert, probability, 9).tolist() == alert.tolist()
    assert not _most(alert, probability, 0).any()


def test_no_months_and_a_folder_of_something_else_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["simulate-production", "--months", "0", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.strip() == "rareclass: --months must be between 1 and 120; got 0."
    assert not (tmp_path / "out").exists()


def test_without_the_packages_of_the_service_the_command_says_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["simulate-production", "--months", "1", "--out", str(tmp_path / "out")]) == 2
    assert 'pip install "rareclass[serving]"' in capsys.readouterr().err
    with pytest.raises(DependencyError):
        simulate_production(tmp_path / "out", months=1)


@pytest.mark.parametrize(
    ("asked", "alarms", "due"),
    [(0, 0, True), (5, 0, True), (6, 0, False), (6, 1, True)],
    ids=["refused", "the labels came", "they did not", "another alarm"],
)
def test_after_more_labels_were_asked_for_a_standing_alarm_is_no_reason_to_try_again(
    monkeypatch: pytest.MonkeyPatch, asked: int, alarms: int, due: bool
) -> None:
    """Two weeks after an attempt, five frauds having become known; a month after it is tried in any case."""
    payments = DriftingPayments(months=1, seed=0, rows=300)
    tried = []

    def retrain(*_: object, **__: object) -> Retraining:
        tried.append(True)
        return Retraining(outcome="more labels", version="", before="", sentence="", labels_needed=asked)

    monkeypatch.setattr(simulation, "retrain", retrain)
    monkeypatch.setattr(simulation, "came", lambda *_: 5)
    bank = object.__new__(_Production)
    bank.payments, bank.n_jobs, bank.tick, bank.registry = payments, 1, lambda *_: None, None
    bank.past = deque(Decided.of(payments, payments.day(number)) for number in range(2))
    bank.watch, bank.year = SimpleNamespace(monitor=SimpleNamespace(state="drift")), _Year()
    bank.tried = bank.heard = bank.wanted = 0
    bank._perhaps_retrain(28, None)
    bank.year.alarms += [{}] * alarms
    bank._perhaps_retrain(42, None)
    assert len(tried) == 1 + due
    bank._perhaps_retrain(70, None)
    assert len(tried) == 2 + due


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("production") / "month"
    simulate_production(out, months=1, seed=2, rows=300, n_jobs=1)
    return out


@pytest.mark.serving
def test_a_month_is_served_watched_and_retrained_and_its_cost_adds_up(month: Path) -> None:
    found = json.loads((month / "results.json").read_text(encoding="utf-8"))
    payments = DriftingPayments(months=1, seed=2, rows=300)
    days = [payments.day(number) for number in range(30)]
    assert found["payments"] == sum(day.fraud.size for day in days)
    assert found["frauds"] == sum(int(day.fraud.sum()) for day in days)
    assert [c["kind"] for c in found["changes"]] == [c.kind for c in payments.changes]
    assert len(found["alerts_per_day"]) == 30
    assert found["capacity"] == 42
    for day in found["days"]:
        stopped_wrongly = day["retrained"] - AUDIT * day["audited"] - COSTS.fn * (day["frauds"] - day["stopped_frauds"])
        stopped = stopped_wrongly / COSTS.fp + day["stopped_frauds"]
        assert stopped == min(day["alerts"], found["capacity"])
        assert day["audited"] <= stopped
    assert found["cost"]["frozen"] == sum(day["frozen"] for day in found["days"])
    assert len(found["retrainings"]) == 1
    registry = Registry(month / "registry")
    assert len(registry.versions()) >= 1
    assert registry.history()[1]["what"] == "promoted"
    assert (month / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (month / "figure.svg").read_text(encoding="utf-8").startswith("<svg xmlns=")
    with pytest.raises(InputError, match="not empty"):
        simulate_production(month, months=1)


@pytest.mark.serving
def test_the_same_seed_gives_the_same_results_whatever_the_threads(month: Path, tmp_path: Path) -> None:
    simulate_production(tmp_path / "again", months=1, seed=2, rows=300, n_jobs=2)
    assert (tmp_path / "again" / "results.json").read_bytes() == (month / "results.json").read_bytes()
    (tmp_path / "again" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        simulate_production(tmp_path / "again", months=1, overwrite=True)
