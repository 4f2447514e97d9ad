"""What the torch losses refuse, in one sentence each."""

import numpy as np
import pytest

from rareclass.errors import InputError, ShortfallWarning

torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
modules = pytest.importorskip("rareclass.losses.torch")
checks = pytest.importorskip("rareclass.losses.torch.checks")
# torch 2.13 makes an instance of every autograd function that it compiles, and warns of that itself
pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")]

Z, Y = torch.zeros(3), torch.tensor([0, 1, 1])
Z3, C = torch.zeros(4, 3), torch.tensor([0, 1, 2, 2])
focal = modules.focal_loss

REFUSED = {
    "array as logits": (lambda: focal(np.zeros(3), Y), "`logits` must be a torch tensor; got ndarray"),
    "list as targets": (lambda: focal(Z, [0, 1, 1]), "`targets` must be a torch tensor; got list"),
    "list as weights": (lambda: focal(Z, Y, sample_weight=[1, 1, 1]), "`sample_weight` must be a torch tensor"),
    "whole logits": (lambda: focal(Y, Y), "`logits` must be of a floating type"),
    "complex targets": (lambda: focal(Z, Z + 0j), "`targets` must be Boolean, whole or floating"),
    "negative gamma": (lambda: focal(Z, Y, -1.0), "`gamma` must lie in"),
    "gamma of a type": (lambda: focal(Z, Y, "two"), "`gamma` must"),
    "alpha": (lambda: focal(Z, Y, 2.0, 1.5), "`alpha` must lie in"),
    "shapes": (lambda: focal(Z, torch.zeros(4)), "do not fit each other"),
    "turned shapes": (lambda: focal(torch.zeros(3), torch.zeros(3, 1)), "do not fit each other"),
    "a class too many": (lambda: focal(Z3, C + 1), r"class codes 0\.\.2; got 3"),
    "a negative class": (lambda: focal(Z3, C - 1), r"class codes 0\.\.2; got -1"),
    "codes that are floats": (lambda: focal(Z3, C.float()), "class codes as whole numbers"),
    "a label too many": (lambda: focal(Z, Y + 1), "0 and 1 only .* got 2"),
    "a target above 1": (lambda: focal(Z, torch.tensor([0.0, 1.01, 1.0])), "lie between; got 1.0"),
    "a target that is NaN": (lambda: focal(Z, torch.tensor([0.0, torch.nan, 1.0])), "got nan"),
    "the value to ignore, not named": (lambda: focal(Z, torch.tensor([0, 255, 1])), "got 255.*ignore_index"),
    "smoothing": (lambda: focal(Z, Y, label_smoothing=1.0), "`label_smoothing` must lie in"),
    "ignore_index": (lambda: focal(Z, Y, ignore_index=1.5), "`ignore_index` must be a whole number"),
    "ignore_index by a Boolean": (lambda: focal(Z, Y, ignore_index=True), "`ignore_index` must be a whole number"),
    "reduction": (lambda: focal(Z, Y, reduction="avg"), "`reduction` must be one of"),
    "pos_weight zero": (lambda: focal(Z, Y, pos_weight=0.0), "`pos_weight` must lie in"),
    "pos_weight of labels": (
        lambda: focal(Z, Y, pos_weight=[1.0, -2.0, 1.0]),
        "`pos_weight` must hold finite positive",
    ),
    "pos_weight too long": (lambda: focal(Z, Y, pos_weight=[1.0, 2.0]), "needs one number a label"),
    "pos_weight of classes": (lambda: focal(Z3, C, pos_weight=2.0), "give class scores one weight a class"),
    "weights": (lambda: focal(Z, Y, sample_weight=torch.ones(2)), "needs shape"),
    "a negative weight": (lambda: focal(Z, Y, sample_weight=Z - 1), "finite and not negative; got -1.0"),
    "a weight that is NaN": (lambda: focal(Z3, C, sample_weight=torch.full((4,), torch.nan)), "not negative; got nan"),
    "an infinite weight": (lambda: modules.tversky_loss(Z, Y, sample_weight=Z + torch.inf), "not negative; got inf"),
    "a negative weight of pairs": (lambda: modules.pairwise_square_loss(Z, Y, sample_weight=Z - 1), "got -1.0"),
    "targets with a gradient": (lambda: focal(Z, Z.clone().requires_grad_()), r"targets\.detach\(\)"),
    "weights of pairs with a gradient": (
        lambda: modules.pairwise_square_loss(Z, Y, sample_weight=torch.ones(3, requires_grad=True)),
        r"sample_weight\.detach\(\)",
    ),
    "alpha for classes": (lambda: focal(Z3, C, 2.0, 0.25), "one weight a class"),
    "counts for classes": (lambda: modules.ldam_loss(Z3, C, (9, 1)), "2 numbers, the scores 3 classes"),
    "a binary loss for classes": (lambda: modules.asymmetric_loss(Z3, C), "is a binary loss"),
    "class weights for one score": (lambda: modules.weighted_cross_entropy(Z, Y, (1, 2, 3)), "3 numbers"),
    "counts": (lambda: modules.WeightedCrossEntropy.from_counts((10, 0)), "`counts` must hold finite positive"),
    "a batch loss of values between": (lambda: modules.tversky_loss(Z, Z + 0.5), "needs targets 0 and 1"),
    "a base with options": (
        lambda: modules.ClassBalancedLoss((9, 1), 0.9, modules.FocalLoss(label_smoothing=0.1)),
        "options of its own",
    ),
    "a base that is no loss": (lambda: modules.ClassBalancedLoss((9, 1), 0.9, torch.nn.BCELoss()), "`base` must be"),
}


