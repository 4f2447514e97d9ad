"""What MLflow's python_function gives for rows in a frame: that of `rareclass predict`."""

import json
import subprocess
import sys

import numpy as np
import pytest
from tests.serving.codec import bundle, table

pd = pytest.importorskip("pandas")
pytest.importorskip("orjson")

from rareclass.mlflow.pyfunc import load_bundle  # noqa: E402  (after the check that its packages are there)
from rareclass.serving.errors import Refused  # noqa: E402
from rareclass.serving.predict import predict_table  # noqa: E402
from rareclass.serving.scoring import Asked  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m"
    bundle("mixed").save(path)
    return path


def test_frames_are_answered_as_predict_answers_them(folder):
    rows = table(60, 7)[0]
    wanted = predict_table(bundle("mixed"), rows, asked=Asked()).table.to_pydict()
    found = load_bundle(folder).predict(rows.to_pandas(), {"explain": "all"})
    for name in ("probability", "alert", "label"):
        assert found[name].tolist() == wanted[name], name
    for ours, theirs in zip(found["reasons"], wanted["reasons"]):
        given = [(r["feature"], r["value"], r["text"]) for r in json.loads(ours)]
        if theirs is not None:
            assert given == [(r["feature"], r["value"], r["text"]) for r in json.loads(theirs)]
    assert list(load_bundle(folder).predict(rows.to_pandas()).columns) == ["probability", "alert", "label"]


def test_costs_that_are_no_json_are_named(folder):
    with pytest.raises(Refused, match=r"`costs` is a JSON text such as .*; got '\{'"):
        load_bundle(folder)._answered(table(60, 7)[0].to_pandas(), {"explain": "none", "costs": "{"})


def test_answers_stand_under_the_index_of_the_rows(folder):
    rows = table(60, 7)[0].to_pandas()
    few = rows[rows.index % 7 == 3]
    found = load_bundle(folder).predict(few)
    assert (
        few.assign(p=found["probability"])["p"].tolist()
        == load_bundle(folder).predict(rows)["probability"][3::7].tolist()
    )


def test_numbers_in_any_order_of_columns(tmp_path):
    bundle("numbers").save(tmp_path / "m")
    X = np.random.default_rng(0).normal(size=(20, 3))
    frame = pd.DataFrame(X, columns=["x0", "x1", "x2"])[["x2", "x0", "x1"]]
    found = load_bundle(tmp_path / "m").predict(frame)["probability"].to_numpy()
    np.testing.assert_array_equal(found, bundle("numbers").scorer.probability(X))


def test_loading_imports_no_training_library(folder):
    code = (
        "import sys; from rareclass.mlflow.pyfunc import load_bundle; load_bundle(sys.argv[1]); "
        "print([m for m in ('sklearn', 'skops', 'lightgbm', 'catboost', 'mlflow', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
