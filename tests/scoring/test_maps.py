"""Compiled calibrations say what the calibrators say."""

import numpy as np
import pytest

from rareclass.calibration.choose import CALIBRATORS, make_calibrator
from rareclass.errors import InputError
from rareclass.scoring.maps import SliceMap, calibration_map

KINDS = [kind for kind in CALIBRATORS if kind != "classwise"]


def scores(piled, n=4000):
    rng = np.random.default_rng(0)
    z = rng.normal(-3, 2, n)
    y = rng.random(n) < 1 / (1 + np.exp(-1.5 * z - 1))
    if piled:  # a forest that gives no vote, or all of them
        z[z < -5], z[z > 1.5] = -27.6, 27.6
    return z, y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piled", [False, True])
def test_every_calibration_is_the_same_compiled(kind, piled):
    z, y = scores(piled)
    made = make_calibrator(kind).fit(z, y)
    assert (made.ends_.low is not None) == (piled and kind != "identity")
    at = np.concatenate([z, np.linspace(-60, 60, 2001), [0.0, -700.0, 700.0, 1e300, -np.inf, np.inf]])
    found = at.copy()
    assert calibration_map(made.to_dict()).apply(found, 0.0)
    np.testing.assert_allclose(found, made.predict_logit(at), rtol=1e-14, atol=1e-12)
    moved = at - 0.25
    assert calibration_map(made.to_dict()).apply(moved, 0.25)
    if kind != "venn_abers":  # whose steps a rounded score may cross
        np.testing.assert_allclose(moved[:4000], found[:4000], rtol=0, atol=1e-9)


def test_what_is_no_number_is_noticed():
    made = calibration_map({"kind": "identity"})
    assert not made.apply(np.array([0.0, np.nan]), 0.0)


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"kind": "classwise"},
        {"kind": "sigmoid", "slope": 1.0},
        {"kind": "sigmoid", "slope": "steep", "intercept": 0},
        {"kind": "temperature", "temperature": 1.0, "bias": [0.0, 1.0]},
        {"kind": "venn_abers", "centre": 0, "spread": 1, "start": [0.0], "low": [0.1], "high": [0.2]},
        {
            "kind": "isotonic",
            "knots": {"slope": 1, "intercept": 0, "shift": 0, "limit": 9, "at": [1, 0], "value": [0, 1]},
        },
    ],
)
def test_a_damaged_calibration_is_refused(saved):
    with pytest.raises(InputError, match="calibration"):
        calibration_map(saved)


def test_slices_shift_their_rows_in_place_and_others_by_the_rest():
    X = np.array([[9.0, 3.0], [9.0, np.nan], [9.0, 0.0], [9.0, 1.0], [9.0, 7.0]])
    z = np.arange(5.0)
    saved = {"at": 1, "values": [0, 3, 7], "shift": [0.5, -1.0, 2.0]}
    SliceMap.of(saved, 2).apply(z, X)
    assert z.tolist() == [-1.0, 1.0, 2.5, 3.0, 6.0]
    SliceMap.of(saved | {"rest": 0.25}, 2).apply(z, X)
    assert z.tolist() == [-2.0, 1.25, 3.0, 3.25, 8.0]
    assert SliceMap.of(None, 2) is None
    assert SliceMap.of(saved | {"shift": [0, 0, 0]}, 2) is None
    assert SliceMap.of(saved | {"shift": [0, 0, 0], "rest": 0.1}, 2).rest == 0.1
