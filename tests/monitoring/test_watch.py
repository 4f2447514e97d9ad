"""Runs over a log and its labels: nothing counts twice, whatever is cut how; alarms reach others once."""

import datetime
import json

import numpy as np
import pyarrow as pa
import pytest
from tests.monitoring.logs import FIRST, written
from tests.monitoring.test_hooks import receiver
from tests.serving.bundles import fitted

from rareclass.errors import InputError, ReadError
from rareclass.monitoring.label_table import LabelColumns
from rareclass.monitoring.watch import Keeping, Sources, watch

DAYS, DRIFT, A_DAY = 60, 35, 70


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drifted") / "log"
    return folder, written(folder, fitted("plain"), DAYS, drift=DRIFT, segments=DAYS, a_day=A_DAY)


@pytest.fixture(scope="module")
def at_once(drifted):
    return run(drifted)


def run(drifted, keeping=Keeping(), options=None, **sources):
    folder, labels = drifted
    return watch(fitted("plain"), Sources(**{"log": folder, "labels": labels} | sources), keeping, options)


def told(found):
    return [(a["code"], a["since"], a["evidence"]["raised"], a["value"]) for a in found.alarms]


def test_a_planted_drift_is_found_and_dated(at_once):
    assert (at_once.state, at_once.drifted) == ("drift", True)
    assert "recall-fell" in [a["code"] for a in at_once.standing]
    planted = str((FIRST + np.timedelta64(DRIFT, "D")).astype("datetime64[D]"))
    alarm = next(a for a in at_once.alarms if a["evidence"]["detector"] == "recall")
    assert planted < alarm["evidence"]["raised"]
    low, high = alarm["since"]
    assert low <= planted <= high or abs(np.datetime64(low) - np.datetime64(planted)).astype(int) <= 7
    assert at_once.read["predictions"] == at_once.read["labels"] == DAYS * A_DAY
    assert at_once.new == [a for a in at_once.alarms if not a["evidence"]["again"]]
    assert all(map(at_once.is_new, at_once.standing))
    assert not any("would show" in s for s in at_once.outlook)  # recall has its alarm already


def test_without_drift_nothing_is_found(tmp_path):
    labels = written(tmp_path / "log", fitted("plain"), DAYS, seed=3, a_day=A_DAY)
    found = run((tmp_path / "log", labels))
    assert (found.state, found.alarms, found.problems) == ("ok", [], [])
    assert "would show after about" in found.outlook[0]


