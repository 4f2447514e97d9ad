"""Names of `rareclass.torch` that are promises."""

import types

import pytest

pytestmark = pytest.mark.deep
pytest.importorskip("torch", exc_type=ImportError)
import rareclass.torch as room  # noqa: E402

PROMISED = [
    "AUCMarginObjective", "AveragePrecisionObjective", "BalancedBatchSampler", "DeferredReweighting",
    "HardNegativeSampler", "NegativeSubsetSampler", "PartialAUCObjective", "SampledSoftmaxLoss", "WeightedSampler",
    "init_bias_", "logit_adjust",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted({*PROMISED, *room.__all__}))
def test_every_name_loads_with_a_docstring_that_has_an_example(name):
    thing = getattr(room, name)
    assert not isinstance(thing, types.ModuleType)
    assert ">>>" in (thing.__doc__ or "")


@pytest.mark.parametrize("name", [n for n in PROMISED if n.endswith("Sampler")])
def test_samplers_are_samplers_of_torch(name):
    from torch.utils.data import Sampler

    assert issubclass(getattr(room, name), Sampler)
