"""Metrics: the files of all workers give what was counted, whatever the names and however workers die."""

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

metrics = pytest.importorskip("rareclass.serving.metrics")
parser = pytest.importorskip("prometheus_client.parser")

FRAUD = SimpleNamespace(name="fraud", tiers=())
TIERED = SimpleNamespace(name="tiered", tiers=("allow", "review", "block"))


def answers(logit, alert=None, tier=None, unknown=None, slices=None):
    logit = np.atleast_1d(np.asarray(logit, dtype=float))
    alert = np.zeros(logit.size, dtype=bool) if alert is None else np.atleast_1d(alert)
    return SimpleNamespace(logit=logit, alert=alert, tier=tier, unknown=unknown or {}, slices=slices)


def read(m):
    body, kind = m.exposition()
    assert kind.startswith("text/plain")
    found = {}
    for family in parser.text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def value(m, name, **labels):
    return read(m).get((f"rareclass_{name}", tuple(sorted(labels.items()))))


@pytest.fixture
def one(tmp_path):
    m = metrics.Metrics("0", tmp_path)
    m.reloaded("fraud", "abc")
    return m


def test_a_batch_counts_as_its_rows_one_by_one(tmp_path):
    rng = np.random.default_rng(0)
    logit, alert = rng.normal(-5, 4, size=200), rng.random(200) < 0.1
    tier = np.array(["allow", "review", "block"], dtype=object)[rng.integers(0, 3, size=200)]
    slices = rng.choice(["a", "b"], size=200).tolist()
    found = []
    for batches in (np.array_split(np.arange(200), 7), [[i] for i in range(200)]):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        m = metrics.Metrics("0", folder)
        for rows in batches:
            some = [slices[i] for i in rows]
            m.answered(FRAUD, answers(logit[rows], alert[rows], slices=some), 0.001)
            m.answered(TIERED, answers(logit[rows], alert[rows], tier[rows], slices=some), 0.001)
        found.append({k: v for k, v in read(m).items() if "request" not in k[0]})
    assert found[0].keys() == found[1].keys()
    assert found[0] == pytest.approx(found[1])
    assert found[0]["rareclass_alerts_total", (("model", "fraud"), ("slice", "a"), ("tier", "alert"))] == np.sum(
        alert & (np.array(slices) == "a")
    )


def test_histograms_are_those_of_observe(one, tmp_path):
    """The way past `observe` gives what prometheus-client gives."""
    import prometheus_client

    rng = np.random.default_rng(1)
    spent, logit = rng.exponential(0.003, size=50), np.concatenate([rng.normal(-6, 5, 48), [-12.0, 6.0]])
    plain = prometheus_client.Histogram("rareclass_plain", "", registry=None, buckets=metrics.LOG_ODDS)
    for seconds, z in zip(spent, logit, strict=True):
        one.answered(FRAUD, answers(z), seconds)
        plain.observe(z)
    for sample in plain.collect()[0].samples:
        if sample.name.endswith("_bucket"):
            assert value(one, "log_odds_bucket", model="fraud", **sample.labels) == sample.value
    assert value(one, "log_odds_sum", model="fraud") == pytest.approx(logit.sum())
    assert value(one, "request_seconds_sum", model="fraud", route="infer") == pytest.approx(spent.sum())
    assert value(one, "request_seconds_bucket", model="fraud", route="infer", le="0.002") == np.sum(spent <= 0.002)
    assert value(one, "request_seconds_count", model="fraud", route="infer") == 50


def test_unknown_models_make_no_series(one):
    before = len(read(one))
    for i in range(100):
        one.refused(f"made-up-{i}", 404, route="infer")
    assert value(one, "requests_total", model="", route="infer", status="404") == 100
    assert len(read(one)) == before + 1


