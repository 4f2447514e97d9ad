"""A network of plain arrays as a member of the scorer, against hand-made weights; its layers, link and refusals."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.losses import FocalLoss
from rareclass.scoring.contributions import contributions
from rareclass.scoring.layers import LAYERS, read_layers
from rareclass.scoring.members import read_member, saved_member, takes_missing, why_no_reasons
from rareclass.scoring.network import Network

RNG = np.random.default_rng(3)
PLAIN = {
    "inputs": [3],
    "layers": [{"layer": "linear"}, {"layer": "relu"}, {"layer": "dropout", "p": 0.5}, {"layer": "linear"}],
}
NORM = {"layer": "batch_norm1d", "eps": 1e-5}
CONV = {"layer": "conv2d", "stride": [1, 1], "padding": [1, 0], "dilation": [1, 1], "groups": 1}
AVERAGE = {"layer": "avg_pool2d", "kernel_size": [2, 2], "stride": [2, 1], "padding": [1, 0], "count_include_pad": True}


def weights(outputs=1, **more):
    normal = lambda *shape: RNG.normal(size=shape).astype(np.float32)  # noqa: E731
    return {
        "0.weight": normal(4, 3),
        "0.bias": normal(4),
        "3.weight": normal(outputs, 4),
        "3.bias": normal(outputs),
        "input.centre": np.array([1.0, 0.0, -1.0]),
        "input.scale": np.array([2.0, 1.0, 0.5]),
        **more,
    }


def by_hand(arrays, X):
    x = (X - arrays["input.centre"]) / arrays["input.scale"]
    hidden = np.maximum(x @ arrays["0.weight"].T.astype(float) + arrays["0.bias"], 0.0)
    return hidden @ arrays["3.weight"].T.astype(float) + arrays["3.bias"]


def test_scores_are_those_of_the_formula():
    arrays, X = weights(), RNG.normal(size=(50, 3))
    np.testing.assert_allclose(Network.from_parts(PLAIN, arrays).logit(X), by_hand(arrays, X)[:, 0], atol=1e-12)


def test_of_two_outputs_the_difference_counts():
    arrays, X = weights(outputs=2), RNG.normal(size=(50, 3))
    both = by_hand(arrays, X)
    np.testing.assert_allclose(Network.from_parts(PLAIN, arrays).logit(X), both[:, 1] - both[:, 0], atol=1e-12)


def test_a_row_has_the_same_score_alone_and_in_blocks():
    member, X = Network.from_parts(PLAIN, weights()), RNG.normal(size=(30, 3))
    together = member.logit(X)
    np.testing.assert_array_equal(np.concatenate([member.logit(X[i : i + 1]) for i in range(30)]), together)
    object.__setattr__(member, "block", 7)
    np.testing.assert_array_equal(member.logit(X), together)


def test_the_link_of_a_loss_makes_log_odds():
    loss, at = FocalLoss(2.0), np.linspace(-40, 40, 8001)
    arrays = weights(**{"link.score": at, "link.logit": loss.link_logit(at)})
    X = RNG.normal(size=(200, 3)) * 3
    member = Network.from_parts(PLAIN, arrays)
    np.testing.assert_allclose(member.logit(X), loss.link_logit(by_hand(arrays, X)[:, 0]), atol=2e-6)
    # beyond the table a line: the slopes of focal loss tend to 1 and 1 + gamma... of its last step
    far = np.array([[1e6, 1e6, 1e6]])
    score = member.raw(far)
    step = np.diff(loss.link_logit(at[-2:]))[0] / (at[-1] - at[-2])
    end = -1 if score > 0 else 0
    step = step if score > 0 else np.diff(loss.link_logit(at[:2]))[0] / (at[1] - at[0])
    np.testing.assert_allclose(member.logit(far), loss.link_logit(at)[end] + step * (score - at[end]), rtol=1e-9)


def test_enormous_numbers_give_finite_scores():
    assert np.isfinite(Network.from_parts(PLAIN, weights()).logit(np.array([[1e308, -1e308, 3.5e38]]))).all()


def test_it_is_read_back_as_it_was_written():
    member = Network.from_parts(PLAIN, weights())
    same = read_member(saved_member(member), member.arrays())
    X = RNG.normal(size=(9, 3))
    np.testing.assert_array_equal(same.logit(X), member.logit(X))
    assert same.columns_read == 3
    assert not takes_missing(same)
    assert all(array.dtype == np.float32 for name, array in member.arrays().items() if name[0].isdigit())


def test_it_says_why_it_gives_no_reasons():
    member = Network.from_parts(PLAIN, weights())
    assert "mixes its columns" in why_no_reasons(member)
    with pytest.raises(InputError, match="no reasons"):
        contributions(member, np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("spec", "changes", "said"),
    [
        ({**PLAIN, "layers": [{"layer": "os.system"}]}, {}, "unknown"),
        ({**PLAIN, "inputs": [4]}, {}, "columns"),
        ({**PLAIN, "inputs": [2, 2]}, {}, "shape"),
        ({**PLAIN, "layers": PLAIN["layers"][:1]}, {}, "last layer"),
        (PLAIN, {"3.weight": np.ones((1, 5))}, "inputs of a linear layer"),
        (PLAIN, {"3.bias": np.ones(2)}, "bias"),
        (PLAIN, {"0.weight": np.full((4, 3), np.nan)}, "weight"),
        (PLAIN, {"0.weight": np.array([["a"] * 3] * 4)}, "weight"),
        (PLAIN, {"input.scale": np.zeros(3)}, "columns"),
        (PLAIN, {"link.score": np.zeros(3), "link.logit": np.zeros(3)}, "link"),
        ({**PLAIN, "layers": 3}, {}, "incomplete"),
        ({"layers": []}, {}, "inputs"),
    ],
)
def test_what_does_not_fit_is_refused(spec, changes, said):
    with pytest.raises(InputError, match=said):
        read_member({"kind": "network", **spec}, {**weights(), **changes})


def test_images_go_through_all_kinds_of_layers():
    layers = [
        CONV,
        {"layer": "batch_norm2d", "eps": 0.01},
        {"layer": "gelu"},
        {"layer": "max_pool2d", "kernel_size": [2, 2], "stride": [2, 2], "padding": [0, 1]},
        AVERAGE,
        {"layer": "adaptive_avg_pool2d", "output_size": [2, 1]},
        {"layer": "flatten"},
        {"layer": "batch_norm1d", "eps": 0.1},
        {"layer": "unflatten", "shape": [1, 2, 2]},
        {"layer": "silu"},
        {"layer": "identity"},
    ]
    assert {layer["layer"] for layer in layers} | {"linear", "relu", "dropout"} == set(LAYERS)
    kernel = RNG.normal(size=(2, 1, 3, 3))
    moments = {"running_mean": RNG.normal(size=2), "running_var": RNG.random(2), "weight": RNG.normal(size=2)}
    arrays = {"0.weight": kernel, **{f"1.{name}": value for name, value in moments.items()}}
    arrays |= {"7.running_mean": np.arange(4.0), "7.running_var": np.ones(4)}
    made, last = read_layers(layers, arrays, (1, 6, 5))
    assert last == (1, 2, 2)
    x = RNG.normal(size=(3, 1, 6, 5))
    found = x.copy()
    for layer in made:
        found = layer.apply(found)
    # the same in plain NumPy
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(padded[:, 0], (3, 3), axis=(1, 2))
    z = np.einsum("nijvu,ovu->noij", views, kernel[:, 0])
    factor = moments["weight"] / np.sqrt(moments["running_var"] + 0.01)
    z = (z - moments["running_mean"][:, None, None]) * factor[:, None, None]
    from scipy.special import ndtr

    z = z * ndtr(z)  # (3, 2, 6, 3)
    z = np.pad(z, ((0, 0), (0, 0), (0, 0), (1, 1)), constant_values=-np.inf)[..., :4]
    z = z.reshape(3, 2, 3, 2, 2, 2).max(axis=(3, 5))  # (3, 2, 3, 2)
    z = np.pad(z, ((0, 0), (0, 0), (1, 1), (0, 0)))
    z = np.stack([z[:, :, 2 * i : 2 * i + 2].mean(axis=(2, 3)) for i in (0, 1)], axis=2)  # (3, 2, 2)
    z = z.reshape(3, 4)
    z = ((z - np.arange(4.0)) / np.sqrt(1.1)).reshape(3, 1, 2, 2)
    np.testing.assert_allclose(found, z / (1 + np.exp(-z)), atol=1e-12)


@pytest.mark.parametrize(
    ("spec", "before", "arrays"),
    [
        (CONV, (2, 6, 5), {"0.weight": np.ones((2, 1, 3, 3))}),
        (CONV, (1, 6, 2), {"0.weight": np.ones((2, 1, 3, 3))}),
        ({**CONV, "stride": [0, 1]}, (1, 6, 5), {"0.weight": np.ones((2, 1, 3, 3))}),
        ({**CONV, "groups": 3}, (1, 6, 5), {"0.weight": np.ones((2, 1, 3, 3))}),
        ({**CONV, "padding": [1 << 20] * 2, "stride": [1 << 20] * 2}, (1, 1, 1), {"0.weight": np.ones((1, 1, 1, 1))}),
        (NORM, (3,), {"0.running_mean": np.zeros(2), "0.running_var": np.ones(2)}),
        (NORM, (2,), {"0.running_mean": np.zeros(2), "0.running_var": -np.ones(2)}),
        (AVERAGE, (4,), {}),
        ({**AVERAGE, "padding": [2, 0]}, (1, 4, 4), {}),
        ({"layer": "unflatten", "shape": [1, 2, 3]}, (5,), {}),
        ({"layer": "unflatten", "shape": [1, 2]}, (2,), {}),
        ({"layer": "adaptive_avg_pool2d", "output_size": [5000, 5000]}, (1, 2, 2), {}),
        ({"layer": "dropout", "p": 2.0}, (1,), {}),
    ],
)
def test_layers_that_do_not_fit_are_refused(spec, before, arrays):
    with pytest.raises(InputError):
        read_layers([spec], arrays, before)
