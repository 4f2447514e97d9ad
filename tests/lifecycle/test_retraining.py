"""A retraining promotes what is surely better on rows that nobody saw, refuses the rest, and says what is missing."""

import errno
import os

import numpy as np
import pyarrow as pa
import pytest
from tests.lifecycle.drifting import payments, started, trained

from rareclass.data.problem import Roles
from rareclass.errors import InputError, RegistryError
from rareclass.lifecycle import Registry, retrain

BY_DAY = Roles(time="day")


@pytest.fixture(scope="module")
def bundle():
    return trained(payments(8000, 0))


@pytest.fixture
def registry(tmp_path, bundle):
    return started(tmp_path / "registry", bundle)


MOVED = payments(12_000, 1, begin=2, moved=0.6)


def test_after_fraud_moved_a_challenger_takes_over_and_the_untouched_quarter_has_no_say_in_it(registry, tmp_path):
    found = retrain(registry, MOVED, roles=BY_DAY)
    assert found.outcome == "promoted"
    assert registry.champion_version == found.version != found.before
    last = registry.history()[-1]
    assert (last["what"], last["before"], last["why"]) == ("promoted", found.before, found.sentence)
    assert found.figures["difference"]["high"] < 0
    assert (found.figures["fitted_rows"], found.figures["judged_rows"]) == (9000, 3000)
    champion = registry.champion()
    assert champion.recipe["period"][1] == MOVED["day"].to_numpy()[8999]
    # the same older rows and other newest ones: the same challenger
    rng = np.random.default_rng(5)
    order = np.r_[np.arange(9000), 9000 + rng.permutation(3000)]
    days = MOVED["day"].to_numpy()
    other = MOVED.take(order).set_column(MOVED.schema.get_field_index("day"), "day", [days])
    second = started(tmp_path / "second", Registry(registry.folder).load(found.before))
    retrain(second, other, roles=BY_DAY)
    same = second.load(second.versions()[-1])
    np.testing.assert_array_equal(same.model.positive_logit(MOVED), champion.model.positive_logit(MOVED))


def test_without_times_the_order_of_the_file_is_that_of_time(registry):
    found = retrain(registry, MOVED.drop_columns(["day"]))
    assert found.outcome == "promoted"
    assert (found.figures["fitted_rows"], found.figures["judged_rows"]) == (9000, 3000)


def test_where_nothing_moved_the_champion_stays_and_a_further_attempt_is_judged_more_strictly(registry):
    same = payments(9000, 1, begin=2)
    first = retrain(registry, same, roles=BY_DAY, history="growing")
    again = retrain(registry, same, roles=BY_DAY, history="window", again=True)
    assert {first.outcome, again.outcome} <= {"refused", "more labels"}
    assert registry.champion_version == first.before == again.before
    assert "Judged at 0.975, as challenger 1 of this champion" in first.sentence
    assert "Judged at 0.9917, as challenger 2 of this champion" in again.sentence
    assert [e["what"] for e in registry.history()][-4:] == ["added", first.outcome, "added", again.outcome]
    assert first.version in registry.versions()
    assert (first.labels_needed > 0) is (first.outcome == "more labels")
    if first.labels_needed:
        assert f"{first.labels_needed:,} more events" in first.sentence


@pytest.mark.parametrize(("method", "counted"), [("poisson_sum", 2), ("identical", 1)])
def test_attempts_count_where_they_could_have_promoted(registry, method, counted):
    now = registry.champion_version
    registry.note("more labels", now, "Too few events to be judged.", {"judged_events": 3})
    registry.note("refused", now, "An earlier challenger.", {"difference": {"method": method}})
    found = retrain(registry, payments(9000, 1, begin=2), roles=BY_DAY, history="growing")
    assert f"as challenger {counted} of this champion" in found.sentence


