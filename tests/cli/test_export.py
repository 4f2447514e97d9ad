"""`rareclass export`: what it writes, and one sentence with exit code 2 for what it cannot."""

import sys

import numpy as np
import pytest
from tests.cli.test_bad_input import refused
from tests.scoring.test_scorer import fitted, table

from rareclass.artifact import Bundle
from rareclass.cli import main

ort = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m"
    model, data = fitted("logistic_regression", ["x", "shop", "ok"])
    Bundle(model, target="y", rows=data).save(path)
    return str(path)


def test_a_graph_takes_columns_by_name_and_answers_as_the_bundle_does(bundle, tmp_path, capsys):
    file = tmp_path / "m.onnx"
    assert main(["export", bundle, "--onnx", str(file)]) == 0
    assert capsys.readouterr().err == f"Wrote {file}: {file.stat().st_size:,} bytes.\n"
    rows = table(50, seed=4)[0].select(["x", "shop", "ok"])
    feeds = {
        "x": rows["x"].to_numpy()[:, None],
        "shop": np.array([text or "" for text in rows["shop"].to_pylist()], dtype=object)[:, None],
        "ok": rows["ok"].to_numpy().astype(float)[:, None],
    }
    found = ort.InferenceSession(str(file)).run(["logit", "probability", "alert"], feeds)
    scorer = Bundle.load(bundle).scorer
    np.testing.assert_allclose(found[0], scorer.logit(rows), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found[1], scorer.probability(rows), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found[2], scorer.decide(rows))


def test_nothing_that_is_there_is_replaced_unasked(bundle, tmp_path, capsys):
    file = tmp_path / "m.onnx"
    file.write_text("mine")
    refused(capsys, ["export", bundle, "--onnx", file], "m.onnx exists", "--overwrite")
    assert file.read_text() == "mine"
    assert main(["export", bundle, "--onnx", str(file), "--overwrite"]) == 0
    refused(capsys, ["export", bundle, "--onnx", f"{bundle}/model.json", "--overwrite"], "is what is read")
    refused(capsys, ["export", bundle, "--onnx", tmp_path, "--overwrite"], "is a folder")


def test_unusable_wishes_are_refused(bundle, tmp_path, capsys):
    refused(capsys, ["export", bundle], "--onnx", "--lightgbm")
    refused(capsys, ["export", bundle, "--onnx", tmp_path / "m", "--lightgbm", tmp_path / "m"], "the same file")
    refused(capsys, ["export", bundle, "--lightgbm", tmp_path / "m"], "a logistic regression on quantiles", "--onnx")
    refused(capsys, ["export", tmp_path / "none", "--onnx", tmp_path / "m"], "no bundle")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["onnx", "onnxruntime"])
def test_without_the_extra_it_says_how_to_install_it(bundle, tmp_path, capsys, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    refused(capsys, ["export", bundle, "--onnx", tmp_path / "m"], module, 'pip install "rareclass[onnx]"')
