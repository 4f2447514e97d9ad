"""Nets on quantile features as plain arrays, without PyTorch: the same by hand, and what does not fit is refused."""

from itertools import pairwise

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.learners.quantile_features import QuantileFeatures
from rareclass.scoring.contributions import contributions
from rareclass.scoring.members import read_member, saved_member, why_no_reasons
from rareclass.scoring.quantile_net import QuantileNet

RNG = np.random.default_rng(5)
NETS, SIZES = 3, (5, 4, 1)


def rows(n=400):
    X = np.column_stack([RNG.lognormal(sigma=2, size=n), RNG.normal(size=n), RNG.integers(0, 3, n)]).astype(float)
    X[RNG.random((n, 3)) < 0.2] = np.nan
    return X


def made(X):
    """Features, weights of the nets by layer, and the arrays of the member, put together column by column."""
    features = QuantileFeatures(categorical_features=[2]).fit(X)
    sizes = (features.n_out_, *SIZES)
    weights = [(RNG.normal(size=(NETS, i, o)), RNG.normal(size=(NETS, o))) for i, o in pairwise(sizes)]
    first, bias = weights[0]
    each = [features.linear_parts(first[k, :, o], float(bias[k, o])) for k in range(NETS) for o in range(SIZES[0])]
    (column, centre, scale), (begin, quantile, normal), (hinge, _, mean), (code_column, code_begin, _), _ = each[0]
    arrays = {
        **{"column": column, "centre": centre, "scale": scale, "begin": begin, "quantile": quantile, "normal": normal},
        **{"hinge": hinge, "weight": np.stack([one[2][1] for one in each], axis=-1)},
        **{"code_column": code_column, "code_begin": code_begin},
        "code_weight": np.stack([one[3][2] for one in each], axis=-1),
        "bias": np.array([one[4] - (mean * one[2][1]).sum() for one in each]),
        "sizes": np.array(SIZES),
        "later_weight": np.concatenate([w[k].ravel() for k in range(NETS) for w, _ in weights[1:]]),
        "later_bias": np.concatenate([b[k] for k in range(NETS) for _, b in weights[1:]]),
    }
    return features, weights, arrays


def by_hand(features, weights, X):
    Z, total = features.transform(X), 0.0
    for k in range(NETS):
        h = Z
        for at, (w, b) in enumerate(weights):
            h = h @ w[k] + b[k]
            h = np.maximum(h, 0.0) if at < len(weights) - 1 else h
        total = total + h[:, 0] / NETS
    return total


def test_scores_are_those_of_the_formula_and_far_values_those_of_the_farthest_seen():
    X = rows()
    features, weights, arrays = made(X)
    member = read_member({"kind": "quantile_net"}, arrays)
    new = np.vstack([rows(50), [[np.nan] * 3, [1e300, -1e300, 77.0], [0.0, 0.0, 1.5], [0.0, 0.0, -1.0]]])
    near = new.copy()
    near[:, :2] = np.clip(new[:, :2], np.nanmin(X[:, :2], axis=0), np.nanmax(X[:, :2], axis=0))
    assert (near[:, :2] != new[:, :2])[~np.isnan(new[:, :2])].sum() >= 2
    np.testing.assert_allclose(member.logit(new), by_hand(features, weights, near), rtol=1e-12, atol=1e-10)


def test_a_row_has_the_same_score_alone():
    X = rows(60)
    member = QuantileNet.from_parts({}, made(X)[2])
    alone = np.concatenate([member.logit(X[i : i + 1]) for i in range(60)])
    np.testing.assert_array_equal(alone, member.logit(X))


def test_it_is_read_back_as_it_was_written():
    X = rows(60)
    member = QuantileNet.from_parts({}, made(X)[2])
    same = read_member(saved_member(member), member.arrays())
    np.testing.assert_array_equal(same.logit(X), member.logit(X))
    assert same.columns_read == 3


def test_it_says_why_it_gives_no_reasons():
    member = QuantileNet.from_parts({}, made(rows())[2])
    assert "mixes its columns" in why_no_reasons(member)
    with pytest.raises(InputError, match="no reasons: a net"):
        contributions(member, np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sizes", lambda a: np.array([5, 4])),
        ("sizes", lambda a: np.array([7, 4, 1])),
        ("sizes", lambda a: np.array([5, -4, 1])),
        ("sizes", lambda a: np.array([], dtype=int)),
        ("sizes", lambda a: np.array([1])),
        ("weight", lambda a: a[:, :, :-1]),
        ("later_weight", lambda a: a[1:]),
        ("later_bias", lambda a: a[1:]),
        ("bias", lambda a: a[:-1]),
        ("bias", lambda a: np.full_like(a, np.nan)),
        ("code_weight", lambda a: a[:-1]),
        ("column", lambda a: a - 1),
        ("begin", lambda a: a[::-1]),
        ("centre", lambda a: a[:1]),
    ],
)
def test_what_does_not_fit_is_refused(name, change):
    arrays = made(rows())[2]
    with pytest.raises(InputError):
        read_member({"kind": "quantile_net"}, {**arrays, name: change(arrays[name])})


def test_sizes_that_only_add_up_as_whole_numbers_go_round_are_refused():
    arrays = made(rows())[2]
    nets = arrays["bias"].size // 5
    # 5 a + a b + b a + a = 4 and a + b + a + 1 = 2, both modulo 2^64
    a, b = 2**62 + 1, 2**63 - 1
    changed = {"sizes": np.array([5, a, b, a, 1]), "later_weight": np.zeros(4 * nets), "later_bias": np.zeros(2 * nets)}
    with pytest.raises(InputError, match="layers of a net"):
        read_member({"kind": "quantile_net"}, {**arrays, **changed})
