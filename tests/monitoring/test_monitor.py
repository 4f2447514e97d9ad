"""The monitor as a whole: what it finds does not depend on batches, and odd input has its defined answer."""

import datetime
import json

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.monitoring import RareClassMonitor

REFERENCE = {"decided": {"events": 600.0, "missed": 120.0, "alerts": 800.0, "alert_events": 480.0}}


def stream(days=45, change=25, seed=0, events=20, rows=60):
    """Ids, times, probabilities, labels and label times; recall falls from 0.8 to 0.4 on the day of the change."""
    rng = np.random.default_rng(seed)
    n = days * rows
    day, y = np.repeat(np.arange(days), rows), np.tile(np.arange(rows) < events, days)
    found = rng.random(n) < np.where(y, np.where(day < change, 0.8, 0.4), 0.1)
    time = day + rng.random(n)
    return np.arange(n), time, np.where(found, 0.8, 0.1), y, time + rng.gamma(2.0, 1.0, n)


def made(**options):
    return RareClassMonitor(**{"reference": REFERENCE, "threshold": 0.5, "mature_after": 5.0} | options)


def give(monitor, part, rows):
    ids, times, p, y, known = (v[rows] for v in part)
    return monitor.predictions(ids, times, p).labels(ids, y, times=known)


def test_a_fall_of_recall_is_found_and_dated():
    part = stream()
    monitor = give(made(), part, slice(None))
    alarms = monitor.check(60.0)
    found = [a for a in alarms if a.code == "recall-fell"]
    assert found
    assert found[0].since[0] <= 25 <= found[0].since[1]
    assert 0.2 < found[0].value < 0.6
    assert monitor.state == "drift"
    assert monitor.acknowledge().state != "drift"


def test_an_alarm_that_goes_on_is_raised_again_and_says_so():
    monitor = give(made(mature_after=1.0, cool_down=10.0), stream(days=80), slice(None))
    of_recall = [a for a in monitor.check(80.0) if a.evidence["detector"] == "recall"]
    assert [a.evidence["again"] for a in of_recall] == [False] + [True] * (len(of_recall) - 1)
    assert len(of_recall) > 1
    monitor.acknowledge("recall")
    assert "recall" not in [a.evidence["detector"] for a in monitor.standing]


@pytest.mark.parametrize("seed", range(3))
def test_batches_checks_and_saving_change_nothing(seed):
    rng = np.random.default_rng(seed)
    part = stream(seed=seed)
    whole = give(made(), part, slice(None))
    expected = whole.check(60.0)
    ids, times, p, y, known = part
    monitor, got, today = made(), [], 0.0
    while today < 60:
        day = today
        today += float(rng.integers(1, 9))
        for rows in np.array_split(rng.permutation(np.flatnonzero((times >= day) & (times < today))), 3):
            monitor.predictions(ids[rows], times[rows], p[rows])
        rows = rng.permutation(np.flatnonzero((known >= day) & (known < today)))
        monitor.labels(ids[rows], y[rows], times=known[rows])
        got += monitor.check(min(today, 60.0))
        monitor = RareClassMonitor.from_dict(json.loads(json.dumps(monitor.to_dict())))
    assert got == expected
    assert got
    assert monitor.history() == whole.history()
    assert [d["statistic"] for d in monitor.detectors()] == [d["statistic"] for d in whole.detectors()]


def test_since_comes_in_the_type_of_the_times():
    ids, times, p, y, _known = stream()
    start = np.datetime64("2026-01-01T00:00", "us")
    moments = start + (times * 86_400e6).astype("timedelta64[us]")
    first = made().predictions(ids, moments, p).labels(ids, y)
    low, high = first.check(start + np.timedelta64(60, "D"))[0].since
    assert isinstance(low, np.datetime64)
    assert low <= start + np.timedelta64(25, "D") <= high
    aware = [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=t) for t in times.tolist()]
    alarm = made().predictions(ids, aware, p).labels(ids, y).check(aware[0] + datetime.timedelta(days=60))[0]
    assert alarm.since[0].tzinfo is not None
    assert np.datetime64(alarm.since[0].replace(tzinfo=None)) == low
    with pytest.raises(InputError, match="before; give all in one type"):
        first.check(60.0)


