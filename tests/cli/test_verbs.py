"""Each verb once on small data: exit code, what it prints and what it leaves on disk."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareclass import workflow
from rareclass.artifact import Bundle
from rareclass.cli import main
from rareclass.decisions import RecallAtLeast

FAST = ["--learner", "logistic_regression"]


def table(n=500, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    y = rng.random(n) < 1 / (1 + np.exp(3 - 2 * x[:, 0]))
    return pa.table(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "who": np.arange(n) // 2,
            "lost": 10 + np.abs(x[:, 2]),
            "fee": np.ones(n),
            "y": y * 1,
        }
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(table(), path)
    return str(path)


@pytest.fixture(scope="module")
def bundle(rows, tmp_path_factory):
    out = tmp_path_factory.mktemp("train") / "bundle"
    options = ["--drop", "lost", "--drop", "fee", "--groups", "who", "--min-recall", "0.8", "--threads", "1"]
    assert main(["train", rows, "--target", "y", *FAST, *options, "--out", str(out)]) == 0
    return str(out)


def test_diagnose_counts_the_events(rows, capsys):
    assert main(["diagnose", rows, "--target", "y", "--json"]) == 0
    events = int(table().column("y").to_numpy().sum())
    assert str(events) in capsys.readouterr().out
    assert main(["diagnose", rows, "--target", "y"]) == 0
    assert str(events) in capsys.readouterr().out


def test_train_leaves_a_bundle_that_decides_by_the_rule(bundle):
    assert Bundle.load(bundle).model.decision == RecallAtLeast(0.8)


def test_predict_writes_what_it_prints(bundle, rows, tmp_path, capfdbinary):
    out = tmp_path / "scored.csv"
    assert main(["predict", bundle, rows, "--out", str(out)]) == 0
    assert b"alerts" in capfdbinary.readouterr().err
    assert main(["predict", bundle, rows]) == 0
    printed = capfdbinary.readouterr().out
    assert printed.splitlines()[0].startswith(b'"row","probability"')
    assert out.read_bytes().splitlines() == printed.splitlines()
    assert len(printed.splitlines()) == 501


def test_a_budget_by_day_is_trained_and_kept_in_each_day(tmp_path, capsys):
    hours = np.datetime64("2024-05-01T00") + np.arange(480)
    path, out = str(tmp_path / "rows.parquet"), str(tmp_path / "bundle")
    pq.write_table(table(480).append_column("when", pa.array(hours.astype("datetime64[us]"))), path)
    options = ["--drop", "lost", "--drop", "fee", "--drop", "who", "--alert-budget", "3/day", "--threads", "1"]
    assert main(["train", path, "--target", "y", *FAST, *options, "--time", "when", "--out", out]) == 0
    assert "New rows are compared with it one by one" in " ".join(capsys.readouterr().out.split())
    scored = str(tmp_path / "scored.parquet")
    for option, alerts in ((["--time", "when"], [3] * 20), (["--one-period"], [3] + [0] * 19)):
        assert main(["predict", out, path, *option, "--out", scored, "--overwrite"]) == 0
        assert "stored threshold" not in capsys.readouterr().err
        found = pq.read_table(scored)["alert"].to_numpy().reshape(20, 24).sum(axis=1)
        assert sum(found) == sum(alerts)
        assert option == ["--one-period"] or found.tolist() == alerts
    assert main(["predict", out, path, "--out", scored, "--overwrite"]) == 0
    assert "The budget is kept by the stored threshold" in capsys.readouterr().err


TIERS = """
tier = [
    {name = "allow"},
    {name = "review", cost = 5, prevents = 0.9, capacity = 3, per = "day"},
    {name = "block", cost_fp = 60},
]
"""


def test_tiers_are_trained_and_written_by_predict(tmp_path, capsys):
    day = np.repeat(np.arange("2024-05-01", "2024-05-11", dtype="datetime64[D]"), 50)
    pq.write_table(table().append_column("day", pa.array(day)), tmp_path / "t.parquet")
    (tmp_path / "tiers.toml").write_text(TIERS)
    drop = [part for name in ("lost", "fee", "who") for part in ("--drop", name)]
    train = ["train", str(tmp_path / "t.parquet"), "--target", "y", "--time", "day", *FAST, *drop, "--threads", "1"]
    tiers = ["--tiers", str(tmp_path / "tiers.toml"), "--out", str(tmp_path / "b")]
    assert main([*train, *tiers]) == 2
    assert "--cost-fp" in capsys.readouterr().err
    assert main([*train, *tiers, "--cost-fp", "60", "--cost-fn", "500"]) == 0
    out = tmp_path / "p.parquet"
    assert main(["predict", str(tmp_path / "b"), str(tmp_path / "t.parquet"), "--time", "day", "--out", str(out)]) == 0
    found = pq.read_table(out)
    tier = np.array(found["tier"].to_pylist())
    assert {d: int((tier[day == d] == "review").sum()) for d in np.unique(day)} == dict.fromkeys(np.unique(day), 3)
    assert np.array_equal(found["alert"].to_numpy(), tier != "allow")
    capsys.readouterr()


def test_tiers_are_compared_and_evaluated_by_each_tier_and_slice(tmp_path, capsys, monkeypatch):
    shop = pa.array(np.array(["n", "s"])[np.arange(500) % 2])
    pq.write_table(table().append_column("shop", shop), rows := str(tmp_path / "t.parquet"))
    tiers, out = tmp_path / "tiers.toml", str(tmp_path / "run")
    tiers.write_text('tier = [{name = "allow"}, {name = "review", cost = 1, prevents = 0.9}]')
    dropped = [part for name in ("lost", "fee", "who") for part in ("--drop", name)]
    asked = ["--tiers", str(tiers), "--cost-fp", "1", "--cost-fn", "9", "--slices", "shop", *dropped]
    one = ["--learners", "logistic_regression", "--treatments", "none", "--folds", "2", "--threads", "1"]
    told, whole = [], workflow.results_of
    monkeypatch.setattr(workflow, "results_of", lambda *a, **k: told.append(1) or whole(*a, **k))
    assert main(["compare", rows, "--target", "y", *one, *asked, "--out", out]) == 0
    assert len(told) == 1  # what is printed is what was written
    assert "Tiers on the locked test part" in capsys.readouterr().out
    assert 'id="tiers"' in (tmp_path / "run" / "report.html").read_text()
    assert "## Tiers" in (tmp_path / "run" / "champion" / "card.md").read_text()
    assert main(["evaluate", f"{out}/champion", rows]) == 0
    said = capsys.readouterr().out
    assert "Tiers on these rows" in said
    assert "Slice" in said.split("Tiers on these rows")[1]
    assert main(["evaluate", f"{out}/champion", rows, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    each, acted = found["tiers"]["tiers"], found["decision"]["confusion"]
    assert (each[1]["name"], each[1]["rows"]) == ("review", acted["tp"] + acted["fp"])
    assert sum(t["cost"]["estimate"] for t in each) == pytest.approx(found["metrics"]["expected_cost"]["estimate"])
    assert len(found["slices"]["slices"][0]["tiers"]) == 2
    assert main(["compare", rows, "--target", "y", *one, *asked, "--min-recall", "0.9"]) == 2
    assert "--tiers" in capsys.readouterr().err


def test_a_cascade_with_tiers_is_trained_and_gives_them(rows, tmp_path, capsys):
    tiers, out, scored = tmp_path / "tiers.toml", str(tmp_path / "bundle"), str(tmp_path / "scored.parquet")
    tiers.write_text('tier = [{name = "allow"}, {name = "review", cost = 1, prevents = 0.9}]')
    left_out = ["--drop", "lost", "--drop", "fee", "--drop", "who"]
    asked = ["train", rows, "--target", "y", *FAST, *left_out, "--threads", "1"]
    stages = ["--cascade", "--gate-recall", "0.8", "--gate-trees", "20", "--tiers", str(tiers)]
    assert main([*asked, *stages, "--cost-fp", "1", "--cost-fn", "9", "--out", out]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "its recall is at least 0.8" in said
    assert main(["predict", out, rows, "--out", scored]) == 0
    found = pq.read_table(scored)
    assert set(found["tier"].to_pylist()) == {"allow", "review"}
    assert [t == "review" for t in found["tier"].to_pylist()] == found["alert"].to_pylist()


def test_evaluate_takes_costs_by_class_and_by_row(bundle, rows, capsys):
    assert main(["evaluate", bundle, rows, "--target", "y", "--cost-fp", "1", "--cost-fn", "20", "--json"]) == 0
    by_class = json.loads(capsys.readouterr().out)
    assert main(["evaluate", bundle, rows, "--target", "y", "--cost-columns", "fp=fee,fn=lost"]) == 0
    assert by_class
    assert capsys.readouterr().out


def test_sample_keeps_every_event(rows, tmp_path, capsys):
    out = tmp_path / "few.parquet"
    assert main(["sample", rows, "--target", "y", "--negatives", "2", "--out", str(out)]) == 0
    kept = pq.read_table(out)
    assert int(kept["y"].to_numpy().sum()) == int(table()["y"].to_numpy().sum())
    assert "keep_probability" in kept.column_names
    said = capsys.readouterr().err
    assert "probability" in said
    (following,) = [line.split()[1:] for line in said.splitlines() if line.strip().startswith("rareclass ")]
    assert following[:2] == ["compare", str(out)]
    bundle = ["train", *following[1:-1], str(tmp_path / "bundle"), "--learner", "logistic_regression"]
    assert main(bundle) == 0
    assert "keep_probability" not in json.loads((tmp_path / "bundle" / "model.json").read_text("utf-8"))["schema"]
    model = Bundle.load(tmp_path / "bundle").model
    mean = model.predict_proba(table().drop_columns("y"))[:, 1].mean()
    assert abs(mean / np.mean(table()["y"].to_numpy()) - 1) < 0.25  # not the third that stands in the sample


def test_compare_leaves_a_run_that_report_draws_again(rows, tmp_path, capsys):
    run = tmp_path / "run"
    options = ["--learners", "logistic_regression", "--treatments", "none", "--folds", "2", "--drop", "lost", "--drop"]
    arguments = ["compare", rows, "--target", "y", *options, "who", "--alert-budget", "10%", "--threads", "1"]
    assert main([*arguments, "--out", str(run), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    stored = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert shown["champion"] == stored["champion"]
    assert shown["data"]["events"] == stored["data"]["events"]
    html = run / "report.html"
    html.unlink()
    assert main(["report", str(run)]) == 0
    assert html.is_file()
    assert str(html) in capsys.readouterr().out.replace("\n", "")


def test_the_seven_ways_are_compared_by_name(rows, capsys):
    options = ["--preset", "seven-way", "--learners", "logistic_regression", "--folds", "2", "--threads", "1", "--json"]
    assert main(["compare", rows, "--target", "y", *options, "--cost-fp", "1", "--cost-fn", "20"]) == 0
    found = json.loads(capsys.readouterr().out)["seven_ways"]
    assert [way["way"] for way in found["ways"]][-2:] == ["weights + threshold", "cost matrix"]
    assert [s.split(":")[0] for s in found["sentences"]] == ["Best F1", "Best cost"]


@pytest.fixture(scope="module")
def leaking(tmp_path_factory):
    path = tmp_path_factory.mktemp("leak") / "leaking.parquet"
    y = table()["y"].to_numpy()
    leak = 100.0 * y + np.random.default_rng(1).normal(size=y.size)
    pq.write_table(table().append_column("outcome code", pa.array(leak)), path)
    return str(path)


def test_compare_shows_a_leak_first_and_what_is_left_without_it(leaking, tmp_path, capsys):
    run = tmp_path / "run"
    arguments = ["compare", leaking, "--target", "y", "--learners", "logistic_regression", "--treatments", "none"]
    assert main([*arguments, "--folds", "2", "--threads", "1", "--out", str(run)]) == 0
    said = capsys.readouterr().out
    assert "warning: Column 'outcome code'" in " ".join(said.split())
    assert said.index("outcome code") < said.index("is deployed")
    stored = json.loads((run / "results.json").read_text(encoding="utf-8"))
    finding, left = stored["findings"]
    assert (finding["code"], finding["severity"]) == ("column-too-good", "warning")
    assert "--drop 'outcome code'" in finding["remedy"]
    assert left["code"] == "without-named-columns"
    html = (run / "report.html").read_text(encoding="utf-8")
    assert html.index('id="findings"') < html.index("<h1>")
    assert Bundle.load(run / "champion").evidence["findings"] == stored["findings"]
    # what is said to be left is what a comparison without the column finds
    capsys.readouterr()
    assert main([*arguments, "--drop", "outcome code", "--folds", "2", "--threads", "1", "--json"]) == 0
    clean = json.loads(capsys.readouterr().out)
    assert clean["findings"] == []
    ap = next(a for a in clean["arms"] if a["name"] == "logistic_regression+none")["metrics"]["average_precision"]
    assert f"{ap['estimate']:.3f} [{ap['low']:.3f}, {ap['high']:.3f}]" in left["title"]


def test_train_and_diagnose_show_a_leak_first(leaking, tmp_path, capsys):
    out = tmp_path / "bundle"
    assert main(["train", leaking, "--target", "y", *FAST, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("\nwarning: Column 'outcome code'")
    assert Bundle.load(out).evidence["findings"][0]["code"] == "column-too-good"
    assert main(["diagnose", leaking, "--target", "y"]) == 0
    assert capsys.readouterr().out.startswith("\nwarning: Column 'outcome code'")


def test_diagnose_says_where_its_advice_was_measured(rows, capsys):
    assert main(["diagnose", rows, "--target", "y"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Measured on other tables, not on this one" in said
    assert "strongest columns alone reach ROC AUC a 0." in said


def test_version_and_help_say_who_they_are(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("rareclass ")
    assert main(["demo", "--help"]) == 0
    assert "Simulate card transactions" in capsys.readouterr().out


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Rows of three shops whose events differ; how much, the learner cannot know."""
    rng = np.random.default_rng(0)
    shop, x = rng.integers(0, 3, 900), rng.normal(size=900)
    y = rng.random(900) < 1 / (1 + np.exp(3 - x - np.array([-1.2, 1.2, 0.0])[shop]))
    path = tmp_path_factory.mktemp("shops") / "shops.parquet"
    pq.write_table(pa.table({"x": x, "shop": np.array(["north", "south", "west"])[shop], "y": y * 1}), path)
    return str(path)


