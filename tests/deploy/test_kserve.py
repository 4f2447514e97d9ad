"""KServe's SDK, in an environment of its own: it serves a bundle through our adapter, and knows our resources."""

import subprocess

import pytest
from tests.deploy.foreign import ask, equal_to_predict, free_port, python_of, request_of, running
from tests.serving.codec import bundle, table

from rareclass.workflow import Placing, deploy_bundle

pytestmark = pytest.mark.foreign

CHECK = """
import re, sys, yaml
import kserve.models
import kubernetes.client.models

KINDS = {"ServingRuntime": "V1alpha1ServingRuntime", "InferenceService": "V1beta1InferenceService"}
PLAIN = {"str": str, "int": int, "bool": bool, "float": float, "object": object, "ResourceQuantity": str}

def check(value, kind, place):
    several = re.fullmatch(r"([Ll]ist|[Dd]ict)[\\[(](str, )?(.+)[\\])]", kind)
    if several and several[1].lower() == "list":
        assert isinstance(value, list), place
        return [check(v, several[3], f"{place}[{i}]") for i, v in enumerate(value)]
    if several:
        assert isinstance(value, dict), place
        return {key: check(v, several[3], f"{place}.{key}") for key, v in value.items()}
    if kind in PLAIN:
        assert isinstance(value, PLAIN[kind]), (place, value)
        assert kind in ("bool", "object") or not isinstance(value, bool), (place, value)
        return value
    model = getattr(kserve.models, kind, None) or getattr(kubernetes.client.models, kind)
    own = {key: name for name, key in model.attribute_map.items()}
    unknown = value.keys() - own
    assert not unknown, f"{place} has no {unknown}"
    found = {own[key]: check(v, model.openapi_types[own[key]], f"{place}.{key}") for key, v in value.items()}
    return model(**found)  # which says what lacks

for path in sys.argv[1:]:
    given = yaml.safe_load(open(path))
    check(given, KINDS[given["kind"]], given["kind"])
    print(given["kind"], given["metadata"]["name"])
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    python_of("kserve")
    root = tmp_path_factory.mktemp("kserve")
    bundle("mixed").save(root / "bundle")
    deploy_bundle(root / "bundle", "kserve", root / "out", Placing("fraud", grpc_port=9000))
    return root


@pytest.fixture(scope="module")
def port(deployed):
    port = free_port()
    command = [python_of("kserve"), deployed / "out" / "adapter.py", "--model_name", "fraud"]
    command += ["--model_dir", deployed / "bundle", "--http_port", port, "--grpc_port", free_port()]
    with running(command, (port, "/v2/models/fraud/ready"), deployed / "log.txt"):
        yield port


def test_the_adapter_answers_as_predict(port):
    rows = table(200, 7)[0]
    status, said = ask(port, "/v2/models/fraud/infer", request_of(rows))
    assert status == 200, said
    equal_to_predict(said, bundle("mixed"), rows)
    assert said["model_version"]


def test_the_adapter_refuses_with_our_sentences(port):
    status, said = ask(port, "/v2/models/fraud/infer", {"inputs": request_of(table(2, 7)[0])["inputs"][1:]})
    assert status == 400
    assert "lacks the column 'x'" in said["error"]


def test_the_adapter_says_its_columns(port):
    status, said = ask(port, "/v2/models/fraud")
    assert status == 200
    assert [part["name"] for part in said["inputs"]] == bundle("mixed").scorer.columns


def test_the_resources_are_those_of_the_sdk(deployed, tmp_path):
    from tests.deploy.test_writing import trees

    trees(tmp_path / "bundle")
    deploy_bundle(tmp_path / "bundle", "kserve", tmp_path / "plain")
    files = [
        deployed / "out" / "serving-runtime.yaml",
        deployed / "out" / "inference-service.yaml",
        tmp_path / "plain" / "serving-runtime.yaml",
        tmp_path / "plain" / "inference-service.yaml",
        tmp_path / "plain" / "stock" / "inference-service.yaml",
    ]
    (tmp_path / "check.py").write_text(CHECK)
    command = [python_of("kserve"), tmp_path / "check.py", *files]
    said = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("InferenceService") == 3
    right = files[0].read_text()
    for was, now in (
        ("supportedModelFormats", "supportedFormats"),
        ("port: 8080", "ports: 8080"),
        ('cpu: "1"', "cpu: 1"),
    ):
        assert was in right
        (tmp_path / "wrong.yaml").write_text(right.replace(was, now))
        said = subprocess.run([*map(str, command[:2]), str(tmp_path / "wrong.yaml")], capture_output=True, check=False)
        assert b"AssertionError" in said.stderr
