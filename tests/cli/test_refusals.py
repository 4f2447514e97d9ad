"""Every verb with every kind of unusable input: exit code 2, one sentence in the user's words, before any fit."""

import re
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareclass.cli import main
from rareclass.fitting.arm import Arm

N = 120
ARGUMENTS = re.compile(
    r"`(y|y_true|y_score|X|target|groups|times|sample_weight|pos_label|folds|cv|repeats|test_share|gap|n_jobs|estimator|"
    r"random_state|seed|learners?|treatments?|costs|drop|categorical|decimal|encoding|date_format|separator|delimiter|"
    r"missing|negatives_per_event|time_ordered|keep)[`=]"
)


def columns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    y = (np.argsort(np.argsort(-x)) < 24).astype(int)
    return {
        "amount": x,
        "shop": np.array(["a", "b", "c"])[rng.integers(0, 3, N)],
        "day": np.datetime64("2024-01-01") + np.arange(N),
        "cost": np.ones(N),
        "fraud": y,
    }


def csv(data, separator=","):
    rows = [separator.join(data)] + [separator.join(map(str, row)) for row in zip(*data.values())]
    return ("\n".join(rows) + "\n").encode()


def with_column(name, values):
    return csv(columns() | {name: values})


FILES = {
    "good.csv": csv(columns()),
    "empty.csv": b"",
    "header.csv": b"amount,shop,day,cost,fraud\n",
    "blank.csv": b"  \n \n",
    "colons.csv": csv(columns(), ":"),
    "ragged.csv": csv(columns()) + b"1,2\n",
    "binary.csv": b"a\0b\1\n" * 20,
    "book.csv": b"PK\x03\x04 not a table",
    "cut.csv.gz": b"\x1f\x8b\x08\0\0\0\0\0\0\3",
    "cut.parquet": b"PAR1 cut",
    "numbers.csv": b"0.5,1.5,0\n0.7,2.5,1\n",
    "twice.csv": b"amount,amount,fraud\n1,2,0\n3,4,1\n",
    "three.csv": with_column("fraud", np.arange(N) % 3),
    "many.csv": with_column("fraud", np.arange(N)),
    "constant.csv": with_column("fraud", np.zeros(N, int)),
    "unlabelled.csv": with_column("fraud", ["", *["0", "1"] * 59, "0"]),
    "nothing.csv": with_column("fraud", [""] * N),
    "spelt.csv": with_column("fraud", [["Ja", "JA", "Nein"][i % 3] for i in range(N)]),
    "single.csv": with_column("fraud", [1] + [0] * (N - 1)),
    "shouting.csv": csv({name.upper(): values for name, values in columns().items()}),
    "german.csv": csv(columns(), ";"),
    "hollow.csv": csv({"amount": [""] * N, "shop": ["NA"] * N, "fraud": [0, 1] * 60}),
    "words_for_labels.csv": with_column("fraud", ["yes", "no"] * 60),
    "few.csv": with_column("fraud", [1] * 6 + [0] * (N - 6)),
    "amounts.csv": csv({"amount": [f"{i},234" for i in range(1, N + 1)], "fraud": [0, 1] * 60}, ";"),
    "mixed.csv": csv(columns() | {"amount": ["1.5", "2,5"] * 60}, ";"),
    "days.csv": with_column("day", [f"0{i % 9 + 1}/0{i % 8 + 1}/2024" for i in range(N)]),
    "holes.csv": with_column("shop", ["", *["a", "b"] * 59, "a"]),
    "late.csv": with_column("day", ["", *["2024-01-01"] * (N - 1)]),
    "words.csv": with_column("day", ["soon"] * N),
    "negative.csv": with_column("cost", [-1.0] * N),
    "only.csv": csv({"fraud": [0, 1] * 60}),
}
GOOD = {"table": "good.csv", "target": "fraud"}