def test_slices_stand_in_the_summary_the_evaluation_and_the_run(shops, tmp_path, capsys):
    bundle, run, money = str(tmp_path / "bundle"), tmp_path / "run", ["--cost-fp", "1", "--cost-fn", "20"]
    assert main(["train", shops, "--target", "y", *FAST, "--slices", "shop", *money, "--out", bundle]) == 0
    assert "between the slices of 'shop'" in capsys.readouterr().out.replace("\n", " ")
    assert main(["evaluate", bundle, shops, *money]) == 0
    assert "south" in capsys.readouterr().out
    assert main(["evaluate", bundle, shops, *money, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["slices"]
    assert {row["name"] for row in found["slices"]} == {"north", "south", "west"}
    assert all(row["cost"]["low"] <= row["cost"]["estimate"] <= row["cost"]["high"] for row in found["slices"])
    options = ["--learners", "logistic_regression", "--treatments", "none", "--folds", "2", "--slices", "shop"]
    assert main(["compare", shops, "--target", "y", *options, *money, "--threads", "1", "--out", str(run)]) == 0
    assert "Slices by shop" in capsys.readouterr().out
    stored = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert sum(row["rows"] for row in stored["slices"]["slices"]) == stored["design"]["dev_rows"]
    assert sum(row["rows"] for row in stored["test"]["slices"]["slices"]) == stored["design"]["test_rows"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert 'id="slices"' in page
    assert "O/E by slice" in page
    assert Bundle.load(run / "champion").model.slices == "shop"
