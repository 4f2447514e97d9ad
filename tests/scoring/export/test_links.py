"""Links of losses in a graph are those of the losses, far out too."""

import numpy as np
import pytest
from tests.losses.test_base import LOSSES
from tests.scoring.export.test_graph import answered

from rareclass.scoring.export.links import link_logit

pytest.importorskip("onnxruntime")

Z = np.concatenate([np.linspace(-12, 12, 481), [-0.0, 1e-9, -1e-9, 40.0, -40.0, 300.0, -300.0, 750.0, -750.0]])
FORMS = {name: loss.form for name, loss in LOSSES.items() if loss.needs_calibration is False}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_link_is_that_of_its_loss(form):
    with np.errstate(divide="ignore"):
        wanted = form.link_logit(Z)
    np.testing.assert_allclose(
        answered(lambda z: link_logit(form, z), Z[:, None])[:, 0], wanted, rtol=1e-12, atol=1e-12
    )
