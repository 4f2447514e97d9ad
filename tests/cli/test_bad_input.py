"""Each unusable input gets one sentence on stderr and exit code 2, and writes nothing."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rareclass.cli import main


def rows(n=400, events=30, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = np.zeros(n, dtype=int)
    y[np.argsort(-x - 0.5 * rng.normal(size=n))[:events]] = 1
    return {"x": x, "shop": np.array(["a", "b", "c"])[rng.integers(0, 3, n)], "y": y}


@pytest.fixture
def write(tmp_path):
    def make(columns, name="t.parquet"):
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        path = tmp_path / name
        (pyarrow.csv.write_csv if name.endswith(".csv") else pq.write_table)(table, path)
        return str(path)

    return make


def refused(capsys, arguments, *words):
    assert main([str(a) for a in arguments]) == 2
    said = capsys.readouterr()
    sentences = [line for line in said.err.splitlines() if line.startswith("rareclass: ")]
    assert len(sentences) == 1
    assert "Traceback" not in said.err
    for word in words:
        assert word in sentences[0]


def test_cascades_that_cannot_be(write, tmp_path, capsys):
    asked = ["train", write(rows()), "--target", "y", "--drop", "shop", "--out", tmp_path / "b"]
    refused(capsys, [*asked, "--gate-recall", 0.9], "--gate-recall", "Add --cascade")
    refused(capsys, [*asked, "--cascade"], "30 events", "149 events are needed", "Lower --gate-recall")
    tiers = tmp_path / "tiers.toml"
    tiers.write_text('tier = [{name = "allow"}, {name = "review", cost = 1}]')
    refused(capsys, [*asked, "--cascade", "--gate-recall", 0.8, "--tiers", tiers], "--cost-fp")
    assert not (tmp_path / "b").exists()


def test_a_target_that_does_not_exist(write, capsys):
    refused(capsys, ["compare", write(rows()), "--target", "Y"], "no column 'Y'", "'y'")


def test_no_target_at_all(write, capsys):
    refused(capsys, ["compare", write(rows())], "--target")


def test_a_constant_target(write, capsys):
    refused(capsys, ["compare", write(rows() | {"y": np.zeros(400, int)}), "--target", "y"], "constant")


def test_a_target_with_missing_values(write, capsys):
    data = rows() | {"y": pa.array([None] + [0, 1] * 199 + [1])}
    refused(capsys, ["compare", write(data), "--target", "y"], "missing")


def test_more_than_two_labels_without_a_rare_one(write, capsys):
    data = rows() | {"y": np.arange(400) % 3}
    refused(capsys, ["compare", write(data), "--target", "y"], "3 labels", "--pos-label")


def test_a_rare_label_that_does_not_occur(write, capsys):
    refused(capsys, ["compare", write(rows()), "--target", "y", "--pos-label", "7"], "7")


def test_fewer_events_than_folds(write, capsys):
    refused(capsys, ["compare", write(rows(events=15)), "--target", "y", "--folds", "14"], "14", "events")


def test_a_single_event(write, capsys):
    refused(capsys, ["compare", write(rows(events=1)), "--target", "y"], "1 event")


@pytest.mark.parametrize("content", [b"", b"\x00\x01broken", b"PAR1 truncated"])
def test_an_unreadable_file(tmp_path, capsys, content):
    (tmp_path / "t.parquet").write_bytes(content)
    refused(capsys, ["diagnose", tmp_path / "t.parquet", "--target", "y"], "t.parquet")


def test_an_empty_csv(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("")
    refused(capsys, ["diagnose", tmp_path / "t.csv", "--target", "y"], "t.csv")


def test_a_truncated_gzip(tmp_path, capsys):
    import gzip

    whole = gzip.compress(b"x,y\n" + b"1,0\n" * 5000)
    (tmp_path / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    refused(capsys, ["diagnose", tmp_path / "t.csv.gz", "--target", "y"], "t.csv.gz")


def test_a_file_that_does_not_exist(tmp_path, capsys):
    refused(capsys, ["diagnose", tmp_path / "no.csv", "--target", "y"], "no.csv")


def test_duplicate_column_names(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("a,a,y\n1,2,0\n3,4,1\n")
    refused(capsys, ["diagnose", tmp_path / "t.csv", "--target", "y"], "'a'")


@pytest.mark.parametrize("option", ["--groups", "--time", "--drop", "--categorical"])
def test_a_named_column_that_does_not_exist(write, capsys, option):
    refused(capsys, ["compare", write(rows()), "--target", "y", option, "nowhere"], "nowhere")


def test_groups_with_missing_values(write, capsys):
    data = rows() | {"g": pa.array([None] + ["a"] * 399)}
    refused(capsys, ["compare", write(data), "--target", "y", "--groups", "g"], "missing")


def test_times_that_are_no_times(write, capsys):
    data = rows() | {"t": ["soon"] * 400}
    refused(capsys, ["compare", write(data), "--target", "y", "--time", "t"], "numbers or dates")


COSTS = [
    (["--cost-fp", "0", "--cost-fn", "5"], "always"),
    (["--cost-fp", "5", "--cost-fn", "0"], "always"),
    (["--cost-fp", "nan", "--cost-fn", "5"], "finite"),
    (["--cost-fp", "1"], "--cost-fn"),
    (["--cost-columns", "fp=shop,fn=x"], "numbers"),
    (["--cost-columns", "fp=x"], "fn"),
    (["--cost-columns", "nonsense"], "fp=C1"),
    (["--trade-off"], "--cost-fn"),
]


@pytest.mark.parametrize(("options", "word"), COSTS)
def test_costs_that_decide_nothing(write, capsys, options, word):
    refused(capsys, ["compare", write(rows()), "--target", "y", *options], word)


RULES = [
    (["--alert-budget", "many"], "budget"),
    (["--alert-budget", "0"], "at least 1"),
    (["--alert-budget", "10/day"], "--time"),
    (["--min-recall", "1.5"], "recall"),
    (["--min-recall", ".9", "--max-fpr", ".1"], "one rule"),
    (["--maximize", "beauty"], "beauty"),
    (["--budget", "soon"], "--budget"),
    (["--learners", "magic"], "magic"),
    (["--treatments", "prayer"], "prayer"),
    (["--test-share", "1"], "--test-share"),
    (["--cost-fp", "1", "--cost-fn", "9", "--trade-off", "--min-recall", ".9"], "--alert-budget"),
    (["--cost-fp", "1", "--cost-fn", "9", "--trade-off", "--learners", "lightgbm,forest"], "one learner"),
    (["--preset", "seven-ways"], "Did you mean 'seven-way'"),
    (["--preset", "seven-way", "--treatments", "smote"], "Leave out --treatments"),
    (["--preset", "seven-way", "--min-recall", ".9"], "Give costs instead of a rule"),
    (["--preset", "seven-way", "--learners", "lightgbm,forest"], "those of one learner"),
    (["--preset", "seven-way", "--trade-off", "--cost-fp", "1", "--cost-fn", "9"], "Ask for one of them"),
]


@pytest.mark.parametrize(("options", "word"), RULES)
def test_options_that_mean_nothing(write, capsys, options, word):
    refused(capsys, ["compare", write(rows()), "--target", "y", *options], word)


def test_an_unknown_option(write, capsys):
    refused(capsys, ["compare", write(rows()), "--target", "y", "--colour", "red"], "--colour")


def test_an_output_folder_that_holds_another_run(write, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "results.json").write_text("{}")
    refused(capsys, ["compare", write(rows()), "--target", "y", "--out", tmp_path / "run"], "not empty", "--overwrite")
    assert (tmp_path / "run" / "results.json").read_text() == "{}"


def test_a_bundle_that_is_none(tmp_path, write, capsys):
    refused(capsys, ["predict", tmp_path, write(rows())], "no bundle")


def test_a_run_that_is_none(tmp_path, capsys):
    refused(capsys, ["report", tmp_path], "holds no run")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    pq.write_table(pa.table(rows()), folder / "t.parquet")
    assert main(["train", str(folder / "t.parquet"), "--target", "y", "--learner", "logistic_regression", "--out",
                 str(folder / "model"), "--threads", "1"]) == 0  # fmt: skip
    return folder / "model"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--time", "x", "--one-period"], "one of --time, --period and --one-period"),
        (["--time", "x"], "--period"),
        (["--key", "id"], "no --key column 'id'"),
        (["--one-period"], "alert budgets"),
    ],
)
def test_periods_that_a_decision_cannot_use(bundle, write, capsys, options, word):
    refused(capsys, ["predict", bundle, write(rows()), *options], word)


def test_a_column_missing_at_predict_time(bundle, write, capsys):
    data = rows()
    del data["shop"]
    refused(capsys, ["predict", bundle, write(data)], "'shop'")


def test_unknown_categories_are_handled_and_counted(bundle, write, tmp_path, capsys):
    data = rows(n=50, events=5) | {"shop": ["new"] * 7 + ["a"] * 43}
    assert main(["predict", str(bundle), write(data), "--out", str(tmp_path / "p.parquet")]) == 0
    assert "'shop': 7 value(s)" in capsys.readouterr().err
    p = pq.read_table(tmp_path / "p.parquet")["probability"].to_numpy()
    assert p.shape == (50,)
    assert ((p > 0) & (p < 1)).all()


def test_text_where_numbers_were(bundle, write, capsys):
    refused(capsys, ["predict", bundle, write(rows() | {"x": ["word"] * 400})], "'x'")


def test_an_altered_bundle_is_not_loaded(bundle, write, tmp_path, capsys):
    import shutil

    shutil.copytree(bundle, tmp_path / "b")
    state = json.loads((tmp_path / "b" / "model.json").read_text())
    state["arm"]["shift"] = 9.0
    (tmp_path / "b" / "model.json").write_text(json.dumps(state))
    refused(capsys, ["predict", tmp_path / "b", write(rows())], "altered")
    (tmp_path / "b" / "scorer.npz").unlink()
    (tmp_path / "b" / "model.json").write_bytes((bundle / "model.json").read_bytes())
    refused(capsys, ["predict", tmp_path / "b", write(rows())], "missing")


def test_evaluation_of_one_class_is_refused(bundle, write, capsys):
    refused(capsys, ["evaluate", bundle, write(rows() | {"y": np.zeros(400, int)})], "both classes")


def test_slices_that_no_column_names(write, capsys):
    arguments = ["train", write(rows()), "--target", "y", "--learner", "logistic_regression", "--out", "b"]
    refused(capsys, [*arguments, "--slices", "shoop"], "--slices shoop names no feature", "must be one of the features")
    refused(capsys, [*arguments, "--slices", "x"], "400 different numbers", "--categorical")
    refused(capsys, [*arguments, "--slices", "shop", "--groups", "shop"], "names no feature")
