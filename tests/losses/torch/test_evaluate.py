"""From parameters to one number: what is kept between calls, functions beside modules, reductions."""

import pytest

from rareclass import losses
from rareclass.errors import InputError

torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
modules = pytest.importorskip("rareclass.losses.torch")
evaluate = pytest.importorskip("rareclass.losses.torch.evaluate")
# torch 2.13 makes an instance of every autograd function that it compiles, and warns of that itself
pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")]

PAIRS = [
    (modules.cross_entropy, modules.CrossEntropy, ()),
    (modules.weighted_cross_entropy, modules.WeightedCrossEntropy, ([1.0, 5.0],)),
    (modules.focal_loss, modules.FocalLoss, (1.5, 0.25)),
    (modules.class_balanced_loss, modules.ClassBalancedLoss, ((99, 5), 0.9, losses.FocalLoss(1.0))),
    (modules.ldam_loss, modules.LDAMLoss, ((99, 5), 0.4, 2.0)),
    (modules.asymmetric_loss, modules.AsymmetricLoss, (1.0, 3.0, 0.02)),
    (modules.logit_adjusted_loss, modules.LogitAdjustedLoss, (0.02, 0.9)),
    (modules.vector_scaling_loss, modules.VectorScalingLoss, ((2.0, 3.0), (0.4, -0.1), (0.7, 1.2))),
    (modules.poly_loss, modules.PolyLoss, (-0.5, 1.0, 0.3)),
]
BATCH = [
    (modules.tversky_loss, modules.TverskyLoss, (0.2, 0.8)),
    (modules.focal_tversky_loss, modules.FocalTverskyLoss, (1.5,)),
    (modules.pairwise_square_loss, modules.PairwiseSquareLoss, (0.5,)),
    (modules.pairwise_squared_hinge_loss, modules.PairwiseSquaredHingeLoss, (0.5,)),
    (modules.smooth_average_precision_loss, modules.SmoothAveragePrecisionLoss, (0.5,)),
]
Z = torch.randn(30, generator=torch.Generator().manual_seed(0)).double()
Y = torch.arange(30) % 3 == 0


@pytest.mark.parametrize(("function", "module", "given"), PAIRS, ids=lambda v: getattr(v, "__name__", ""))
def test_functions_are_the_modules(function, module, given):
    weight, codes = torch.rand(30).double(), Y.long()
    codes[4] = -1
    options = {"label_smoothing": 0.1, "ignore_index": -1, "pos_weight": 2.0, "reduction": "sum"}
    found = function(Z, codes, *given, sample_weight=weight, **options)
    torch.testing.assert_close(found, module(*given, **options)(Z, codes, weight), rtol=0.0, atol=0.0)
    torch.testing.assert_close(function(Z, Y, *given), module(*given)(Z, Y), rtol=0.0, atol=0.0)


@pytest.mark.parametrize(("function", "module", "given"), PAIRS, ids=lambda v: getattr(v, "__name__", ""))
def test_functions_compile_to_whole_graphs(function, module, given):
    torch.compiler.reset()
    compiled = torch.compile(lambda z, y: function(z, y, *given, ignore_index=-1), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(Z, Y.long()), module(*given)(Z, Y))


@pytest.mark.parametrize(("function", "module", "given"), BATCH, ids=lambda v: getattr(v, "__name__", ""))
def test_batch_functions_leave_out_what_is_ignored(function, module, given):
    torch.testing.assert_close(function(Z, Y, *given), module(*given)(Z, Y), rtol=0.0, atol=0.0)
    kept = torch.arange(30) % 5 != 0
    dirty = torch.where(kept, Z, torch.nan).requires_grad_()
    found = function(dirty, torch.where(kept, Y.long(), -1), *given, ignore_index=-1)
    torch.testing.assert_close(found, module(*given)(Z[kept], Y[kept]))
    found.backward()
    assert (dirty.grad[~kept] == 0).all()
    assert torch.isfinite(dirty.grad).all()


def test_parameters_are_checked_once_and_kept_by_their_type():
    assert evaluate.prepared("FocalLoss", 2.0, None) is evaluate.prepared("FocalLoss", 2.0, None)
    assert evaluate.prepared("LDAMLoss", [9, 1]).loss == losses.LDAMLoss((9, 1))
    assert evaluate.prepared("CrossEntropy").classes.weight == (1.0,)
    assert evaluate.prepared("AsymmetricLoss").classes is None
    with pytest.raises(InputError, match="gamma"):
        evaluate.prepared("FocalLoss", -1.0)


def test_sample_weights_may_be_learned_and_may_all_be_zero():
    weight = torch.rand(30).double().requires_grad_()
    modules.focal_loss(Z, Y, sample_weight=weight, reduction="sum").backward()
    torch.testing.assert_close(weight.grad, modules.focal_loss(Z, Y, reduction="none"))
    assert modules.focal_loss(Z, Y, sample_weight=torch.zeros(30)).item() == 0.0


def test_class_weights_do_not_enter_the_mean_and_sample_weights_do():
    values = modules.CrossEntropy(reduction="none")(Z, Y)
    weighted = torch.where(Y, 5.0, 1.0).double()
    torch.testing.assert_close(modules.WeightedCrossEntropy(5.0)(Z, Y), (weighted * values).mean())
    torch.testing.assert_close(modules.CrossEntropy()(Z, Y, weighted), (weighted * values).sum() / weighted.sum())


def test_modules_keep_their_weights_of_labels_on_their_device_and_out_of_checkpoints():
    loss = modules.FocalLoss(pos_weight=[1.0, 2.0], ignore_index=-1, label_smoothing=0.1)
    assert loss.state_dict() == {}
    assert loss.to(torch.float64).pos_weight.dtype == torch.float64
    assert "pos_weight=[1.0, 2.0]" in repr(loss)
    assert "ignore_index=-1" in repr(loss)
    assert "label_smoothing=0.1" in repr(loss)
