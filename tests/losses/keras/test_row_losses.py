"""Keras row losses: the NumPy definitions on each back end, shapes, options, links, saving and compiled training."""

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

BINARY = {
    "ce": (ours.CrossEntropy, {}),
    "weighted": (ours.WeightedCrossEntropy, {"weights": 5.0}),
    "focal": (ours.FocalLoss, {}),
    "focal alpha": (ours.FocalLoss, {"gamma": 0.5, "alpha": 0.25}),
    "class-balanced": (ours.ClassBalancedLoss, {"counts": (1000, 10), "beta": 0.99, "base": losses.FocalLoss(1.0)}),
    "ldam": (ours.LDAMLoss, {"counts": (1000, 10), "scale": 5.0}),
    "asl": (ours.AsymmetricLoss, {"gamma_pos": 1.0}),
    "asl no margin": (ours.AsymmetricLoss, {"margin": 0.0}),
    "adjusted": (ours.LogitAdjustedLoss, {"prevalence": 0.05}),
    "vector scaling": (
        ours.VectorScalingLoss,
        {"weights": (2.0, 3.0), "additive": (0.4, -0.1), "multiplicative": (0.7, 1.2)},
    ),
    "poly": (ours.PolyLoss, {}),
    "poly focal": (ours.PolyLoss, {"epsilon": -1.0, "gamma": 2.0}),
}
MULTI = {
    "ce": (ours.CrossEntropy, {}),
    "weighted": (ours.WeightedCrossEntropy, {"weights": (1, 2, 9)}),
    "focal": (ours.FocalLoss, {}),
    "ldam": (ours.LDAMLoss, {"counts": (99, 30, 5), "scale": 3.0}),
    "adjusted": (ours.LogitAdjustedLoss, {"counts": (99, 30, 5)}),
    "poly focal": (ours.PolyLoss, {"epsilon": -1.0, "gamma": 2.0, "alpha": (1, 2, 9)}),
    "class-balanced": (ours.ClassBalancedLoss, {"counts": (99, 30, 5), "beta": 0.9}),
    "vector scaling": (
        ours.VectorScalingLoss,
        {"weights": (1, 2, 4), "additive": (0.1, -0.3, 0.5), "multiplicative": (0.7, 1.0, 1.4)},
    ),
}


def defined(kind, parameters):
    return getattr(losses, kind.__name__)(**parameters)


def rows(n=200):
    rng = np.random.default_rng(0)
    return rng.normal(size=n) * 6, (rng.random(n) < 0.3).astype(float)


def close(got, wanted, limit):
    wanted = np.asarray(wanted)
    assert np.abs(np.asarray(got) - wanted).max() <= limit * np.abs(wanted).max()


def number(value):
    return float(keras.ops.convert_to_numpy(value))


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize(("kind", "parameters"), BINARY.values(), ids=BINARY.keys())
def test_value_and_gradient_are_those_of_the_definition(kind, parameters, dtype, limit):
    z, y = rows()
    z = z.astype(dtype).astype(float)
    definition, loss = defined(kind, parameters), kind(**parameters, reduction="none", dtype=dtype)
    close(keras.ops.convert_to_numpy(loss(y, z.astype(dtype))), definition.value(y, z), limit)
    close(value_and_gradient(loss, y, z)[1], definition.gradient(y, z), limit)


@pytest.mark.parametrize(("kind", "parameters"), MULTI.values(), ids=MULTI.keys())
def test_several_classes_are_those_of_the_definition(kind, parameters):
    rng = np.random.default_rng(1)
    z, y = rng.normal(size=(80, 3)) * 3, rng.integers(0, 3, 80)
    definition, loss = defined(kind, parameters), kind(**parameters, reduction="none", dtype="float64")
    close(keras.ops.convert_to_numpy(loss(y, z)), definition.value(y, z), 1e-12)
    close(value_and_gradient(loss, y, z)[1], definition.gradient(y, z), 1e-11)
    images = loss(y.reshape(4, 20), z.reshape(4, 20, 3))
    close(keras.ops.convert_to_numpy(images).ravel(), definition.value(y, z), 1e-12)
    np.testing.assert_allclose(loss.link(z), definition.link(z), rtol=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_everything_is_finite_far_out(name):
    kind, parameters = BINARY[name]
    loss = kind(**parameters, dtype="float32")
    z = np.array([-1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4])
    for c in (0.0, 1.0):
        value, gradient = value_and_gradient(loss, np.full(7, c), z)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", MULTI)
def test_class_scores_far_out_are_finite_and_smoothed_ones_too(name):
    kind, parameters = MULTI[name]
    z = np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0], [-1e4, 1e4, 1e4]])
    for smoothing in (0.0, 0.1):
        value, gradient = value_and_gradient(kind(**parameters, label_smoothing=smoothing), np.array([0, 1, 2]), z)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_cross_entropy_is_that_of_keras():
    z, y = rows()
    theirs = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1, dtype="float64")
    mine = ours.CrossEntropy(label_smoothing=0.1, dtype="float64")
    # Keras smooths in float32 on JAX
    assert number(mine(y, z)) == pytest.approx(number(theirs(y[:, None], z[:, None])), rel=1e-7)
    scores, codes = z.reshape(-1, 4), np.arange(50) % 4
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2, dtype="float64")
    mine = ours.CrossEntropy(label_smoothing=0.2, dtype="float64")
    assert number(mine(codes, scores)) == pytest.approx(number(theirs(np.eye(4)[codes], scores)), rel=1e-7)


