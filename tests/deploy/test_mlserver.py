"""MLServer, in an environment of its own: it serves a bundle through our runtime."""

import json
import os

import pytest
from tests.deploy.foreign import ask, equal_to_predict, free_port, python_of, request_of, running
from tests.serving.codec import bundle, table

from rareclass.workflow import Placing, deploy_bundle

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    python = python_of("mlserver")
    root = tmp_path_factory.mktemp("mlserver")
    bundle("mixed").save(root / "bundle")
    deploy_bundle(root / "bundle", "mlserver", root / "out", Placing("fraud"))
    port = free_port()
    settings = json.loads((root / "out" / "settings.json").read_text())
    settings |= {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    (root / "out" / "settings.json").write_text(json.dumps(settings))
    env = os.environ | {"RARECLASS_LOG": str(root / "log")}
    command = [python.with_name("mlserver"), "start", "."]
    with running(command, (port, "/v2/models/fraud/ready"), root / "log.txt", cwd=root / "out", env=env):
        yield port, root
    from rareclass.monitoring import read_predictions

    assert sum(batch.num_rows for batch in read_predictions(root / "log").batches()) == 200


def test_the_runtime_answers_as_predict(port):
    rows = table(200, 7)[0]
    status, said = ask(port[0], "/v2/models/fraud/infer", request_of(rows))
    assert status == 200, said
    equal_to_predict(said, bundle("mixed"), rows)
    assert said["model_version"]


def test_the_runtime_refuses_with_our_sentences(port):
    status, said = ask(port[0], "/v2/models/fraud/infer", {"inputs": request_of(table(2, 7)[0])["inputs"][1:]})
    assert status == 400
    assert "lacks the column 'x'" in said["error"]


def test_the_runtime_says_its_columns(port):
    status, said = ask(port[0], "/v2/models/fraud")
    assert status == 200
    assert [part["name"] for part in said["inputs"]] == bundle("mixed").scorer.columns
    assert said["platform"] == "rareclass"
