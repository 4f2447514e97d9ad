"""gRPC beside HTTP: the protocol's own client, every datatype, refusals as status codes, damaged messages, the end."""

import random
import warnings

import numpy as np
import pytest

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
grpc = pytest.importorskip("grpc")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    triton = pytest.importorskip("tritonclient.grpc")

from tests.serving.codec import bundle, filled  # noqa: E402  (after the check that its packages are there)
from tests.serving.server import Server  # noqa: E402
from tests.serving.test_triton import DTYPES  # noqa: E402

from rareclass.serving.rpc.reading import FIELDS  # noqa: E402

INFER = "/inference.GRPCInferenceService/ModelInfer"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundles")
    bundle("numbers").save(root / "numbers")
    with Server(root / "numbers", "--grpc-port", 0, "--workers", 2) as running:
        yield running


@pytest.fixture(scope="module")
def address(server):
    return server.events("serving")[0]["grpc"]


@pytest.fixture(scope="module")
def client(address):
    with triton.InferenceServerClient(address) as found:
        yield found


def asked(X, datatype):
    found = triton.InferInput("any", list(X.shape), datatype)
    return filled(found, X)


@pytest.mark.parametrize("datatype", DTYPES)
def test_raw_and_typed_numbers_of_every_datatype_answer_as_the_scorer(client, address, datatype):
    low = 0 if datatype.startswith(("U", "B")) and datatype != "BF16" else -4
    X = np.random.default_rng(0).integers(low, 2 if datatype == "BOOL" else 5, (6, 3)).astype(DTYPES[datatype])
    wanted = bundle("numbers").scorer.logit(X.astype(np.float64))
    found = client.infer("numbers", [asked(X, datatype)], request_id="r-1")
    assert found.get_response().id == "r-1"
    np.testing.assert_array_equal(found.as_numpy("logit"), wanted)
    if datatype not in FIELDS:
        return
    message = triton.service_pb2.ModelInferRequest(model_name="numbers")
    tensor = message.inputs.add(name="any", datatype=datatype, shape=X.shape)
    getattr(tensor.contents, FIELDS[datatype]).extend(X.ravel().tolist())
    with grpc.insecure_channel(address) as channel:
        said = triton.service_pb2.ModelInferResponse.FromString(channel.unary_unary(INFER)(message.SerializeToString()))
    logit = next(output for output in said.outputs if output.name == "logit")
    np.testing.assert_array_equal(np.array(logit.contents.fp64_contents), wanted)


def refusal(address, path, message, **options):
    with grpc.insecure_channel(address, **options) as channel, pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(path)(message)
    return error.value.code().name, error.value.details()


def test_what_is_refused_is_said_by_a_status_code_and_a_sentence(client, address):
    def changed(**values):
        said = triton.service_pb2.ModelInferRequest(model_name="numbers", raw_input_contents=[bytes(24)])
        said.inputs.add(name="any", datatype="FP64", shape=[1, 3])
        for name, value in values.items():
            setattr(said, name, value)
        return said

    short = changed()
    short.raw_input_contents[0] = b"1234567"
    both = changed()
    both.inputs[0].contents.fp64_contents.extend([1.0, 2.0, 3.0])
    negative = changed()
    negative.inputs[0].shape[0] = -1
    for message, code, words in (
        (changed(model_name="none"), "NOT_FOUND", "no model 'none'"),
        (changed(model_version="000000000000"), "NOT_FOUND", "in version"),
        (short, "INVALID_ARGUMENT", "has 7 bytes"),
        (both, "INVALID_ARGUMENT", "give one of them"),
        (negative, "INVALID_ARGUMENT", "whole numbers from 0 on"),
    ):
        found = refusal(address, INFER, message.SerializeToString())
        assert found[0] == code, found
        assert words in found[1]
    assert refusal(address, INFER, b"\x0a\x01\xff")[0] == "INVALID_ARGUMENT"
    assert refusal(address, INFER, bytes(40 * 2**20))[0] == "RESOURCE_EXHAUSTED"
    assert refusal(address, "/a/b", b"")[0] == "UNIMPLEMENTED"


def test_damaged_messages_are_the_clients_error(address):
    rng = random.Random(0)
    said = triton.service_pb2.ModelInferRequest(model_name="numbers", raw_input_contents=[bytes(24)])
    said.inputs.add(name="any", datatype="FP64", shape=[1, 3])
    whole, codes = said.SerializeToString(), set()
    with grpc.insecure_channel(address) as channel:
        ask = channel.unary_unary(INFER)
        for _ in range(1_000):
            raw = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                raw[rng.randrange(len(raw))] = rng.randrange(256)
            try:
                ask(bytes(raw[: rng.choice([len(raw), rng.randrange(len(raw))])]), timeout=20.0)
            except grpc.RpcError as error:
                codes.add(error.code().name)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED"}
    assert "INVALID_ARGUMENT" in codes


def test_health_by_model(address):
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"") == check(b"\x0a\x07numbers") == b"\x08\x01"
        watched = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"\x0a\x07numbers")
        assert next(watched) == b"\x08\x01"
        watched.cancel()
    assert refusal(address, "/grpc.health.v1.Health/Check", b"\x0a\x01x")[0] == "NOT_FOUND"
