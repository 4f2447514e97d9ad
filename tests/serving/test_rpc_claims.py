"""What docs/serving.md says of gRPC: texts, token, ids, log, metrics and reload are those of HTTP."""

import json
import ssl
import threading
import warnings

import numpy as np
import pytest

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
grpc = pytest.importorskip("grpc")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    triton = pytest.importorskip("tritonclient.grpc")

from tests.deploy.foreign import request_of  # noqa: E402  (after the check that its packages are there)
from tests.serving.bundles import fitted, write  # noqa: E402
from tests.serving.certificates import made  # noqa: E402
from tests.serving.codec import bundle, table  # noqa: E402
from tests.serving.server import Server  # noqa: E402

from rareclass.monitoring import read_predictions  # noqa: E402

TOKEN = {"authorization": "Bearer the-right-token"}


def tensors(asked):
    """The inputs of a JSON request as the client of gRPC has them."""
    found = []
    for given in asked["inputs"]:
        dtype = {"BOOL": np.bool_, "INT64": np.int64, "FP64": np.float64, "BYTES": np.object_}[given["datatype"]]
        values = [v.encode() for v in given["data"]] if dtype is np.object_ else given["data"]
        found.append(triton.InferInput(given["name"], given["shape"], given["datatype"]))
        found[-1].set_data_from_numpy(np.array(values, dtype=dtype))
    return found


def test_texts_ids_token_log_and_metrics_are_as_over_http(tmp_path):
    bundle().save(tmp_path / "mixed")
    rows = table()[0]
    rows = rows.filter([all(v is not None and v == v for v in row.values()) for row in rows.to_pylist()]).slice(0, 20)
    ids = [f"row-{i}" for i in range(rows.num_rows)]
    asked = request_of(rows)
    log = tmp_path / "log"
    with Server(
        tmp_path / "mixed", "--grpc-port", 0, "--log", log, env={"RARECLASS_TOKEN": "the-right-token"}
    ) as running:
        address = running.events("serving")[0]["grpc"]
        with triton.InferenceServerClient(address) as client:
            with pytest.raises(triton.InferenceServerException, match="asks for a token") as caught:
                client.infer("mixed", tensors(asked))
            assert caught.value.status() == "StatusCode.UNAUTHENTICATED"
            assert client.is_server_live(headers=TOKEN)
            more = {"parameters": {"ids": json.dumps(ids), "explain": "all"}, "headers": TOKEN}
            found = client.infer("mixed", tensors(asked), request_id="r-7", **more)
        body = {"inputs": asked["inputs"], "parameters": {"explain": "all"}}
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


def test_tls_and_certificates_of_clients_are_asked_for_as_over_http(tmp_path):
    write("plain", tmp_path / "m")
    own = made(tmp_path)
    options = ["--tls-cert", own.service[0], "--tls-key", own.service[1], "--tls-client-ca", own.authority[0]]
    context = ssl.create_default_context(cafile=own.authority[0])
    context.load_cert_chain(*own.client)
    with Server(f"m={tmp_path / 'm'}", "--grpc-port", 0, *options, tls=context) as running:
        address = running.events("serving")[0]["grpc"].replace("127.0.0.1", "localhost")
        authority, key, chain = (file.read_bytes() for file in (own.authority[0], *own.client[::-1]))
        check = "/grpc.health.v1.Health/Check"
        with grpc.secure_channel(address, grpc.ssl_channel_credentials(authority, key, chain)) as channel:
            assert channel.unary_unary(check)(b"\x0a\x01m", timeout=20.0) == b"\x08\x01"
        stranger = grpc.ssl_channel_credentials(authority)
        for other in (grpc.secure_channel(address, stranger), grpc.insecure_channel(address)):
            with other as channel, pytest.raises(grpc.RpcError) as error:
                channel.unary_unary(check)(b"", timeout=10.0)
            assert error.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def test_slow_messages_leave_room_for_quick_ones(tmp_path):
    write("plain", tmp_path / "m")
    stop = threading.Event()
    with (
        Server(f"m={tmp_path / 'm'}", "--grpc-port", 0) as running,
        grpc.insecure_channel(running.events("serving")[0]["grpc"]) as channel,
    ):
        infer = channel.stream_unary("/inference.GRPCInferenceService/ModelInfer")
        stalled = [infer.future(_never(stop), timeout=30.0) for _ in range(9)]
        running.until(lambda: any(call.done() for call in stalled))
        codes = [call.code() for call in stalled if call.done()]
        assert codes == [grpc.StatusCode.RESOURCE_EXHAUSTED]
        assert channel.unary_unary("/inference.GRPCInferenceService/ModelReady")(b"\x0a\x01m") == b"\x08\x01"
        for call in stalled:
            call.cancel()
        stop.set()


def _never(stop):
    """The messages of a client that sends none."""
    stop.wait(30.0)
    yield from ()
