"""Files as people have them through every verb: a model of a German export predicts on one, and keeps what is kept."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rareclass.artifact import Bundle
from rareclass.cli import main
from rareclass.data import read_table

FAST = ["--learner", "logistic_regression", "--threads", "1"]
N = 300
RNG = np.random.default_rng(0)
AMOUNT = np.round(RNG.lognormal(6, 1.5, N), 2)
RISK = np.round(RNG.normal(size=N), 3)
FRAUD = RNG.random(N) < 1 / (1 + np.exp(2 - 2 * RISK))
CITY = RNG.choice(["Zürich", "Köln", "Bern"], N)
DAYS = np.datetime64("2024-01-01") + RNG.integers(0, 360, N)


def german(v, digits):
    return f"{v:,.{digits}f}".replace(",", "T").replace(".", ",").replace("T", ".")


def day(d, form):
    return d.item().strftime(form)


def european():
    rows = ["Umsätze 2024;;;;;", "", "Nr;Betrag;Risiko;Datum;Ort;Betrug"]
    for i in range(N):
        label = ("Ja " if i % 3 else "Ja") if FRAUD[i] else "Nein"
        cells = f"{i:05d}", german(AMOUNT[i], 2) + " €", german(RISK[i], 3), day(DAYS[i], "%d.%m.%Y"), CITY[i], label
        rows.append(";".join(cells))
    return ("\r\n".join(rows) + "\r\n").encode("cp1252")


def american():
    rows = ["id,amount,risk,date,city,fraud"]
    for i in range(N):
        label = "TRUE" if FRAUD[i] else "FALSE"
        rows.append(f'{i},"${AMOUNT[i]:,.2f}",{RISK[i]},{day(DAYS[i], "%m/%d/%Y")},{CITY[i]},{label}')
    return "\n".join(rows).encode()


def hospital():
    rows = ["# Labor", "Patient\tCRP\tBMI\tAufnahme\tDiagnose\tVerstorben\t"]
    for i in range(N):
        crp = "<0,5" if i % 5 == 0 else "k.A." if i % 17 == 1 else german(np.exp(RISK[i]) * 10, 1)
        bmi = "-999" if i % 13 == 0 else german(20 + 3 * abs(RISK[i]), 1)
        moment = f"{day(DAYS[i], '%d.%m.%y')} {i % 24:02d}:15"
        rows.append(f"P{i:04d}\t{crp}\t{bmi}\t{moment}\tI{i % 9}0.{i % 4}\t{int(FRAUD[i])}\t")
    return ("\n".join(rows) + "\n\n").encode("utf-16")


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    (folder / "eu.csv").write_bytes(european())
    (folder / "us.csv.gz").write_bytes(gzip.compress(american(), mtime=0))
    (folder / "hospital.txt").write_bytes(hospital())
    return folder


@pytest.fixture(scope="module")
def eu(exports):
    arguments = ["train", exports / "eu.csv", "--target", "Betrug", "--drop", "Nr", *FAST, "--out", exports / "eu"]
    assert main([str(a) for a in arguments]) == 0
    return exports / "eu"


def run(*arguments):
    return main([str(a) for a in arguments])


@pytest.mark.parametrize(
    ("name", "target", "numbers", "times"),
    [
        ("eu.csv", "Betrug", {"Betrag": AMOUNT, "Risiko": RISK}, "Datum"),
        ("us.csv.gz", "fraud", {"amount": AMOUNT, "risk": RISK}, "date"),
    ],
)
def test_exports_hold_the_numbers_that_were_written(exports, name, target, numbers, times):
    table = read_table(exports / name)
    for column, values in numbers.items():
        np.testing.assert_array_equal(table[column].to_numpy(), values)
    np.testing.assert_array_equal(table[times].to_numpy().astype("datetime64[D]"), DAYS)
    assert sorted(set(table[target].to_pylist())) in (["Ja", "Nein"], [False, True])


@pytest.mark.parametrize(
    ("name", "target", "more", "events"),
    [
        ("eu.csv", "Betrug", ["--drop", "Nr"], "'Ja'"),
        ("us.csv.gz", "fraud", ["--pos-label", "true"], "'True'"),
        ("hospital.txt", "Verstorben", ["--missing", "<0,5", "--missing", "k.A.", "--missing=-999"], "'1'"),
    ],
)
def test_diagnose_counts_every_event_of_an_export(exports, capsys, name, target, more, events):
    assert run("diagnose", exports / name, "--target", target, *more) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"{FRAUD.sum()} events of class {events} in {N} rows" in said
    assert "groups" not in said


def test_a_hospital_hears_what_its_marks_are_and_which_option_reads_them(exports, capsys):
    assert run("diagnose", exports / "hospital.txt", "--target", "Verstorben") == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in ("'CRP' holds numbers beside other texts such as", "--missing", "'BMI' holds -999 in 24 rows"):
        assert words in said


def test_train_says_what_compare_says_of_the_table(exports, tmp_path, capsys):
    shared = [exports / "eu.csv", "--target", "Betrug", "--threads", "1"]
    assert run("train", *shared, "--learner", "logistic_regression", "--out", tmp_path / "b") == 0
    said = capsys.readouterr().err
    few = ["--learners", "logistic_regression", "--treatments", "none", "--folds", "2", "--json"]
    assert run("compare", *shared, *few) == 0
    notes = json.loads(capsys.readouterr().out)["data"]["notes"]
    assert any("decimal comma" in note for note in notes)
    trained = [line.removeprefix("note: ") for line in said.splitlines() if line.startswith("note: ")]
    assert {n.replace("`", "").replace("--", "") for n in notes} <= {
        n.replace("`", "").replace("--", "") for n in trained
    }


def test_a_model_of_a_german_export_reads_a_row_that_alone_would_say_nothing(eu, tmp_path, capfdbinary):
    known = Bundle.load(eu).model.predict_proba(
        pa.table({"Betrag": [1234.0], "Risiko": [0.5], "Datum": pa.array([np.datetime64("2024-04-03", "us")]),
                  "Ort": ["Köln"]})
    )  # fmt: skip
    (tmp_path / "one.csv").write_text("Nr;Betrag;Risiko;Datum;Ort\n00007;1.234;0,5;03.04.2024;Köln\n", "utf-8")
    assert run("predict", eu, tmp_path / "one.csv", "--keep", "Nr") == 0
    header, row = capfdbinary.readouterr().out.decode().splitlines()
    assert header == '"row","Nr","probability","alert","label"'
    cells = row.split(",")
    assert cells[1] == '"00007"'
    assert float(cells[2]) == pytest.approx(known[0, list(Bundle.load(eu).model.classes_).index("Ja")], rel=1e-12)


def test_kept_cells_are_those_of_the_file(eu, tmp_path, capfdbinary):
    cells = ["0037", "1.234 €", "00,50", "03.04.2024", " Köln"]
    (tmp_path / "t.csv").write_text("Nr;Betrag;Risiko;Datum;Ort\n" + ";".join(cells) + "\n;;;;\n", "utf-8")
    names = ["Nr", "Betrag", "Risiko", "Datum", "Ort"]
    assert run("predict", eu, tmp_path / "t.csv", *(f"--keep={name}" for name in names)) == 0
    _, row = csv.reader(capfdbinary.readouterr().out.decode().splitlines())
    assert row[1:6] == cells


def test_labels_are_written_as_the_training_file_writes_them(exports, tmp_path, capfdbinary):
    us = exports / "us.csv.gz"
    assert run("train", us, "--target", "fraud", "--drop", "id", *FAST, "--out", tmp_path / "b") == 0
    capfdbinary.readouterr()
    assert run("predict", tmp_path / "b", us) == 0
    rows = list(csv.DictReader(capfdbinary.readouterr().out.decode().splitlines()))
    assert {row["label"] for row in rows} == {"TRUE", "FALSE"}
    assert all((row["label"] == "TRUE") == (row["alert"] == "true") for row in rows)


def test_evaluate_and_sample_read_the_same_export(eu, exports, tmp_path, capsys):
    assert run("evaluate", eu, exports / "eu.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["events"] == FRAUD.sum()
    out = tmp_path / "few.parquet"
    assert run("sample", exports / "eu.csv", "--target", "Betrug", "--negatives", "1000", "--out", out) == 0
    kept = pq.read_table(out)
    np.testing.assert_array_equal(kept["Betrag"].to_numpy(), AMOUNT)
    assert kept["Nr"][7].as_py() == "00007"
    assert kept["Betrug"].to_pylist().count("Ja") == FRAUD.sum()


def test_a_batch_without_rows_gives_a_table_without_rows(eu, tmp_path, capfdbinary):
    for content in ("Nr;Betrag;Risiko;Datum;Ort\n", "Titel;;;;\n\nNr;Betrag;Risiko;Datum;Ort"):
        (tmp_path / "none.csv").write_text(content, "utf-8")
        assert run("predict", eu, tmp_path / "none.csv", "--keep", "Nr") == 0
        assert capfdbinary.readouterr().out.splitlines() == [b'"row","Nr","probability","alert","label"']
    assert run("predict", eu, tmp_path / "none.csv", "--out", tmp_path / "p.parquet") == 0
    assert pq.read_table(tmp_path / "p.parquet").num_rows == 0


def test_standard_input_is_read(eu, exports, capfdbinary, monkeypatch):
    assert run("predict", eu, exports / "eu.csv") == 0
    by_name = capfdbinary.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(european())))
    assert run("predict", eu, "-") == 0
    assert capfdbinary.readouterr().out == by_name


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".parquet", ".arrow", ".feather"])
def test_the_ending_says_what_is_written(eu, exports, tmp_path, ending):
    out = tmp_path / f"scored{ending}"
    assert run("predict", eu, exports / "eu.csv", "--out", out) == 0
    table = read_table(out)
    assert table.column_names == ["row", "probability", "alert", "label"]
    assert table.num_rows == N
    assert (out.read_bytes()[:2] == b"\x1f\x8b") == (ending == ".csv.gz")


def refused(capfd, arguments, *words):
    assert run(*arguments) == 2
    said = capfd.readouterr().err
    sentence = [line for line in said.splitlines() if line.startswith("rareclass: ")]
    assert len(sentence) == 1
    assert all(word in sentence[0] for word in words), sentence
    assert "Traceback" not in said


def test_an_ending_that_is_not_written_is_refused(eu, exports, tmp_path, capfd):
    for name in ("scored.xlsx", "scored", "scored.json"):
        refused(capfd, ["predict", eu, exports / "eu.csv", "--out", tmp_path / name], ".csv", ".parquet")
    assert not list(tmp_path.iterdir())


def test_outputs_replace_nothing_unasked_and_never_what_is_read(eu, tmp_path, capfd):
    table = tmp_path / "t.csv"
    table.write_bytes(european())
    out = tmp_path / "out.csv"
    out.write_text("mine")
    for verb in (["predict", eu, table], ["sample", table, "--target", "Betrug"]):
        refused(capfd, [*verb, "--out", out], "--overwrite")
        for overwrite in ([], ["--overwrite"]):
            refused(capfd, [*verb, "--out", table, *overwrite], "what is read")
        assert out.read_text() == "mine"
        assert table.read_bytes() == european()
    assert run("predict", eu, table, "--out", out, "--overwrite") == 0
    assert out.read_text().startswith('"row"')


@pytest.mark.parametrize("verb", ["train", "compare"])
def test_a_folder_with_anything_of_the_users_is_never_replaced(tmp_path, capfd, verb):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "t.csv").write_bytes(european())
    options = ["--target", "Betrug", "--out", folder, "--overwrite"]
    refused(capfd, [verb, folder / "t.csv", *options], "'t.csv'", "not replaced")
    assert (folder / "t.csv").read_bytes() == european()


def test_a_run_and_a_bundle_can_be_replaced(eu, exports, tmp_path):
    shared = [exports / "eu.csv", "--target", "Betrug", "--threads", "1", "--overwrite"]
    few = [
        "--learners",
        "logistic_regression",
        "--treatments",
        "none",
        "--folds",
        "2",
        "--cost-fp",
        "1",
        "--cost-fn",
        "5",
    ]
    for _ in range(2):
        assert run("compare", *shared, *few, "--out", tmp_path / "run") == 0
    assert run("train", *shared, "--learner", "logistic_regression", "--out", tmp_path / "run" / "champion") == 0


def test_columns_that_are_gone_or_far_off_are_told(eu, tmp_path, capfd):
    rows = ["Betrag;Risiko;Datum;Ort"] + [f"{100_000 * i};;03.04.2024;Köln" for i in range(1, 5)]
    (tmp_path / "odd.csv").write_text("\n".join(rows), "utf-8")
    assert run("predict", eu, tmp_path / "odd.csv") == 0
    said = capfd.readouterr().err
    assert "'Risiko' holds no value in any row" in said
    assert "'Betrag': 4 of 4 values lie far outside" in said
    assert "'Ort'" not in said


def test_columns_to_keep_must_exist_and_not_hide_ours(eu, exports, tmp_path, capfd):
    refused(capfd, ["predict", eu, exports / "eu.csv", "--keep", "Nummer"], "'Nummer'")
    (tmp_path / "t.csv").write_text("label;Betrag;Risiko;Datum;Ort\nx;1;2;03.04.2024;Köln\n", "utf-8")
    refused(capfd, ["predict", eu, tmp_path / "t.csv", "--keep", "label"], "'label'")


def test_a_reader_who_has_seen_enough_ends_it_quietly(eu, exports):
    table = exports / "long.csv"
    rows = "".join(f"{i},0.5,2024-04-03,Köln\n" for i in range(30_000))
    table.write_text("Betrag,Risiko,Datum,Ort\n" + rows, "utf-8")
    command = [sys.executable, "-m", "rareclass", "predict", str(eu), str(table)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout.readline().startswith(b'"row"')
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(120) == 0
    assert b"Error" not in said
    assert b"Exception" not in said


def test_no_arguments_and_h_show_help(capsys):
    for arguments in ([], ["-h"], ["--help"]):
        assert main(arguments) == 0
        assert "predict" in capsys.readouterr().out
    assert main(["predict", "-h"]) == 0
    assert "--keep" in capsys.readouterr().out