# name: (file, options, words of the sentence)
TABLES = {
    "no such file": ("no.csv", [], ["no.csv"]),
    "a folder": (".", [], ["folder"]),
    "an empty file": ("empty.csv", [], ["empty"]),
    "no rows": ("header.csv", [], ["no rows"]),
    "blanks only": ("blank.csv", [], ["column names"]),
    "another separator": ("colons.csv", [], ["'fraud'", "--separator"]),
    "a wrong separator": ("good.csv", ["--separator", "|"], ["'fraud'", "--separator"]),
    "a separator of two": ("good.csv", ["--separator", ";;"], ["--separator"]),
    "ragged rows": ("ragged.csv", [], ["ragged.csv", "5 columns", "2 cells"]),
    "bytes": ("binary.csv", [], ["not a text table"]),
    "a workbook": ("book.csv", [], ["Excel"]),
    "a cut archive": ("cut.csv.gz", [], ["cut"]),
    "a cut parquet file": ("cut.parquet", [], ["parquet"]),
    "no header": ("numbers.csv", [], ["column names"]),
    "a name twice": ("twice.csv", [], ["'amount'"]),
    "an encoding that is none": ("good.csv", ["--encoding", "klingon"], ["--encoding", "klingon"]),
    "another encoding": ("good.csv", ["--encoding", "utf-16"], ["--encoding"]),
    "a decimal mark that is none": ("good.csv", ["--decimal", "x"], ["--decimal"]),
    "a format that is none": ("good.csv", ["--date-format", "dmy"], ["--date-format"]),
    "a format that fits nothing": ("words.csv", ["--date-format", "%d.%m.%Y"], ["--date-format"]),
    "amounts of unclear size": ("amounts.csv", [], ["'amount'", "--decimal"]),
    "amounts of two kinds": ("mixed.csv", [], ["'amount'", "mixes", "--drop"]),
    "days of unclear order": ("days.csv", [], ["'day'", "--date-format"]),
    "no such target": ("good.csv", ["--target", "Fraud"], ["'Fraud'", "'fraud'"]),
    "three labels": ("three.csv", [], ["fraud", "3 labels", "--pos-label"]),
    "a number for labels": ("many.csv", [], ["fraud", "120 distinct", "--pos-label"]),
    "one label": ("constant.csv", [], ["fraud", "constant"]),
    "a label is missing": ("unlabelled.csv", [], ["fraud", "1 missing"]),
    "no labels": ("nothing.csv", [], ["fraud", "120 missing"]),
    "labels that look alike": ("spelt.csv", ["--pos-label", "Ja"], ["fraud", "'JA'", "'Ja'"]),
    "no such label": ("good.csv", ["--pos-label", "yes"], ["--pos-label", "yes"]),
    "no such column to drop": ("good.csv", ["--drop", "nowhere"], ["--drop", "nowhere"]),
    "no such column of codes": ("good.csv", ["--categorical", "nowhere"], ["--categorical", "nowhere"]),
    "no such weights": ("good.csv", ["--weights", "nowhere"], ["--weights", "nowhere"]),
    "weights of words": ("good.csv", ["--weights", "shop"], ["'shop'", "numbers"]),
    "negative weights": ("negative.csv", ["--weights", "cost"], ["cost", "negative"]),
    "the target is dropped": ("good.csv", ["--drop", "fraud"], ["'fraud'", "--drop"]),
    "no feature": ("only.csv", [], ["feature"]),
}
TRAINING = {
    "a cost with a decimal comma": ("good.csv", ["--cost-fp", "10,5"], ["--cost-fp", "'10,5'", "10.5"]),
    "a cost of words": ("good.csv", ["--cost-fn", "much"], ["--cost-fn", "'much'"]),
    "no such groups": ("good.csv", ["--groups", "nowhere"], ["--groups", "nowhere"]),
    "the target for groups": ("good.csv", ["--groups", "fraud"], ["'fraud'", "--groups"]),
    "groups with holes": ("holes.csv", ["--groups", "shop"], ["shop", "1 missing"]),
    "no such time": ("good.csv", ["--time", "nowhere"], ["--time", "nowhere"]),
    "times of words": ("words.csv", ["--time", "day"], ["day", "numbers or dates"]),
    "times with holes": ("late.csv", ["--time", "day"], ["day", "1 missing"]),
    "one cost": ("good.csv", ["--cost-fp", "1"], ["--cost-fn"]),
    "costs of nothing": ("good.csv", ["--cost-fp", "0", "--cost-fn", "5"], ["always"]),
    "costs of words": ("good.csv", ["--cost-columns", "fp=shop,fn=cost"], ["'shop'", "numbers"]),
    "no such costs": ("good.csv", ["--cost-columns", "fp=nowhere,fn=cost"], ["nowhere"]),
    "costs that say nothing": ("good.csv", ["--cost-columns", "nonsense"], ["--cost-columns"]),
    "a budget of nothing": ("good.csv", ["--alert-budget", "0"], ["at least 1"]),
    "a budget of words": ("good.csv", ["--alert-budget", "many"], ["budget"]),
    "a budget by day without days": ("good.csv", ["--alert-budget", "9/day"], ["share a day: name", "--time."]),
    "a recall above one": ("good.csv", ["--min-recall", "1.5"], ["--min-recall"]),
    "a false-positive rate above one": ("good.csv", ["--max-fpr", "2"], ["--max-fpr"]),
    "a precision above one": ("good.csv", ["--min-precision", "2"], ["--min-precision"]),
    "two rules": ("good.csv", ["--min-recall", ".9", "--max-fpr", ".1"], ["--min-recall", "--max-fpr"]),
    "a measure that is none": ("good.csv", ["--maximize", "beauty"], ["beauty", "--maximize"]),
    "a seed below zero": ("good.csv", ["--seed", "-1"], ["--seed"]),
    "no threads": ("good.csv", ["--threads", "0"], ["--threads"]),
}
COMPARING = {
    "a single event": ("single.csv", [], ["1 event"]),
    "a gap without times": ("good.csv", ["--gap", "5"], ["--gap", "--time"]),
    "one fold": ("good.csv", ["--folds", "1"], ["--folds"]),
    "more folds than events": ("good.csv", ["--folds", "24"], ["24", "events", "--folds"]),
    "no repeat": ("good.csv", ["--repeats", "0"], ["--repeats"]),
    "all rows locked": ("good.csv", ["--test-share", "1"], ["--test-share"]),
    "no such learner": ("good.csv", ["--learners", "magic"], ["magic", "--learners"]),
    "no such treatment": ("good.csv", ["--treatments", "prayer"], ["prayer", "--treatments"]),
    "a learner misspelt beside others": ("good.csv", ["--learners", "blend,ligthgbm"], ["'ligthgbm'", "--learners"]),
    "a treatment misspelt beside others": ("good.csv", ["--treatments", "none,smotte"], ["'smotte'", "--treatments"]),
    "a treatment misspelt where there are few events": (
        "few.csv",
        ["--treatments", "none,smotte"],
        ["'smotte'", "--treatments"],
    ),
    "treatments that contradict each other": ("good.csv", ["--treatments", "none,focal+tversky"], ["both decide"]),
    "a treatment twice": ("good.csv", ["--treatments", "smote_enn,SMOTE-ENN"], ["names 'smote_enn' twice"]),
    "a treatment misspelt within another": ("good.csv", ["--treatments", "smote+x"], ["'x'", "--treatments"]),
    "time that is none": ("good.csv", ["--budget", "soon"], ["--budget"]),
    "limit that is none": ("good.csv", ["--time-limit", "soon"], ["--time-limit"]),
    "no learner": ("good.csv", ["--learners", ""], ["--learners"]),
}
FITTING = {
    "no such learner": ("good.csv", ["--learner", "magic"], ["magic", "--learner"]),
    "no such treatment": ("good.csv", ["--treatment", "prayer"], ["prayer", "--treatment"]),
}
ALL = {"diagnose": TABLES, "compare": TABLES | TRAINING | COMPARING, "train": TABLES | TRAINING | FITTING}
CASES = [(verb, what) for verb, tables in ALL.items() for what in tables]
# what matters when rows are scored: the file, not its labels and roles, which the bundle knows
LABELS = {"three labels", "a number for labels", "one label", "a label is missing", "no labels", "no feature"}
ROLES = {"--target", "--pos-label", "--drop", "--categorical", "--weights"}
SETTLED = {"amounts of unclear size"}  # by what the training table showed
SCORING = [what for what, case in TABLES.items() if not ROLES & set(case[1]) and what not in LABELS | SETTLED]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    pq.write_table(pa.table(columns()), folder / "good.parquet")
    return folder