def test_slices_have_at_most_fifty_labels_over_all_workers(tmp_path):
    workers = [metrics.Metrics(str(i), tmp_path) for i in range(2)]
    for k in range(40):
        for i, m in enumerate(workers):
            m.answered(FRAUD, answers(-3.0, slices=[f"shop {i} {k}"]), 0.001)
    rows = {k[1]: v for k, v in read(workers[0]).items() if k[0] == "rareclass_rows_total"}
    assert len(rows) == 51
    assert rows[("model", "fraud"), ("slice", "other")] == 30
    assert sum(rows.values()) == 80


@pytest.mark.parametrize("odd", ['a"b\\c\nd', "<script>", "\ud800", "x" * 5000, None, "ä \u2028", "\x00"])
def test_odd_names_are_labels_that_prometheus_reads(one, odd):
    one.answered(FRAUD, answers([-3.0, -2.0], slices=[odd, "b"], unknown={str(odd)[:5000]: 2}), 0.001)
    found = read(one)
    assert sum(v for k, v in found.items() if k[0] == "rareclass_rows_total") == 2
    assert sum(v for k, v in found.items() if k[0] == "rareclass_unknown_values_total") == 2
    assert all(len(text) <= 100 for _, labels in found for _, text in labels)


def test_workers_add_up_and_a_dead_one_leaves_its_counters_only(tmp_path):
    a, b = (metrics.Metrics(name, tmp_path) for name in "ab")
    for m in (a, b):
        m.reloaded("fraud", "abc")
        m.began()
        m.began()
        m.answered(FRAUD, answers(-3.0), 0.001)
        m.flush()
    assert value(a, "rows_total", model="fraud", slice="") == 2
    assert value(a, "in_flight_requests") == 4
    assert value(a, "model_workers", model="fraud", version="abc") == 2
    metrics.forget_worker(tmp_path, "b")
    assert value(a, "rows_total", model="fraud", slice="") == 2
    assert value(a, "in_flight_requests") == 2
    a.ended()
    assert value(a, "in_flight_requests") == 1
    assert value(a, "model_workers", model="fraud", version="abc") == 1
    again = metrics.Metrics("b", tmp_path)
    again.answered(FRAUD, answers(-3.0), 0.001)
    assert value(again, "rows_total", model="fraud", slice="") == 3


def test_a_failed_reload_is_seen_until_one_succeeds(one):
    one.reloaded("fraud", None, "scorer.npz does not match its checksum.")
    assert value(one, "model_workers", model="fraud", version="abc") == 1
    assert value(one, "reload_failing", model="fraud") == 1
    assert value(one, "reloads_total", model="fraud", outcome="failed") == 1
    one.reloaded("fraud", "def")
    assert value(one, "reload_failing", model="fraud") == 0
    assert value(one, "reloads_total", model="fraud", outcome="taken up") == 1  # the first load was none
    assert value(one, "model_workers", model="fraud", version="def") == 1
    assert value(one, "model_workers", model="fraud", version="abc") is None


def test_dropped_rows_of_the_log_are_counted(one):
    one.log_dropped(3)
    one.log_dropped(4)
    assert value(one, "log_dropped_rows_total") == 7


def test_in_a_server_counts_reach_the_files_later_and_by_themselves(one):
    async def serve():
        one.answered(FRAUD, answers(-3.0), 0.001)
        before = len(one.folder.joinpath("counter_0.db").read_bytes().rstrip(b"\0"))
        await asyncio.sleep(metrics.EVERY + 0.1)
        return before, len(one.folder.joinpath("counter_0.db").read_bytes().rstrip(b"\0"))

    before, after = asyncio.run(serve())
    assert after > before


def test_the_docs_name_every_metric_with_its_labels(one):
    text = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(rareclass_\w+)` \|([\w, ]*)\|", text, re.MULTILINE)
    told = {name: {label.strip() for label in labels.split(",") if label.strip()} for name, labels in table}
    one.answered(FRAUD, answers(-3.0, [True], slices=["a"], unknown={"b": 1}), 0.001)
    one.reloaded("fraud", "def")
    found = {}
    for name, labels in read(one):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        found[family] = {key for key, _ in labels if key != "le"}
    assert told == found
