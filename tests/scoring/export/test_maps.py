"""Calibrations in a graph say what the compiled ones say."""

import numpy as np
import pytest
from tests.scoring.export.test_graph import answered
from tests.scoring.test_maps import KINDS, scores

from rareclass.calibration.choose import make_calibrator
from rareclass.scoring.export.maps import calibrated
from rareclass.scoring.maps import calibration_map

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piled", [False, True])
def test_every_calibration_is_the_same_in_a_graph(kind, piled):
    z, y = scores(piled)
    made = calibration_map(make_calibrator(kind).fit(z, y).to_dict())
    at = np.concatenate([z, np.linspace(-60, 60, 2001), made.at, [0.0, -700.0, 700.0, 1e300]])
    wanted = at.copy()
    assert made.apply(wanted, 0.0)
    found = answered(lambda v: calibrated(made, v), at[:, None])[:, 0]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