@pytest.mark.parametrize("roles", [BY_DAY, Roles()])
def test_another_challenger_waits_until_half_as_many_events_as_judged_the_last_are_new(registry, roles):
    rows = payments(9000, 1, begin=2)
    rows = rows if roles.time else rows.drop_columns(["day"])
    first = retrain(registry, rows, roles=roles, history="growing")
    assert first.outcome in {"refused", "more labels"}
    entries = len(registry.history())
    wait = retrain(registry, rows, roles=roles, history="growing")
    assert (wait.outcome, wait.version, len(registry.history())) == ("more labels", "", entries)
    half = -(-first.figures["events"] // 2)
    assert wait.labels_needed == min(half, first.labels_needed or half)
    assert "0 came since" in wait.sentence
    later = payments(3000, 2, begin=4)
    later = later if roles.time else later.drop_columns(["day"])
    event = later["fraud"].to_numpy()
    enough = int(np.flatnonzero(np.cumsum(event) == wait.labels_needed)[0]) + 1
    almost = retrain(registry, pa.concat_tables([rows, later.slice(0, enough - 1)]), roles=roles, history="growing")
    assert (almost.version, almost.labels_needed) == ("", 1)
    assert retrain(registry, pa.concat_tables([rows, later.slice(0, enough)]), roles=roles, history="growing").version


def test_a_fixed_window_of_rows_is_enough_once_it_has_moved(registry):
    first = retrain(registry, payments(9000, 1, begin=2), roles=BY_DAY, history="growing")
    moved = payments(9000, 2, begin=2.4)  # as many rows, the newest two fifths of them new
    assert retrain(registry, moved, roles=BY_DAY, history="growing").version not in ("", first.version)


def test_rows_that_stand_in_the_table_twice_are_said(registry):
    few = payments(400, 1, begin=2, prevalence=0.008)
    assert retrain(registry, few, roles=BY_DAY).notes == []
    (said,) = retrain(registry, pa.concat_tables([few, few.slice(0, 30)]), roles=BY_DAY).notes
    assert said.startswith("30 rows repeat another wholly")


def test_the_level_alone_may_win(registry):
    found = retrain(registry, payments(12_000, 1, begin=2, prevalence=0.12), roles=BY_DAY, history="rederived")
    assert found.outcome == "promoted"
    assert found.figures["history"] == "rederived"
    assert "level and threshold alone were derived anew" in found.sentence


def test_half_of_what_is_new_judges_where_the_champion_knows_most_of_the_table(registry):
    new = payments(4000, 1, begin=2, moved=0.7)
    found = retrain(registry, pa.concat_tables([payments(8000, 0), new]), roles=BY_DAY, history="weighted")
    assert (found.figures["fitted_rows"], found.figures["judged_rows"]) == (10_000, 2000)


@pytest.mark.parametrize(
    ("rows", "few", "said"),
    [(400, 10, "rows to be judged by hold"), (1000, 10, "rows to be (judged by|learned from) hold")],
)
def test_too_few_new_events_are_counted_and_nothing_is_fitted(registry, rows, few, said):
    table = payments(rows, 1, begin=2, prevalence=0.008)
    found = retrain(registry, table, roles=BY_DAY)
    assert (found.outcome, found.version) == ("more labels", "")
    assert 0 < found.labels_needed <= few
    assert f"{found.labels_needed} more labels of events are needed" in found.sentence
    assert registry.history()[-1]["what"] == "more labels"
    assert len(registry.versions()) == 1


def test_poisoned_labels_are_refused_even_where_they_make_the_challenger_look_better(registry):
    poisoned = payments(12_000, 1, begin=2)
    y = poisoned["fraud"].to_numpy() & (np.asarray(poisoned["channel"]) != "online")
    found = retrain(registry, poisoned.set_column(5, "fraud", [y]), roles=BY_DAY, history="growing")
    assert found.outcome == "refused"
    assert found.figures["guards"]["labels"] == "failed"
    assert "or the kind of event that the champion learned has changed" in found.sentence
    assert found.figures["difference"]["high"] < 0  # on the poisoned rows it costs surely less
    assert registry.champion_version == found.before


def test_rows_that_the_champion_knows_are_no_new_labels(registry, tmp_path):
    known = payments(8000, 0)
    with pytest.raises(InputError, match=r"no labelled row is newer .* up to 1\.99"):
        retrain(registry, known, roles=BY_DAY)
    untimed = started(tmp_path / "untimed", trained(known, forward=False))
    with pytest.raises(InputError, match=r"in the training of the champion .*--time"):
        retrain(untimed, known)
    with pytest.raises(InputError, match="There are no new labels: rows of the newest quarter"):
        retrain(untimed, pa.concat_tables([known, payments(300, 1, begin=2)]))
    assert len(untimed.history()) == 2


def test_an_empty_registry_has_nothing_to_replay(tmp_path):
    with pytest.raises(RegistryError, match=r"has no champion to retrain. Train a model and promote it first"):
        retrain(Registry(tmp_path / "r"), MOVED)


def test_a_full_disk_or_another_process_leaves_the_champion(registry, monkeypatch):
    before = registry.champion_version
    with registry.retraining(), pytest.raises(RegistryError, match=f"held by process {os.getpid()}"):
        retrain(registry, MOVED, roles=BY_DAY, history="growing")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RegistryError, match="was left as it was: its disk is full"):
        retrain(registry, MOVED, roles=BY_DAY, history="growing")
    monkeypatch.undo()
    assert (registry.champion_version, len(registry.history())) == (before, 2)


def test_a_champion_promoted_meanwhile_stays(registry, bundle, monkeypatch):
    other = registry.add(trained(payments(3000, 9)))
    real = Registry.add

    def add_while_another_promotes(self, *given):
        self.promote(other, "meanwhile")
        return real(self, *given)

    monkeypatch.setattr(Registry, "add", add_while_another_promotes)
    with pytest.raises(RegistryError, match="Judge it again"):
        retrain(registry, MOVED, roles=BY_DAY, history="growing")
    assert registry.champion_version == other