def test_labels_without_prediction_wait_are_used_and_at_last_counted():
    ids, times, p, y, _ = stream(days=3)
    monitor = made(max_delay=10.0).labels(ids, y).labels(["nobody"], [1], times=[1.0])
    assert any("wait for their prediction" in said for said in monitor.problems)
    monitor.predictions(ids, times, p).check(9.0)
    assert sum(row.get("labelled", 0) for row in monitor.history()) == ids.size
    monitor.check(20.0)
    assert any(said.startswith("1 labels had no prediction") for said in monitor.problems)


def test_the_last_of_contradicting_labels_before_its_day_is_judged_counts():
    for order in ([0, 1, 2], [2, 0, 1]):
        monitor = made().predictions(["a"], [0.5], [0.9])
        times, labels = np.array([1.0, 3.0, 9.0]), np.array([0, 1, 0])
        for i in order:
            monitor.labels(["a"], labels[[i]], times=times[[i]])
        monitor.predictions(["b"], [30.0], [0.1]).check(40.0)
        assert monitor.history()[0]["events"] == 1
        assert any("contradict" in said for said in monitor.problems)


def test_repeated_rows_missing_numbers_and_other_versions_are_left_out_and_counted():
    monitor = made(version="abc").predictions(
        ["a", "a", "b", "c", "d"],
        [0.1, 0.2, 0.3, np.nan, 0.4],
        [0.9, 0.1, np.nan, 0.5, 0.9],
        versions=["abc"] * 4 + ["x"],
    )
    monitor.labels(["a", "b"], [1, np.nan])
    monitor.check(9.0)
    assert monitor.history()[0]["rows"] == 1
    assert monitor.history()[0]["alerts"] == 1
    said = " ".join(monitor.problems)
    for word in ("the earliest counts", "no probability", "no time", "another version"):
        assert word in said


@pytest.mark.parametrize("waiting", [True, False])
def test_rows_and_labels_given_again_are_silent_and_change_nothing(waiting):
    """As the command line does: all of the log and of the labels, day by day, in every run."""
    part = stream(days=50)
    ids, times, p, y, known = part
    whole = give(made(mature_after=None), part, slice(None))
    expected = whole.check(80.0)
    monitor, got = made(mature_after=None), []
    for run in (3, 17, 31, 33, 60, 80):
        first = monitor.open_since
        for day in range(0 if first is None else int(first), min(run, 50)):
            today = (times >= day) & (times < day + 1)
            known_now = np.where(known < run, y.astype(float), np.nan)
            for _ in range(2):
                monitor.predictions(ids[today], times[today], p[today])
                monitor.labels(ids[today], known_now[today], times=known[today])
            got += monitor.check(float(day))
        got += monitor.check(float(run))
        monitor = RareClassMonitor.from_dict(json.loads(json.dumps(monitor.to_dict(waiting=waiting))))
        late = [said for said in monitor.problems if "labels came after" not in said and "wait for" not in said]
        assert late == []
    assert got == expected
    assert got
    assert monitor.history() == whole.history()


def test_the_whole_log_given_again_long_after_is_silent():
    part = stream(days=40, change=99)
    monitor = made(max_delay=5.0)
    for _ in range(3):
        give(monitor, part, slice(None)).check(40.0)
    give(monitor, part, slice(None)).check(100.0)
    history, said = monitor.history(), monitor.problems
    give(monitor, part, slice(None)).check(101.0)
    assert monitor.history() == history
    assert monitor.problems == said
    assert [row["rows"] for row in history] == [60] * 40 + [0] * 60


def test_only_another_label_is_a_contradiction():
    monitor = made().predictions(["a", "b"], [0.5, 0.5], [0.9, 0.9]).labels(["a", "b"], [1, 1], times=[1.0, 1.0])
    monitor.check(3.0)
    for time in (1.0, 2.0):
        monitor.labels(["a", "b"], [1, 1], times=[time, time])
    assert monitor.problems == []
    monitor.labels(["a"], [0], times=[1.5]).labels(["a"], [0], times=[1.5])
    assert [said.split()[0] for said in monitor.problems] == ["1"]
    assert "contradict" in monitor.problems[0]


