"""What docs/serving.md says of gRPC: texts, token, ids, log, metrics and reload are those of HTTP."""

import json
import warnings

import numpy as np
import pytest

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
grpc = pytest.importorskip("grpc")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    triton = pytest.importorskip("tritonclient.grpc")

from tests.serving.bundles import fitted, write  # noqa: E402  (after the check that its packages are there)
from tests.serving.codec import bundle, table  # noqa: E402
from tests.serving.server import Server  # noqa: E402

from rareclass.monitoring import read_predictions  # noqa: E402

TOKEN = {"authorization": "Bearer the-right-token"}


def tensors(rows):
    """A tensor a column, texts as bytes."""
    found = []
    for name in rows.column_names:
        values = rows[name].to_pylist()
        number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        array = np.array(values, dtype=np.float64) if number else np.array([str(v).encode() for v in values], object)
        found.append(triton.InferInput(name, [len(values)], "FP64" if number else "BYTES"))
        found[-1].set_data_from_numpy(array)
    return found


def test_texts_ids_token_log_and_metrics_are_as_over_http(tmp_path):
    bundle().save(tmp_path / "mixed")
    rows = table()[0]
    rows = rows.filter([all(v is not None and v == v for v in row.values()) for row in rows.to_pylist()]).slice(0, 20)
    ids = [f"row-{i}" for i in range(rows.num_rows)]
    log = tmp_path / "log"
    with Server(
        tmp_path / "mixed", "--grpc-port", 0, "--log", log, env={"RARECLASS_TOKEN": "the-right-token"}
    ) as running:
        address = running.events("serving")[0]["grpc"]
        with triton.InferenceServerClient(address) as client:
            with pytest.raises(triton.InferenceServerException, match="asks for a token") as caught:
                client.infer("mixed", tensors(rows))
            assert caught.value.status() == "StatusCode.UNAUTHENTICATED"
            assert client.is_server_live(headers=TOKEN)
            asked = {"parameters": {"ids": json.dumps(ids), "explain": "all"}, "headers": TOKEN}
            found = client.infer("mixed", tensors(rows), request_id="r-7", **asked)
        body = {"inputs": [], "parameters": {"explain": "all"}}
        for name in rows.column_names:
            values = rows[name].to_pylist()
            number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
            told = [float(v) for v in values] if number else [str(v) for v in values]
            body["inputs"] += [
                {"name": name, "shape": [len(told)], "datatype": "FP64" if number else "BYTES", "data": told}
            ]
        status, http = running.post("/v2/models/mixed/infer", body, headers=TOKEN)
        assert status == 200, http
        metrics = running.get("/metrics", headers=TOKEN)[1].decode()
    assert found.get_response().id == "r-7"
    for output in http["outputs"]:
        over = found.as_numpy(output["name"]).ravel().tolist()
        assert [v.decode() if isinstance(v, bytes) else v for v in over] == output["data"], output["name"]
    assert 'route="grpc"' in metrics
    logged = read_predictions(log).table().to_pydict()
    assert logged["id"][: len(ids)] == ids
    assert logged["probability"][: len(ids)] == found.as_numpy("probability").ravel().tolist()


def test_a_replaced_bundle_answers_over_grpc(tmp_path):
    write("plain", tmp_path / "m")
    with (
        Server(f"m={tmp_path / 'm'}", "--grpc-port", 0) as running,
        triton.InferenceServerClient(running.events("serving")[0]["grpc"]) as client,
    ):
        assert client.get_model_metadata("m").versions == [fitted("plain").version]
        write("other", tmp_path / "m")
        running.until(lambda: client.get_model_metadata("m").versions == [fitted("other").version])
