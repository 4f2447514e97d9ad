"""`predict --explain` and `--reasons`, as a user types them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareclass.artifact import Bundle
from rareclass.cli import main
from rareclass.cli.options import filled


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 500))
    y = rng.random(500) < 1 / (1 + np.exp(2 - 2 * a))
    pq.write_table(pa.table({"a": a, "twin": 3 * a, "b": b, "y": y * 1}), folder / "rows.parquet")
    (folder / "reasons.toml").write_text('groups.both = ["a", "b"]\ntexts.both = "Either"\n')
    command = ["train", "rows.parquet", "--target", "y", "--learner", "logistic_regression", "--out", "bundle"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(command) == 0
    return folder


def said(path: Path) -> list[list[dict]]:
    return [None if text is None else json.loads(text) for text in pq.read_table(path)["reasons"].to_pylist()]


def predict(folder: Path, *options: str) -> Path:
    out = folder / "scored.parquet"
    assert (
        main(
            [
                "predict",
                str(folder / "bundle"),
                str(folder / "rows.parquet"),
                *options,
                "--out",
                str(out),
                "--overwrite",
            ]
        )
        == 0
    )
    return out


def test_each_row_gets_its_reasons_as_json(folder: Path) -> None:
    found = said(predict(folder, "--explain"))
    scorer = Bundle.load(folder / "bundle").scorer
    wanted = scorer.explain(pq.read_table(folder / "rows.parquet"))
    assert found == [[reason._asdict() for reason in reasons] for reasons in wanted]
    assert found[0][0].keys() == {"feature", "value", "contribution", "text"}
    assert {reason["feature"] for reasons in found for reason in reasons} == {"a, twin", "b"}


def test_explain_takes_a_number(folder: Path) -> None:
    assert {len(reasons) for reasons in said(predict(folder, "--explain", "1"))} == {1}
    assert {len(reasons) for reasons in said(predict(folder, "--explain=1"))} == {1}


def test_only_alerts_are_explained_where_asked(folder: Path) -> None:
    out = predict(folder, "--explain", "--alerts-only")
    alert = pq.read_table(out)["alert"].to_pylist()
    assert 0 < sum(alert) < len(alert)
    assert [reasons is not None for reasons in said(out)] == alert


def test_a_file_of_reasons_groups_and_words_them(folder: Path) -> None:
    found = said(predict(folder, "--explain", "--reasons", str(folder / "reasons.toml")))
    both = next(r for r in found[0] if r["feature"] == "both")
    assert both["text"].startswith("Either (a = ")
    assert set(both["value"]) == {"a", "b"}


def test_a_bundle_keeps_the_file_that_it_was_trained_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    options = ["--learner", "logistic_regression", "--reasons", "reasons.toml", "--out", "ruled"]
    assert main(["train", "rows.parquet", "--target", "y", *options]) == 0
    assert Bundle.load("ruled").scorer.rules.groups == {"both": ["a", "b"]}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--explain", "0"], "--explain must be at least 1; got 0"),
        (["--alerts-only"], "add --explain"),
        (["--reasons", "reasons.toml"], "add --explain"),
        (["--explain", "--reasons", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["--explain", "--reasons", "wrong.toml"], "'amuont', which the model does not have"),
    ],
)
def test_bad_input_is_one_sentence(
    folder: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("wrong.toml").write_text('texts.amuont = "Amount"\n')
    assert main(["predict", "bundle", "rows.parquet", *options]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_an_unknown_column_is_said_before_anything_is_fitted(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("wrong.toml").write_text('groups.g = ["amuont"]\n')
    monkeypatch.setattr("rareclass.fitting.classifier.RareClassifier.fit", None)
    assert main(["train", "rows.parquet", "--target", "y", "--reasons", "wrong.toml", "--out", "never"]) == 2
    assert "'amuont'" in capsys.readouterr().err
    assert not Path("never").exists()


def test_options_without_their_value_get_it() -> None:
    assert filled(["predict", "b", "t", "--explain"]) == ["predict", "b", "t", "--explain", "4"]
    assert filled(["--explain", "--out", "x"]) == ["--explain", "4", "--out", "x"]
    assert filled(["--explain", "-1"]) == ["--explain", "-1"]
    assert filled(["--explain", "7", "b"]) == ["--explain", "7", "b"]
