"""Keras batch losses: the NumPy definitions on each back end, weights, batches of one class, saving and training."""

import importlib
import json

import numpy as np
import pytest
from tests.losses.keras.running import allow_double, value_and_gradient

from rareclass import losses
from rareclass.errors import InputError

pytestmark = pytest.mark.deep
keras = pytest.importorskip("keras", reason="keras or its back end is not installed", exc_type=ImportError)
ours = importlib.import_module("rareclass.losses.keras")
allow_double()

BATCH = {
    "tversky": (ours.TverskyLoss, {"fp_weight": 0.2, "fn_weight": 0.8}),
    "focal tversky": (ours.FocalTverskyLoss, {}),
    "square": (ours.PairwiseSquareLoss, {}),
    "hinge": (ours.PairwiseSquaredHingeLoss, {"margin": 0.5}),
    "average precision": (ours.SmoothAveragePrecisionLoss, {"margin": 2.0}),
}
RANKING = ["square", "hinge", "average precision"]


def rows(n=120):
    rng = np.random.default_rng(0)
    z = rng.normal(size=n) * 3
    z[:12] = z[12:24]  # ties
    return z, (rng.random(n) < 0.2).astype(float)


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize(("kind", "parameters"), BATCH.values(), ids=BATCH.keys())
def test_value_and_gradient_are_those_of_the_definition(kind, parameters, dtype, limit):
    z, y = rows()
    z = z.astype(dtype).astype(float)
    if keras.config.backend() == "torch":
        limit = max(limit, 1e-7)  # Keras's running totals are float32 there, whatever they are asked for
    weight = np.random.default_rng(2).random(120).astype(dtype).astype(float)
    definition, loss = getattr(losses, kind.__name__)(**parameters), kind(**parameters, dtype=dtype)
    for given in (None, weight):
        value, gradient = value_and_gradient(loss, y, z, given)
        assert value == pytest.approx(definition.value(y, z, sample_weight=given), rel=limit)
        wanted = definition.gradient(y, z, sample_weight=given)
        assert np.abs(gradient - wanted).max() <= limit * np.abs(wanted).max()


@pytest.mark.parametrize("name", RANKING)
def test_a_batch_of_one_class_moves_nothing(name):
    kind, parameters = BATCH[name]
    for label in (0.0, 1.0):
        value, gradient = value_and_gradient(kind(**parameters), np.full(9, label), np.linspace(-2, 2, 9))
        assert value == 0
        assert (gradient == 0).all()


@pytest.mark.parametrize(("kind", "parameters"), BATCH.values(), ids=BATCH.keys())
def test_far_scores_and_ignored_ones(kind, parameters):
    z, y = rows(60)
    gone = np.arange(60) % 4 == 0
    loss, plain = kind(**parameters, ignore_index=-1, dtype="float64"), kind(**parameters, dtype="float64")
    value, gradient = value_and_gradient(loss, np.where(gone, -1.0, y)[:, None], np.where(gone, np.nan, z)[:, None])
    wanted, slope = value_and_gradient(plain, y[~gone], z[~gone])
    assert value == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(gradient[~gone, 0], slope, rtol=1e-9, atol=1e-15)
    assert (gradient[gone] == 0).all()
    value, gradient = value_and_gradient(kind(**parameters), np.array([1.0, 0.0, 1.0, 0.0]), [-1e4, 1e4, 1e4, -1e4])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("kind", "parameters"), BATCH.values(), ids=BATCH.keys())
def test_losses_are_saved_and_train_compiled(kind, parameters, tmp_path):
    loss = kind(**parameters)
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(loss))))
    assert (type(again), again.get_config(), again.loss) == (kind, loss.get_config(), loss.loss)
    rng = np.random.default_rng(5)
    X = rng.normal(size=(600, 2)).astype("float32")
    y = (X[:, 0] + rng.normal(size=600) > 1.5).astype("float32")
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), loss, jit_compile=keras.config.backend() != "torch")
    history = model.fit(X, y, batch_size=200, epochs=6, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").loss.get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ours.TverskyLoss(fp_weight=-1.0), "`fp_weight` must lie in"),
        (lambda: ours.TverskyLoss()(np.zeros(3), np.zeros(4)), "do not fit"),
        (lambda: ours.TverskyLoss()(np.zeros(3), np.zeros((3, 4))), "not for classes"),
        (lambda: ours.TverskyLoss()(np.array([0.0, 0.5]), np.zeros(2)), "0 and 1 only"),
        (lambda: ours.TverskyLoss(smooth=0)(np.zeros(2), np.full(2, -1e4)), "0 / 0"),
        (lambda: ours.TverskyLoss().link(np.zeros(3)), "has no link"),
        (lambda: ours.PairwiseSquareLoss(0.0), "`margin` must lie in"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_the_start_is_neutral():
    assert ours.TverskyLoss().start(0.01) == pytest.approx(np.log(0.01 / 0.99))
    assert ours.TverskyLoss().bias_initializer(0.01).value == ours.TverskyLoss().start(0.01)
