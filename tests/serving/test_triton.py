"""The protocol's own client, in JSON and in binary, with every datatype."""

import warnings

import numpy as np
import pytest

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # gevent's and urllib3's own
    triton = pytest.importorskip("tritonclient.http")

from tests.serving.codec import bundle, filled, table  # noqa: E402  (after the check that its packages are there)
from tests.serving.server import Server  # noqa: E402

DTYPES = {
    "BOOL": np.bool_,
    **{f"INT{8 * size}": np.dtype(f"i{size}") for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": np.dtype(f"u{size}") for size in (1, 2, 4, 8)},
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BF16": np.float32,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundles")
    for name in ("mixed", "numbers"):
        bundle(name).save(root / name)
    with Server(root / "mixed", root / "numbers") as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as found:
        yield found


def tensor(name, values, datatype, binary):
    found = triton.InferInput(name, list(values.shape), datatype)
    return filled(found, values, binary_data=binary)


def logits(client, model, inputs, binary):
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("logit", "probability", "alert")]
    found = client.infer(model, inputs, outputs=outputs, request_id="r-1")
    assert found.get_response()["id"] == "r-1"
    assert found.as_numpy("alert").dtype == bool
    np.testing.assert_allclose(found.as_numpy("probability"), 1 / (1 + np.exp(-found.as_numpy("logit"))), rtol=1e-12)
    return found.as_numpy("logit")


FORMS = [(datatype, binary) for datatype in DTYPES for binary in (True, False)]
FORMS.remove(("BF16", False))  # which the client writes in binary only


@pytest.mark.parametrize(("datatype", "binary"), FORMS)
def test_numbers_of_every_datatype_are_scored(client, datatype, binary):
    low = 0 if datatype.startswith(("U", "B")) and datatype != "BF16" else -4
    X = np.random.default_rng(0).integers(low, 2 if datatype == "BOOL" else 5, (6, 3)).astype(DTYPES[datatype])
    wanted = bundle("numbers").scorer.logit(X.astype(np.float64))
    np.testing.assert_array_equal(logits(client, "numbers", [tensor("any", X, datatype, binary)], binary), wanted)
    by_column = [tensor(f"x{j}", X[:, j].copy(), datatype, binary) for j in range(3)]
    np.testing.assert_array_equal(logits(client, "numbers", by_column, binary), wanted)
    tall = [tensor(f"x{j}", X[:, [j]].copy(), datatype, binary) for j in range(3)]
    np.testing.assert_array_equal(logits(client, "numbers", tall, not binary), wanted)


@pytest.mark.parametrize("binary", [True, False])
def test_columns_of_every_kind_are_scored(client, binary):
    data = table(20, 5)[0]
    texts = {name: np.array([str(v) for v in data[name].to_pylist()], dtype=object) for name in ("shop", "at", "note")}
    code = np.array([3 if v is None else int(v) for v in data["code"].to_pylist()], dtype=np.int64)
    x = np.nan_to_num(data["x"].to_numpy())
    inputs = [
        tensor("x", x, "FP64", binary),
        tensor("count", data["count"].to_numpy(), "INT64", binary),
        *(tensor(name, values, "BYTES", binary) for name, values in texts.items()),
        tensor("code", code, "INT64", binary),
        tensor("ok", data["ok"].to_numpy(), "BOOL", binary),
    ]
    rows = data.to_pylist()
    for row, own, number in zip(rows, code.tolist(), x.tolist(), strict=True):
        row.update(code=str(own), x=number)
    np.testing.assert_array_equal(logits(client, "mixed", inputs, binary), bundle("mixed").scorer.logit(rows))
    reasons = [triton.InferRequestedOutput("reasons", binary_data=binary)]
    found = client.infer("mixed", inputs, outputs=reasons, parameters={"explain": "all"}).as_numpy("reasons")
    assert len(found) == 20
    assert all(b"contribution" in (text if isinstance(text, bytes) else text.encode()) for text in found)


def test_a_missing_number_is_nan_in_binary(client):
    X = np.array([[0.5, np.nan, 1.0], [np.inf, 0.0, 2.0]])
    wanted = bundle("numbers").scorer.logit(X)
    np.testing.assert_array_equal(logits(client, "numbers", [tensor("x", X, "FP64", True)], True), wanted)


def test_health_and_metadata(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("mixed")
    assert client.get_server_metadata()["name"] == "rareclass"
    said = client.get_model_metadata("numbers")
    assert [part["name"] for part in said["inputs"]] == ["x0", "x1", "x2"]
    (version,) = said["versions"]
    assert client.is_model_ready("numbers", version)
    X = np.zeros((1, 3))
    found = client.infer("numbers", [tensor("x", X, "FP64", True)], model_version=version)
    assert found.get_response()["model_version"] == version


def test_what_is_refused_is_said(client):
    with pytest.raises(triton.InferenceServerException, match="none"):
        client.infer("none", [tensor("x", np.zeros((1, 3)), "FP64", True)])
    with pytest.raises(triton.InferenceServerException, match="lacks the column 'x1'"):
        client.infer("numbers", [tensor("x0", np.zeros(1), "FP64", False)])