@pytest.mark.parametrize(("build", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_an_unknown_option_is_named():
    with pytest.raises(TypeError, match="labelsmoothing"):
        modules.FocalLoss(labelsmoothing=0.1)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize("loss", [modules.FocalLoss(), modules.TverskyLoss()], ids=repr)
def test_debug_names_the_batch_element(loss, bad):
    z, y = torch.zeros(5, 2), torch.ones(5, 2)
    z[3, 1] = z[4, 0] = bad
    with modules.debug():
        with pytest.raises(InputError, match=rf"2 values .* first is {bad} in batch element 3 \(index \(3, 1\)\)"):
            loss(z, y)
        with modules.debug(False):
            loss(z, y)
        assert torch.isfinite(loss(torch.zeros(5, 2), y))
    loss(z, y)  # and not outside


def test_a_nan_is_never_hidden():
    z = torch.tensor([0.0, torch.nan, 1.0], requires_grad=True)
    for loss in (modules.FocalLoss(), modules.AsymmetricLoss(), modules.LDAMLoss((9, 1), label_smoothing=0.1)):
        for label in (0, 1):
            (gradient,) = torch.autograd.grad(loss(z, torch.full((3,), label)), z)
            assert torch.isnan(gradient).tolist() == [False, True, False]
            assert torch.isnan(loss(z, torch.full((3,), label)))


def test_where_values_are_not_read_targets_out_of_range_are_nan(monkeypatch):
    monkeypatch.setattr(checks, "looks", lambda tensor: False)
    y, hard = checks.unit_targets(torch.tensor([0, 1, 7, -1]), torch.float32)
    assert torch.isnan(y).tolist() == [False, False, True, True]
    assert hard
    y, hard = checks.unit_targets(torch.tensor([0.0, 0.5]), torch.float32)
    assert y.tolist() == [0.0, 0.5]
    assert not hard
    codes, factor = checks.usable_codes(torch.tensor([7, 2]), 3)
    assert codes.tolist() == [0, 2]
    assert torch.isnan(factor).tolist() == [True, False]


@pytest.mark.parametrize("targets", [torch.tensor([-1, 1]), torch.tensor([[-1, -1], [0, 1]])], ids=["codes", "labels"])
def test_debug_passes_over_what_is_ignored(targets):
    logits = torch.tensor([[torch.nan, 1.0], [0.5, 2.0]])
    with modules.debug():
        assert torch.isfinite(focal(logits, targets, ignore_index=-1))
        with pytest.raises(InputError, match="batch element 0"):
            focal(logits, targets.clamp(min=0), ignore_index=-1)


def test_a_negative_weight_in_a_graph_is_no_loss():
    compiled = torch.compile(lambda w: focal(Z, Y, sample_weight=w), fullgraph=True, backend="aot_eager")
    assert torch.isfinite(compiled(Z + 1))
    assert torch.isnan(compiled(Z - 1))


@pytest.mark.parametrize("name", ["PairwiseSquareLoss", "PairwiseSquaredHingeLoss", "SmoothAveragePrecisionLoss"])
def test_pairs_of_a_batch_in_which_all_is_ignored_have_no_loss_and_no_gradient(name):
    z = torch.tensor([torch.nan, 1.0], requires_grad=True)
    value = getattr(modules, name)(ignore_index=-1)(z, torch.tensor([-1, -1]))
    value.backward()
    assert value.item() == 0.0
    assert z.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("bad", [7, -1])
def test_a_code_out_of_range_in_a_graph_is_no_loss(bad):
    compiled = torch.compile(lambda z, y: focal(z, y, reduction="none"), fullgraph=True, backend="aot_eager")
    values = compiled(Z3, torch.tensor([0, bad, 2, 1]))
    assert torch.isnan(values).tolist() == [False, True, False, False]


@pytest.mark.parametrize("name", ["PairwiseSquareLoss", "PairwiseSquaredHingeLoss", "SmoothAveragePrecisionLoss"])
def test_pairs_of_a_batch_of_one_class_are_no_loss_and_that_is_said(name):
    for label, only in ((0, "negatives"), (1, "positives")):
        z = torch.linspace(-2, 2, 9).requires_grad_()
        with pytest.warns(ShortfallWarning, match=f"{name} compares pairs, but this batch holds only {only}"):
            value = getattr(modules, name)()(z, torch.full((9,), label))
        value.backward()
        assert value.item() == 0.0
        assert z.grad.tolist() == [0.0] * 9
    weight = (torch.arange(9) < 3).double()  # positives that have no weight are none
    with pytest.warns(ShortfallWarning, match="only negatives"):
        getattr(modules, name)()(torch.linspace(-2, 2, 9), (torch.arange(9) >= 3).long(), weight)
