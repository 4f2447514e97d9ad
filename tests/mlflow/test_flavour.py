"""The MLflow flavour in an environment of MLflow's own, and its server in one that holds the model's packages alone."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.deploy.foreign import ask, free_port, python_of, running
from tests.mlflow.running import ran
from tests.serving.codec import bundle, table

from rareclass.scoring.files import Folder
from rareclass.serving.predict import predict_table

pytestmark = pytest.mark.foreign
TRAINING = ("scikit-learn", "scipy", "lightgbm", "catboost", "xgboost", "skops", "matplotlib")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    root = tmp_path_factory.mktemp("mlflow")
    bundle("mixed").save(root / "bundle")
    bundle("mixed").save(root / "slow", keep_learner=True)
    manifest = json.loads((root / "slow" / "manifest.json").read_text())
    manifest["scorer"] = {"exact": False, "why_not": "its learner is another one"}
    (root / "slow" / "manifest.json").write_text(json.dumps(manifest))
    shutil.copytree(root / "bundle", root / "damaged")
    (root / "damaged" / "scorer.npz").write_bytes(b"no")
    pq.write_table(table(60, 7)[0], root / "rows.parquet")
    return root, ran("saved", root)


def test_the_model_holds_the_bundle_a_loader_and_no_pickle(saved):
    root, found = saved
    assert found["version"] == Folder(root / "bundle").version
    assert [column["name"] for column in found["inputs"]] == bundle("mixed").scorer.columns
    assert {column["type"] for column in found["inputs"]} == {"any"}
    files = [file.name for file in (root / "saved").rglob("*") if file.is_file()]
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".pyc"))]
    pins = (root / "saved" / "requirements.txt").read_text().split()
    assert all("==" in pin for pin in pins)
    assert not [pin for pin in pins if pin.split("==")[0] in TRAINING]


def test_frames_of_any_types_are_answered_alike(saved):
    _, found = saved
    for how, said in found["retyped"].items():
        assert said == found["plain"], how


def test_a_python_function_answers_as_predict(saved):
    root, found = saved
    rows = table(60, 7)[0]
    wanted = predict_table(bundle("mixed"), rows).table.to_pydict()
    said = pq.read_table(root / "answers.parquet").to_pydict()
    assert {name: said[name] for name in ("probability", "alert", "label")} == {
        name: wanted[name] for name in ("probability", "alert", "label")
    }
    assert [reasons is not None for reasons in said["reasons"]] == wanted["alert"]
    assert found["columns"] == ["probability", "alert", "label"]
    lone = rows.slice(0, 1).to_pylist()[0] | {"count": None, "ok": None, "at": None}
    assert found["nulls"] == bundle("mixed").scorer.probability(lone).tolist()
    assert len(found["example"]) == 1


def test_what_is_refused_says_why(saved):
    _, found = saved
    assert "count" in found["missing column"]
    assert "'count'" in found["wrong value"]
    assert "'many'" in found["wrong value"]
    assert "one of alerts, all, none" in found["wrong explain"]
    assert "leave `costs` out" in found["costs"]
    assert "not compiled (its learner is another one)" in found["not compiled"]
    assert "does not match its checksum" in found["damaged"]
    assert "not written by rareclass" in found["not ours"]


@pytest.mark.parametrize("where", ["installed", "alone"])
def test_mlflow_models_serve_answers_as_predict(saved, tmp_path, where):
    root, _ = saved
    python = python_of("mlflow") if where == "installed" else _alone(root / "saved" / "requirements.txt", tmp_path)
    port, rows = free_port(), table(60, 7)[0]
    env = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet", "PYTHONPATH": ""}
    env["PATH"] = f"{python.parent}:{env['PATH']}"
    command = [python.with_name("mlflow"), "models", "serve", "-m", root / "saved", "-p", port]
    command += ["--env-manager", "local"]
    options = {"cwd": tmp_path, "env": env, "start_new_session": True}
    with running(command, (port, "/ping"), tmp_path / "log.txt", **options) as process, _ended(process.pid):
        records = [{n: str(v) if n == "at" else v for n, v in row.items()} for row in rows.to_pylist()]
        records = [{n: None if v != v else v for n, v in row.items()} for row in records]
        status, said = ask(port, "/invocations", {"dataframe_records": records, "params": {"explain": "alerts"}})
        assert status == 200, said
        short = [{n: v for n, v in row.items() if n != "count"} for row in records[:1]]
        wrong = [
            ask(port, "/invocations", {"dataframe_records": given})
            for given in (short, [records[0] | {"count": "many"}])
        ]
    wanted = predict_table(bundle("mixed"), rows).table.to_pydict()
    found = {name: [row[name] for row in said["predictions"]] for name in ("probability", "alert", "label")}
    np.testing.assert_array_equal(found["probability"], wanted["probability"])
    assert (found["alert"], found["label"]) == (wanted["alert"], wanted["label"])
    assert [status for status, _ in wrong] == [400, 400]
    assert "count" in json.dumps(wrong[0][1])
    assert "'many'" in json.dumps(wrong[1][1])


@contextlib.contextmanager
def _ended(group):
    """End the server with its parent, which alone would leave it running."""
    try:
        yield
    finally:
        os.killpg(group, signal.SIGTERM)


def _alone(requirements, place):
    """The interpreter of an environment of a model's requirements only: rareclass itself comes with the model."""
    subprocess.run([sys.executable, "-m", "venv", str(place / "env")], check=True)
    python = place / "env" / "bin" / "python"
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "-r", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the model's packages cannot be installed here: {done.stderr[-300:]}")
    held = subprocess.run([str(python), "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    names = {line.split()[0].lower() for line in held.splitlines()[2:]}
    assert not names & {*TRAINING, "rareclass"}
    return python