@pytest.mark.parametrize("name", MULTI)
def test_smoothing_mixes_the_losses_of_the_classes(name):
    kind, parameters = MULTI[name]
    rng = np.random.default_rng(2)
    z, y = rng.normal(size=(50, 3)) * 3, rng.integers(0, 3, 50)
    definition = defined(kind, parameters)
    each = np.stack([definition.value(np.full(50, k), z) for k in range(3)])
    wanted = 0.7 * each[y, np.arange(50)] + 0.1 * each.sum(axis=0)
    got = kind(**parameters, label_smoothing=0.3, reduction="none", dtype="float64")(y, z)
    close(keras.ops.convert_to_numpy(got), wanted, 1e-12)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", "sum"])
def test_ignored_targets_do_not_count(reduction):
    z, y = rows(40)
    weight = np.linspace(0.1, 2.0, 40)
    gone = np.arange(40) % 3 == 0
    marked = np.where(gone, -1.0, y)
    # what is ignored may hold anything, a NaN of padding included
    padded = np.where(gone, np.nan, z)
    loss = ours.FocalLoss(ignore_index=-1, reduction=reduction, dtype="float64")
    plain = ours.FocalLoss(reduction=reduction, dtype="float64")
    for given in (None, weight):
        got, gradient = value_and_gradient(loss, marked, padded, given)
        wanted, slope = value_and_gradient(plain, y[~gone], z[~gone], None if given is None else given[~gone])
        # Keras's own reduction divides in float32 on torch
        assert got == pytest.approx(wanted, rel=1e-7)
        np.testing.assert_allclose(gradient[~gone], slope, rtol=1e-7)
        assert (gradient[gone] == 0).all()
    value, gradient = value_and_gradient(loss, np.full(40, -1.0), z)
    assert value == 0
    assert (gradient == 0).all()


def test_shapes_of_keras_fit():
    z, y = rows(40)
    loss = ours.FocalLoss(dtype="float64")
    wanted = number(loss(y, z))
    for targets, logits in (
        (y, z[:, None]),
        (y[:, None], z[:, None]),
        (y[:, None], z),
        (y.reshape(4, 10), z.reshape(4, 10)),
    ):
        assert number(loss(targets, logits)) == pytest.approx(wanted, rel=1e-12)
    weight = np.linspace(0.1, 2.0, 40)
    wanted = (weight * losses.FocalLoss().value(y, z)).sum() / weight.sum()
    weighted = ours.FocalLoss(reduction="mean_with_sample_weight", dtype="float64")
    for logits in (z, z[:, None]):
        assert number(weighted(y, logits, weight)) == pytest.approx(
            wanted, rel=1e-7
        )  # divided in float32 by Keras on torch
    codes = ours.CrossEntropy(dtype="float64")
    assert number(codes(np.arange(10)[:, None] % 4, z.reshape(10, 4))) == pytest.approx(
        number(codes(np.arange(10) % 4, z.reshape(10, 4)))
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.05])
def test_link_undoes_the_loss_and_its_start_means_the_prevalence(smoothing):
    for kind, parameters in BINARY.values():
        if kind is ours.AsymmetricLoss and parameters.get("margin") != 0.0:
            continue  # says nothing below its margin
        loss = kind(**parameters, label_smoothing=smoothing)
        assert loss.link([loss.start(0.03)])[0] == pytest.approx(0.03, rel=1e-9)
        assert loss.log_odds([[loss.start(0.03)]])[0, 0] == pytest.approx(np.log(0.03 / 0.97), rel=1e-9)
    shares = (0.9, 0.07, 0.03)
    for kind, parameters in MULTI.values():
        loss = kind(**parameters, label_smoothing=smoothing)
        np.testing.assert_allclose(loss.link(np.array([loss.start(shares)]))[0], shares, rtol=1e-6)


def test_the_start_is_the_minimum_of_the_smoothed_loss():
    # 3 events in 100 rows: the gradient of the whole batch vanishes at the start
    y = (np.arange(100) < 3).astype(float)
    for smoothing in (0.0, 0.1):
        loss = ours.FocalLoss(label_smoothing=smoothing, dtype="float64")
        _, gradient = value_and_gradient(loss, y, np.full(100, loss.start(0.03)))
        assert abs(gradient.sum()) < 1e-12


def test_bias_initialisers_build_layers():
    loss = ours.FocalLoss()
    layer = keras.layers.Dense(1, bias_initializer=loss.bias_initializer(0.01))
    layer.build((None, 4))
    assert np.asarray(keras.ops.convert_to_numpy(layer.bias)).tolist() == pytest.approx([loss.start(0.01)])
    shares = (0.9, 0.07, 0.03)
    layer = keras.layers.Dense(3, bias_initializer=loss.bias_initializer(shares))
    layer.build((None, 4))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.bias), loss.start(shares), rtol=1e-6)