def test_rows_and_labels_behind_the_clock_are_named():
    monitor = made().predictions(["a"], [0.5], [0.9])
    monitor.check(3.0)
    monitor.predictions(["late"], [1.5], [0.9]).labels(["late"], [1])
    monitor.check(20.0)
    monitor.predictions(["later"], [1.5], [0.9]).labels(["a"], [1])
    said = " ".join(monitor.problems)
    assert "came after their day was over and judged" in said
    assert "came after their day was judged" in said
    assert sum(row.get("events", 0) for row in monitor.history()) == 1


def test_what_is_off_says_why_and_how_many_are_needed():
    monitor = made(reference={"decided": {"events": 30.0, "missed": 3.0}})
    ids, times, p, y, _ = stream(days=2)
    monitor.predictions(ids, times, p).labels(ids, y).check(30.0)
    off = {d["name"]: d["why_off"] for d in monitor.detectors() if not d["on"]}
    assert "needs 100 labelled events" in off["recall"]
    assert "there are 50." in off["recall"]
    assert "reference events with features" in off["new-mode"]
    assert "--no-reference-rows" in off["new-mode"]
    alerts = made(labels_from="alerts")
    assert {d["name"] for d in alerts.detectors() if "alerts only" in d["why_off"]} >= {"recall", "prevalence"}


def test_nothing_given_is_no_error():
    monitor = RareClassMonitor()
    assert monitor.check(100.0) == []
    assert monitor.state == "ok"
    assert monitor.problems == []
    monitor.predictions([], [], [], alerts=[]).labels([], [])
    assert monitor.check(1000.0) == []
    with pytest.raises(InputError, match="give `alerts`"):
        monitor.predictions(["a"], [1.0], [0.5])
    with pytest.raises(InputError, match="must be a time"):
        monitor.check(np.nan)


def test_a_gap_of_a_century_takes_no_time():
    monitor = made().predictions(["a", "b"], [0.5, 36_000.5], [0.9, 0.9]).labels(["a", "b"], [1, 1])
    assert monitor.check(1e7) == []
    history = monitor.history()
    assert [row["day"] for row in history if row["rows"]] == [0.0, 36_000.0]
    assert len(history) == 2 * 61  # sixty days of silence are noted after each


def test_labels_without_times_of_half_a_year_may_come_at_once():
    ids, times, p, y, _ = stream(days=180, change=999)
    monitor = made(max_delay=20.0).predictions(ids, times, p).labels(ids, y)
    monitor.check(190.0)
    assert sum(row.get("labelled", 0) for row in monitor.history()) == ids.size
    assert monitor.problems == []


def test_days_without_predictions_are_days_of_no_volume():
    def alarms(silent, after):
        ids, times, p, _, _ = stream(days=80, change=99)
        given = (times < 60) | (times >= 60 + silent)
        return made().predictions(ids[given], times[given], p[given]).check(60.0 + after)

    codes = [a.code for a in alarms(silent=20, after=20)]
    assert codes == ["volume"]
    found = alarms(silent=20, after=20)[0]
    assert found.since[0] <= 60 <= found.since[1]
    assert "rows from 60 a day to 0 a day" in found.sentence
    assert alarms(silent=1, after=20) == []  # one day off is none


def test_weekends_without_predictions_are_as_usual():
    ids, times, p, y, known = stream(days=120, change=999)
    work = np.floor(times) % 7 < 5
    part = tuple(v[work] for v in (ids, times, p, y, known))
    assert give(made(), part, slice(None)).check(140.0 - 14) == []


def test_the_state_stays_bounded():
    sizes = []
    monitor = made(max_delay=10.0)
    for k in range(8):
        part = stream(days=10, change=99, seed=k)
        shifted = (part[0] + k * 10_000, part[1] + 10 * k, part[2], part[3], part[4] + 10 * k)
        give(monitor, shifted, slice(None)).check(10.0 * k + 10)
        sizes.append(len(monitor._waiting.days))
    assert max(sizes[3:]) <= 24 * 60


def test_half_of_the_budget_goes_to_recall_and_all_of_it_is_shared():
    found = made(false_alarms_per_year=0.1).detectors()
    assert sum(d["share"] for d in found) == pytest.approx(1.0)
    recall = next(d for d in found if d["name"] == "recall")
    assert recall["share"] >= 0.5
    assert recall["threshold"] == pytest.approx(365.25 / (recall["share"] * 0.1))
    with pytest.raises(InputError, match="At least half"):
        made(shares={"recall": 0.2})