def test_daily_runs_give_what_one_run_gives_and_count_nothing_twice(drifted, at_once, tmp_path):
    folder, labels = drifted
    keeping = Keeping(state=tmp_path / "state.json")
    known = labels["label_time"].to_numpy()
    parts = sorted(folder.iterdir())
    read = []
    for upto in range(10, DAYS + 10, 10):
        grown = tmp_path / "log"
        grown.mkdir(exist_ok=True)
        for part in parts[:upto]:
            (grown / part.name).write_bytes(part.read_bytes())
        by_now = FIRST + np.timedelta64(upto, "D")
        found = run((grown, labels.filter(pa.array(known < by_now))), keeping)
        assert found.problems == []
        read.append(found.read["predictions"])
    assert read == [10 * A_DAY] * (DAYS // 10)
    assert told(found) == told(at_once)
    assert found.detectors == at_once.detectors
    assert found.history == at_once.history
    again = run((tmp_path / "log", labels), keeping)
    assert (again.read["predictions"], again.new, told(again)) == (0, [], told(at_once))
    assert not any(map(again.is_new, again.standing))


def test_a_state_is_of_one_bundle_and_of_the_options_that_it_was_begun_with(drifted, tmp_path):
    keeping = Keeping(state=tmp_path / "state.json")
    run(drifted, keeping, {"false_alarms_per_year": 0.1, "max_delay": None})
    assert run(drifted, keeping).options["false_alarms_per_year"] == 0.1
    assert run(drifted, keeping, {"false_alarms_per_year": 0.1}).options["max_delay"] == 60
    before = (tmp_path / "state.json").read_bytes()
    with pytest.raises(InputError, match=r"false_alarms_per_year=0.1.*and 0.2 is asked for"):
        run(drifted, keeping, {"false_alarms_per_year": 0.2})
    with pytest.raises(InputError, match="another file with --state"):
        watch(fitted("other"), Sources(log=drifted[0]), keeping)
    assert (tmp_path / "state.json").read_bytes() == before


def test_predictions_of_another_bundle_are_refused_or_told(drifted, tmp_path):
    folder, labels = drifted
    with pytest.raises(InputError, match=r"no predictions of this bundle.*Name the bundle"):
        watch(fitted("other"), Sources(log=folder, labels=labels))
    written(tmp_path / "log", fitted("plain"), 3)
    written(tmp_path / "more", fitted("other"), 2)
    (tmp_path / "more" / "000.parquet").rename(tmp_path / "log" / "other.parquet")
    found = watch(fitted("plain"), Sources(log=tmp_path / "log"))
    assert found.read["predictions"] == 450
    assert any(fitted("other").version in note for note in found.notes)


def test_an_empty_log_is_no_drift_and_none_is_an_error(tmp_path):
    (tmp_path / "log").mkdir()
    found = run((tmp_path / "log", pa.table({"id": ["a"], "label": [True]})))
    assert (found.state, found.now, found.history, found.timeline) == ("ok", "", [], [])
    assert any("no predictions yet" in note for note in found.notes)
    with pytest.raises(ReadError, match="no prediction log"):
        run((tmp_path / "nowhere", None))


def test_a_damaged_segment_is_named_the_rest_read_and_itself_once_it_is_mended(drifted, tmp_path):
    labels = drifted[1]
    written(tmp_path / "log", fitted("plain"), 20, segments=4, a_day=A_DAY)
    hurt = tmp_path / "log" / "002.parquet"
    whole = hurt.read_bytes()
    hurt.write_bytes(whole[:-50])
    keeping = Keeping(state=tmp_path / "state.json")
    found = run((tmp_path / "log", labels), keeping)
    assert found.read["predictions"] == 15 * A_DAY
    assert any("002.parquet" in p for p in found.problems)
    hurt.write_bytes(whole)
    found = run((tmp_path / "log", labels), keeping)
    assert found.read["predictions"] == 5 * A_DAY
    assert any("predictions came after" in p for p in found.problems)


def test_rows_of_a_wrong_clock_are_left_out_and_counted(tmp_path):
    bundle = fitted("plain")
    written(tmp_path / "log", bundle, 20)
    table = pa.parquet.read_table(tmp_path / "log" / "000.parquet").slice(0, 5)
    shifted = pa.array(np.array(["2041-01-01"] * 4 + ["1970-01-01"], dtype="datetime64[us]")).cast(table["time"].type)
    pa.parquet.write_table(
        table.set_column(1, table.schema.field("time"), shifted)
        .set_column(0, table.schema.field("id"), pa.array(list("abcde")))
        .replace_schema_metadata(table.schema.metadata),
        tmp_path / "log" / "wrong.parquet",
    )
    found = watch(bundle, Sources(log=tmp_path / "log"))
    assert (found.read["predictions"], found.now[:10]) == (20 * 150, "2026-03-20")
    assert any(p.startswith("5 predictions are dated") for p in found.problems)


def test_labels_without_times_prediction_or_agreement_are_told(drifted, tmp_path):
    written(tmp_path / "log", fitted("plain"), 12)
    log = tmp_path / "log"
    early = drifted[1].slice(0, 3)
    stray = pa.table({"id": ["x1", "x2", "x2"], "label": [True, False, False], "label_time": early["label_time"]})
    found = run((log, pa.concat_tables([early, stray.cast(early.schema)])))
    assert found.read["labels"] == 5
    assert any("2 labels wait for their prediction" in p for p in found.problems)
    assert any("1 labels repeat" in p for p in found.problems)
    both = pa.table({"id": ["1", "1"], "label": [True, False]})
    found = run((log, both))
    assert any("contradict each other" in p for p in found.problems)
    assert any("--label-time" in note for note in found.notes)
    found = run((log, stray))
    assert any(p.startswith("None of the 2 labels belongs") for p in found.problems)
    found = run((log, early.append_column("w", pa.array([1.0, 2.0, 3.0]))), columns=LabelColumns(weight="w"))
    assert found.read["labels"] == 3


def test_a_bundle_without_reference_says_what_is_off_and_how_many_events_are_missing(drifted, tmp_path):
    bundle = fitted("plain")
    bare = type(bundle)(bundle.model, name="bare", target="fraud")
    bare.save(tmp_path / "bare")
    bare = type(bundle).load(tmp_path / "bare")
    bare.reference.clear()
    written(tmp_path / "log", bare, 6)
    found = watch(bare, Sources(log=tmp_path / "log", labels=drifted[1]), options={"mature_after": 3.0})
    off = {d["name"]: d["why_off"] for d in found.detectors if not d["on"]}
    assert "there are" in off["recall"]
    assert "the bundle keeps 0" in off["new-mode"]
    assert any("Cannot tell yet whether recall falls" in s for s in found.outlook)


def test_alarms_reach_a_webhook_and_a_file_once_also_after_a_refusal(drifted, tmp_path):
    file = tmp_path / "events.jsonl"
    with receiver(400) as web:
        keeping = Keeping(state=tmp_path / "state.json", webhook=web.url, events=file)
        found = run(drifted, keeping)
        count = len(found.new)
        assert (len(web.got), found.undelivered) == (1, count)
        assert any("answered 400" in p and "secret" not in p for p in found.problems)
        found = run(drifted, keeping)
        assert (found.new, found.undelivered) == ([], 0)
        run(drifted, keeping)
    assert count > 1
    taken = [event["id"] for _, batch in web.got[1:] for event in batch]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert taken == [line["id"] for line in lines]
    assert len(set(taken)) == count
    assert (lines[0]["type"].split(".")[:2], lines[0]["data"]["state"]) == (["rareclass", "alarm"], "drift")


def test_a_state_that_cannot_be_written_tells_nobody_and_the_next_run_tells_all(drifted, tmp_path, monkeypatch):
    keeping = Keeping(state=tmp_path / "state.json", events=tmp_path / "events.jsonl")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rareclass.monitoring.state_file.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run(drifted, keeping)
    monkeypatch.undo()
    assert not (tmp_path / "state.json").exists()
    assert not (tmp_path / "events.jsonl").exists()
    found = run(drifted, keeping)
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == len(found.new) > 0


def test_a_run_that_is_killed_before_it_tells_is_made_good_by_the_next(drifted, at_once, tmp_path, monkeypatch):
    keeping = Keeping(state=tmp_path / "state.json", events=tmp_path / "events.jsonl")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rareclass.monitoring.watch.append_events", killed)
    with pytest.raises(KeyboardInterrupt):
        run(drifted, keeping)
    monkeypatch.undo()
    found = run(drifted, keeping)
    assert (found.new, found.state, found.undelivered) == ([], "drift", 0)
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == len(at_once.alarms)


def test_acknowledged_alarms_stand_no_more(drifted, tmp_path):
    keeping = {"state": tmp_path / "state.json"}
    run(drifted, Keeping(**keeping))
    with pytest.raises(InputError, match="all, or one of the detectors recall"):
        run(drifted, Keeping(**keeping, acknowledge="reacll"))
    with pytest.raises(InputError, match="There is no state file"):
        run(drifted, Keeping(state=tmp_path / "stat.json", acknowledge="all"), log=None)
    assert not (tmp_path / "stat.json").exists()
    found = run(drifted, Keeping(**keeping, acknowledge="recall"), log=None)
    assert "recall" not in {a["evidence"]["detector"] for a in found.standing}
    found = run(drifted, Keeping(**keeping, acknowledge="all", accept=True), log=None)
    assert (found.standing, found.drifted) == ([], False)
    assert len(found.alarms) > 0


def test_what_has_no_alarm_is_not_acknowledged_and_keeps_its_evidence(drifted, tmp_path):
    keeping = {"state": tmp_path / "state.json"}

    def statistics(found):
        standing = {a["evidence"]["detector"] for a in found.standing}
        return {d["name"]: d["statistic"] for d in found.detectors if d["name"] not in standing and "statistic" in d}

    before = statistics(run(drifted, Keeping(**keeping)))
    assert "volume" in before
    found = run(drifted, Keeping(**keeping, acknowledge="volume"), log=None)
    assert "No alarm of volume stands; nothing was acknowledged." in found.notes
    assert statistics(found) == before
    found = run(drifted, Keeping(**keeping, acknowledge="all"), log=None)
    assert before.items() <= statistics(found).items()
    found = run(drifted, Keeping(**keeping, acknowledge="all"), log=None)
    assert "No alarm stands; nothing was acknowledged." in found.notes


def test_until_when_is_judged_can_be_said_and_never_is_the_clock(drifted):
    early = run(drifted, now=datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC))
    assert (early.state, early.alarms, early.now) == ("ok", [], "2026-04-01T00:00:00Z")
    assert early.history[-1]["day"] == "2026-03-31"
    assert run(drifted).now[:10] == str((FIRST + np.timedelta64(DAYS - 1, "D")).astype("datetime64[D]"))


def test_labels_known_before_their_prediction_or_far_ahead_are_told(drifted):
    labels = drifted[1]
    known = labels["label_time"].to_numpy()
    early, ahead = np.arange(known.size) < 40, np.arange(known.size) >= known.size - 30
    times = known - np.where(early, np.timedelta64(4, "D"), np.timedelta64(0, "D"))
    times += np.where(ahead, np.timedelta64(3_650, "D"), np.timedelta64(0, "D"))
    found = run(drifted, labels=labels.set_column(2, "label_time", pa.array(times, pa.timestamp("us"))))
    assert any(p.startswith("40 labels became known before their prediction was made.") for p in found.problems)
    assert any(p.startswith("30 labels are dated more than 60 days after the moment") for p in found.problems)


def test_labels_of_the_day_that_is_not_over_do_not_count_as_without_prediction(drifted):
    found = run(drifted)
    assert not any("wait for their prediction" in p for p in found.problems)