@pytest.mark.parametrize(("kind", "parameters"), {**BINARY, **MULTI}.values())
def test_losses_are_saved_as_plain_values(kind, parameters):
    loss = kind(**parameters, label_smoothing=0.1, ignore_index=-1, reduction="sum", name="mine")
    saved = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    again = keras.saving.deserialize_keras_object(saved)
    assert type(again) is kind
    assert again.get_config() == loss.get_config()
    assert again.loss == loss.loss


def events(n=4000, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)).astype("float32")
    truth = 1 / (1 + np.exp(-(1.5 * X[:, 0] - 3.5)))
    return X, (rng.random(n) < truth).astype("float32")


def linear(loss, prevalence, jit_compile="auto"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, dtype="float32", bias_initializer=loss.bias_initializer(prevalence))]
    )
    model.compile(keras.optimizers.Adam(0.05), loss, jit_compile=jit_compile)
    return model


def test_a_compiled_model_learns_is_saved_and_means_its_probabilities(tmp_path):
    X, y = events()
    loss = ours.FocalLoss(2.0)
    # XLA where the back end has it; torch compiles otherwise, which takes a C++ compiler
    model = linear(loss, y.mean(), keras.config.backend() != "torch")
    model.fit(X, y, batch_size=500, epochs=8, verbose=0)
    logits = model.predict(X, verbose=0)
    # focal gamma = 2 is not exactly linear-consistent, so 10 %; a sigmoid of the raw score is wrong several times over
    assert loss.link(logits).mean() / y.mean() == pytest.approx(1.0, abs=0.1)
    assert (1 / (1 + np.exp(-logits))).mean() / y.mean() > 3
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.loss.get_config() == loss.get_config()
    np.testing.assert_allclose(again.predict(X, verbose=0), logits, rtol=1e-6)
    before = again.evaluate(X, y, verbose=0)
    again.fit(X, y, batch_size=500, epochs=1, verbose=0)
    assert again.evaluate(X, y, verbose=0) == pytest.approx(before, rel=0.1)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_in_single(policy):
    X, y = events(1000)
    loss = ours.FocalLoss(2.0)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), loss)
        history = model.fit(X, y, batch_size=100, epochs=2, verbose=0).history["loss"]
        assert np.isfinite(history).all()
        assert history[1] < history[0]
        assert loss.dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)
    half = ours.FocalLoss(2.0, dtype="float16")
    assert half.dtype == "float32"
    assert number(half([1.0], [-4.0])) == pytest.approx(losses.FocalLoss(2.0).value(1, -4.0), rel=1e-6)


def test_targets_out_of_range_cannot_pass_for_a_loss():
    with pytest.raises(InputError, match="must hold 0 and 1"):
        ours.FocalLoss()(np.array([0.0, 2.0]), np.zeros(2))
    with pytest.raises(InputError, match=r"class codes 0\.\.2; got 3"):
        ours.FocalLoss()(np.array([0, 3]), np.zeros((2, 3)))
    if keras.config.backend() == "torch":
        return  # it trains without compiling, so that the error is raised
    X, y = events(200)
    model = linear(ours.FocalLoss(), 0.05)
    history = model.fit(X, y + 2.0, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()]).history
    assert np.isnan(history["loss"]).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ours.FocalLoss(-1.0), "`gamma` must lie in"),
        (lambda: ours.FocalLoss(reduction="avg"), "`reduction` must be one of"),
        (lambda: ours.FocalLoss(label_smoothing=1.0), "`label_smoothing` must lie in"),
        (lambda: ours.FocalLoss(ignore_index=0.5), "`ignore_index` must be a whole number"),
        (lambda: ours.FocalLoss()(np.zeros(3), np.zeros(4)), "do not fit"),
        (lambda: ours.FocalLoss()(np.zeros((3, 2)), np.zeros((3, 4))), "do not fit"),
        (lambda: ours.AsymmetricLoss()(np.zeros(3), np.zeros((3, 4))), "is a binary loss"),
        (lambda: ours.FocalLoss()(np.zeros(2), np.zeros(2), np.array([1.0, -1.0])), "not negative; got -1.0"),
        (lambda: ours.FocalLoss()(np.zeros(2), np.zeros(2), np.array([1.0, np.nan])), "not negative; got nan"),
        (lambda: ours.TverskyLoss()(np.zeros(2), np.zeros(2), np.array([1.0, -1.0])), "not negative; got -1.0"),
        (lambda: ours.FocalLoss().link(np.zeros((2, 3, 4))), "say which"),
        (lambda: ours.FocalLoss().start((0.5, 0.0)), "share of each class"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="takes no argument 'from_logits'"):
        ours.FocalLoss(from_logits=True)


def test_names_are_those_of_the_numpy_losses():
    assert set(ours.__all__) == set(losses.__all__) - {"RowLoss", "BatchLoss", "loss_from_dict"}