@pytest.fixture(scope="module")
def bundle(folder):
    arguments = [
        "train",
        folder / "good.csv",
        "--target",
        "fraud",
        "--learner",
        "logistic_regression",
        "--threads",
        "1",
    ]
    assert main([*map(str, arguments), "--out", str(folder / "bundle")]) == 0
    return folder / "bundle"


@pytest.fixture
def refused(capfd, monkeypatch, bundle):
    def fit(*_, **__):
        raise AssertionError("something was fitted")

    monkeypatch.setattr(Arm, "fit", fit)

    def check(arguments, words):
        started = time.process_time()
        assert main([str(a) for a in arguments]) == 2
        assert time.process_time() - started < 5
        said = capfd.readouterr()
        assert not said.out
        (sentence,) = [line for line in said.err.splitlines() if line.startswith("rareclass: ")]
        assert said.err.splitlines()[-1] == sentence
        for word in words:
            assert word in sentence, sentence
        assert not ARGUMENTS.search(sentence), sentence

    return check


@pytest.mark.parametrize(("verb", "what"), CASES)
def test_a_table_that_cannot_be_used_is_told_before_any_fit(folder, refused, tmp_path, verb, what):
    name, options, words = ALL[verb][what]
    target = [] if "--target" in options else ["--target", "fraud"]
    out = [] if verb == "diagnose" else ["--out", tmp_path / "out"]
    refused([verb, folder / name, *target, *options, *out], words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", SCORING)
@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_a_table_that_cannot_be_scored_is_told(folder, bundle, refused, tmp_path, verb, what):
    name, options, words = TABLES[what]
    if verb == "predict" and what == "no rows":
        pytest.skip("a batch without rows gives a table without rows")
    if verb == "predict" and what in ("another separator", "a wrong separator"):
        words = ["'amount'", "--separator"]
    refused([verb, bundle, folder / name, *options], words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "{}/nowhere", "{}/good.csv"], ["no bundle"]),
        (["predict", "{}", "{}/good.csv"], ["no bundle"]),
        (["predict", "{}/bundle", "{}/words.csv"], ["'day'", "time"]),
        (["predict", "{}/bundle", "{}/only.csv"], ["'amount'"]),
        (["predict", "{}/bundle", "{}/good.csv", "--keep", "nowhere"], ["'nowhere'"]),
        (["predict", "{}/bundle", "{}/good.csv", "--cost-columns", "fp=nowhere,fn=cost"], ["'nowhere'"]),
        (["predict", "{}/bundle", "{}/good.csv", "--cost-columns", "fp=shop,fn=cost"], ["'shop'", "numbers"]),
        (["predict", "{}/bundle", "{}/good.csv", "--out", "{}/good.csv"], ["read"]),
        (["predict", "{}/bundle", "{}/good.csv", "--out", "{}/good.xlsx"], [".csv"]),
        (["predict", "{}/bundle", "{}/good.csv", "--out", "{}/bundle"], [".csv"]),
        (["predict", "{}/bundle"], ["table"]),
        (["predict", "{}/bundle", "{}/shouting.csv"], ["'amount'", "'AMOUNT' for 'amount'"]),
        (["predict", "{}/bundle", "{}/german.csv", "--separator", ","], ["separated by ';'", "--separator"]),
        (["diagnose", "{}/german.csv", "--target", "fraud", "--separator", "|"], ["separated by ';'", "--separator"]),
        (["train", "{}/late.csv", "--target", "fraud", "--time", "day", "--out", "{}/s"], ["day"]),
        (["diagnose", "{}/hollow.csv", "--target", "fraud"], ["'amount', 'shop'", "empty"]),
        (["diagnose", "{}/unlabelled.csv", "--target", "fraud"], ["fraud", "row 1"]),
        (["evaluate", "{}/bundle", "{}/words_for_labels.csv"], ["'no', 'yes'", "0, 1"]),
        (["evaluate", "{}/bundle", "{}/constant.csv"], ["both classes"]),
        (["evaluate", "{}/bundle", "{}/unlabelled.csv"], ["'fraud'", "1 missing"]),
        (["evaluate", "{}/bundle", "{}/good.csv", "--target", "nowhere"], ["'nowhere'"]),
        (["evaluate", "{}/bundle", "{}/good.csv", "--weights", "nowhere"], ["--weights"]),
        (["evaluate", "{}/bundle", "{}/good.csv", "--weights", "shop"], ["'shop'"]),
        (["evaluate", "{}/bundle", "{}/good.csv", "--cost-fp", "1"], ["--cost-fn"]),
        (["sample", "{}/no.csv", "--target", "fraud", "--out", "{}/s.csv"], ["no.csv"]),
        (["sample", "{}/empty.csv", "--target", "fraud", "--out", "{}/s.csv"], ["empty"]),
        (["sample", "{}/header.csv", "--target", "fraud", "--out", "{}/s.csv"], ["fraud"]),
        (["sample", "{}/good.csv", "{}/good.parquet", "--target", "fraud", "--out", "{}/s.csv"], ["one kind"]),
        (["sample", "{}/good.csv", "{}/only.csv", "--target", "fraud", "--out", "{}/s.csv"], ["columns"]),
        (["sample", "{}/ragged.csv", "--target", "fraud", "--out", "{}/s.csv"], ["ragged"]),
        (["sample", "{}/cut.parquet", "--target", "fraud", "--out", "{}/s.csv"], ["cut.parquet"]),
        (["sample", "{}/good.csv", "--target", "nowhere", "--out", "{}/s.csv"], ["'nowhere'"]),
        (["sample", "{}/three.csv", "--target", "fraud", "--out", "{}/s.csv"], ["'fraud'", "--pos-label"]),
        (["sample", "{}/unlabelled.csv", "--target", "fraud", "--out", "{}/s.csv"], ["'fraud'", "missing"]),
        (["sample", "{}/spelt.csv", "--target", "fraud", "--pos-label", "Ja", "--out", "{}/s.csv"], ["'JA'"]),
        (["sample", "{}/good.csv", "--target", "fraud", "--pos-label", "9", "--out", "{}/s.csv"], ["--pos-label"]),
        (["sample", "{}/good.csv", "--target", "fraud", "--negatives", "0", "--out", "{}/s.csv"], ["--negatives"]),
        (["sample", "{}/amounts.csv", "--target", "fraud", "--out", "{}/s.csv"], ["'amount'", "--decimal"]),
        (["sample", "{}/good.csv", "--target", "fraud", "--out", "{}/good.csv", "--overwrite"], ["read"]),
        (["sample", "{}/good.csv", "--target", "fraud", "--out", "{}/s.xlsx"], [".csv"]),
        (["report", "{}/nowhere"], ["holds no run"]),
        (["demo", "--rows", "0"], ["--rows"]),
        (["compare", "{}/good.csv"], ["--target"]),
        (["compare", "{}/good.csv", "--target", "fraud", "--out", "{}", "--overwrite"], ["not replaced"]),
        (["train", "{}/good.csv", "--target", "fraud", "--out", "{}", "--overwrite"], ["not replaced"]),
        (["train", "{}/good.csv", "--target", "fraud", "--out", "{}/good.csv"], ["is a file"]),
        (["train", "{}/good.csv", "--target", "fraud"], ["--out"]),
        (["dance"], ["dance"]),
        (["compare", "--colour", "red"], ["--colour"]),
    ],
)
def test_each_other_misuse_is_told(folder, refused, arguments, words):
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    refused([str(a).format(folder) for a in arguments], words)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before
