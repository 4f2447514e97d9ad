"""Binary and multi-label elements: one autograd function, against torch's own losses, differences and closed forms."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
modules = pytest.importorskip("rareclass.losses.torch")
elements = pytest.importorskip("rareclass.losses.torch.elements")
checks = pytest.importorskip("rareclass.losses.torch.checks")
backends = pytest.importorskip("torch._dynamo.backends.common")
compilers = pytest.importorskip("functorch.compile")
aot_autograd, make_boxed_func = backends.aot_autograd, compilers.make_boxed_func
min_cut_rematerialization_partition = compilers.min_cut_rematerialization_partition
functional = torch.nn.functional
# torch 2.13 makes an instance of every autograd function that it compiles, and warns of that itself
pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")]

BUILDS = {
    "ce": lambda **o: modules.CrossEntropy(**o),
    "weighted": lambda **o: modules.WeightedCrossEntropy(5.0, **o),
    "focal": lambda **o: modules.FocalLoss(2.0, 0.25, **o),
    "focal 1.7": lambda **o: modules.FocalLoss(1.7, (2.0, 3.0), **o),
    "ldam": lambda **o: modules.LDAMLoss((1000, 10), scale=5.0, **o),
    "adjusted": lambda **o: modules.LogitAdjustedLoss(0.01, **o),
    "vector scaling": lambda **o: modules.VectorScalingLoss((2.0, 3.0), (0.4, -0.1), (0.7, 1.2), **o),
    "asl": lambda **o: modules.AsymmetricLoss(1.0, 4.0, 0.05, **o),
    "asl no margin": lambda **o: modules.AsymmetricLoss(0.0, 4.0, 0.0, **o),
    "poly focal": lambda **o: modules.PolyLoss(-1.0, 2.0, **o),
}
every = pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())


def batch(shape=(40,), seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(shape, generator=generator, dtype=dtype) * 3
    return z, (torch.rand(shape, generator=generator) < 0.3).to(dtype)


def sides(build, z):
    """Losses (n,) of negatives and of positives."""
    loss = build(reduction="none")
    return loss(z, torch.zeros_like(z)), loss(z, torch.ones_like(z))


@every
def test_gradients_equal_differences(build):
    z, y = batch((12,))
    options = {"label_smoothing": 0.1, "pos_weight": 2.0}
    for loss, target in ((build(), y), (build(reduction="none", **options), y), (build(), torch.rand(12).double())):
        assert torch.autograd.gradcheck(lambda a, f=loss, t=target: f(a, t), z.clone().requires_grad_())
        assert torch.autograd.gradgradcheck(lambda a, f=loss, t=target: f(a, t), z.clone().requires_grad_())


@every
def test_targets_between_mix_the_losses_of_the_classes(build):
    z, _ = batch()
    negative, positive = sides(build, z)
    share = torch.rand(40).double()
    wanted = share * positive + (1 - share) * negative
    torch.testing.assert_close(build(reduction="none")(z, share), wanted, rtol=1e-12, atol=1e-14)


@every
def test_smoothing_weights_of_positives_and_ignored_elements(build):
    z, y = batch((8, 5))
    negative, positive = sides(build, z)
    weight = torch.tensor([1.0, 2.0, 0.5, 7.0, 3.0]).double()
    smooth = 0.8 * y + 0.1
    wanted = smooth * weight * positive + (1 - smooth) * negative
    targets = y.clone()
    targets[2, 3] = targets[5, 0] = 255
    kept = targets != 255
    dirty = z.clone()
    dirty[2, 3] = torch.nan
    dirty.requires_grad_()
    options = {"label_smoothing": 0.2, "pos_weight": weight, "ignore_index": 255}
    found = build(reduction="none", **options)(dirty, targets)
    torch.testing.assert_close(found, torch.where(kept, wanted, 0.0), rtol=1e-12, atol=1e-14)
    mean = build(**options)(dirty, targets.int())
    torch.testing.assert_close(mean, wanted[kept].mean(), rtol=1e-12, atol=0.0)
    mean.backward()
    assert (dirty.grad[~kept] == 0).all()
    assert torch.isfinite(dirty.grad).all()
    scalar = build(pos_weight=3.0, reduction="none")(z, y)
    torch.testing.assert_close(scalar, torch.where(y == 1, 3.0 * positive, negative), rtol=1e-12, atol=1e-14)


@every
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_batch_in_which_all_is_ignored_has_no_loss_and_no_gradient(build, reduction):
    z = torch.full((4,), 3.0, requires_grad=True)
    value = build(ignore_index=-1, reduction=reduction)(z, torch.full((4,), -1))
    value.sum().backward()
    assert value.sum().item() == 0.0
    assert z.grad.tolist() == [0.0] * 4
    weighted = build(ignore_index=-1, reduction=reduction)(z, torch.full((4,), -1), torch.ones(4))
    assert weighted.sum().item() == 0.0


@every
def test_an_empty_batch_has_loss_zero(build):
    assert build()(torch.zeros(0), torch.zeros(0)).item() == 0.0


@every
def test_torch_operations_and_compiled_kernels_are_the_same_numbers(build):
    """What accelerators and torch.compile compute, beside the kernels that the NumPy losses are."""
    z, y = batch((400,))
    form = build().loss._form()
    by_kernel = elements._by_kernel(form, z, y, None, True)
    by_torch = elements.terms(form, z, y, None, True)
    for found, wanted in zip(by_torch, by_kernel, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)
    single = elements.terms(form, z.float(), y.float(), None, True)
    for found, wanted in zip(single, by_kernel, strict=True):
        assert (found - wanted).abs().max() <= 1e-6 * wanted.abs().max()


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_everything_is_finite_far_out_however_it_is_computed(build, dtype):
    reach = 1e4 if dtype != torch.float16 else 6e4
    z = torch.tensor([-reach, -800.0, -90.0, 0.0, 90.0, 800.0, reach], dtype=dtype)
    options = ({}, {"label_smoothing": 0.1}, {"pos_weight": torch.tensor(3.0)})
    for label in (0.0, 0.3, 1.0):
        for given in options:
            scores = z.clone().requires_grad_()
            values = build(reduction="none", **given)(scores, torch.full((7,), label))
            assert values.dtype == torch.float32
            (gradient,) = torch.autograd.grad(values.sum(), scores)
            assert torch.isfinite(values).all()
            assert torch.isfinite(gradient).all()
            assert gradient.dtype == dtype


@every
def test_whole_graphs_compile_to_the_same_numbers(build):
    torch.compiler.reset()
    z, y = batch((30,), dtype=torch.float32)
    loss = build(ignore_index=-1, label_smoothing=0.05)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    found, wanted = (z.clone().requires_grad_() for _ in range(2))
    a, b = compiled(found, y.long()), loss(wanted, y.long())
    a.backward()
    b.backward()
    torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(found.grad, wanted.grad, rtol=1e-5, atol=1e-7)


@every
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"pos_weight": 2.0}], ids=str)
def test_parts_of_one_exponential_are_the_kernels_numbers(build, options):
    """What a compiler fuses, at 0 and far out too, where its |z| has a corner and its logarithms vanish."""
    z = torch.cat([batch((200,))[0], torch.tensor([0.0, -0.0, 40.0, -40.0, 800.0, -800.0, 1e4, -1e4]).double()])
    form = build().loss._form()
    soft = torch.rand(len(z), generator=torch.Generator().manual_seed(1)).double()
    weight = torch.tensor(options["pos_weight"]).double() if "pos_weight" in options else None
    for y in (torch.zeros_like(z), torch.ones_like(z), soft):
        hard = y is not soft
        share = y * (1 - options.get("label_smoothing", 0.0)) + options.get("label_smoothing", 0.0) / 2
        wanted = elements._by_kernel(form, z, share, weight, hard and share is y)
        found = elements.terms(form, z, share, weight, hard and share is y, shared=True)
        for a, b in zip(found, wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-14)


@every
def test_compiled_gradients_are_those_of_the_kernels(build):
    torch.compiler.reset()
    z = torch.cat([batch((30,))[0], torch.tensor([0.0, 1e4, -1e4]).double()])
    y = (torch.arange(33) % 3 == 0).double()
    compiled = torch.compile(build(), fullgraph=True, backend="aot_eager")
    for targets in (y, y.bool(), y.to(torch.uint8), y.long(), 0.8 * y + 0.1):
        found, wanted = (z.clone().requires_grad_() for _ in range(2))
        compiled(found, targets).backward()
        build()(wanted, targets).backward()
        torch.testing.assert_close(found.grad, wanted.grad, rtol=1e-11, atol=1e-14)


def test_a_second_derivative_of_a_compiled_loss_is_refused_and_by_transforms_it_is_right():
    torch.compiler.reset()
    z, y = torch.tensor([0.0, 0.7, -2.0]).double(), torch.tensor([1.0, 0.0, 1.0]).double()
    loss = modules.FocalLoss()
    scores = z.clone().requires_grad_()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    (first,) = torch.autograd.grad(compiled(scores, y), scores, create_graph=True)
    with pytest.raises(RuntimeError, match="double backward"):
        (first.sum() + scores.sum()).backward()
    hessian = torch.compile(
        lambda a: torch.func.jacrev(torch.func.jacrev(loss))(a, y), fullgraph=True, backend="aot_eager"
    )
    torch.testing.assert_close(hessian(z), torch.autograd.functional.hessian(lambda a: loss(a, y), z))
    torch.compiler.reset()
    rows = torch.compile(torch.func.vmap(torch.func.grad(loss)), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(rows(z, y.bool()), torch.func.vmap(torch.func.grad(loss))(z, y))


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.int64])
def test_a_compiled_graph_keeps_the_slope_whatever_the_targets_are(kind):
    """And not the scores, from which the backward pass would have to find it again."""
    torch.compiler.reset()
    kept = []

    def forward(graph, _):
        kept.append([tuple(n.meta["val"].shape) for n in graph.graph.output_node().args[0]])
        return make_boxed_func(graph.forward)

    backend = aot_autograd(
        fw_compiler=forward,
        bw_compiler=lambda graph, _: make_boxed_func(graph.forward),
        partition_fn=min_cut_rematerialization_partition,
    )
    z = torch.randn(1000).requires_grad_()
    loss = torch.compile(modules.FocalLoss(2.0, 0.25), fullgraph=True, backend=backend)
    loss(z, (torch.arange(1000) % 9 == 0).to(kind)).backward()
    assert kept[0].count((1000,)) == 1


def test_the_conversion_of_targets_is_a_well_behaved_operator():
    for given in (torch.tensor([True, False]), torch.tensor([[3, 1]], dtype=torch.uint8), torch.arange(6)[::2]):
        torch.library.opcheck(checks._converted, (given, torch.float32))
        assert checks._converted(given, torch.float64).tolist() == given.double().tolist()


def test_compiled_without_a_look_at_the_values_a_wrong_target_is_nan():
    torch.compiler.reset()
    loss = torch.compile(modules.FocalLoss(reduction="none"), fullgraph=True, backend="aot_eager")
    assert torch.isnan(loss(torch.zeros(3), torch.tensor([0, 1, 7]))).tolist() == [False, False, True]


@every
def test_gradients_of_each_row_by_function_transforms(build):
    z, y = batch((6,))
    loss = build(label_smoothing=0.1)
    scores = z.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(loss(scores, y) * 6, scores, create_graph=True)
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(loss))(z, y), wanted, rtol=1e-12, atol=1e-15)
    (second,) = torch.autograd.grad(wanted.sum(), scores)
    found = torch.func.vmap(torch.func.jacrev(torch.func.grad(loss)))(z, y)
    torch.testing.assert_close(found, second, rtol=1e-10, atol=1e-13)


def test_weights_and_soft_targets_are_those_of_torch():
    z, _ = batch((30, 4))
    soft, weight = torch.rand(30, 4).double(), torch.tensor([1.0, 2.0, 5.0, 0.3]).double()
    wanted = functional.binary_cross_entropy_with_logits(z, soft, pos_weight=weight)
    torch.testing.assert_close(modules.CrossEntropy(pos_weight=weight)(z, soft), wanted)
    torch.testing.assert_close(modules.cross_entropy(z, soft, pos_weight=weight.tolist()), wanted)


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (2.0, -1.0), (0.0, 0.9), (1.5, 0.5)])
def test_focal_loss_is_torchvisions_for_hard_targets(gamma, alpha):
    """Its definition in words of its own: (1 - p_t)^gamma CE, times alpha_t unless alpha is negative."""
    z, y = batch((50,))
    p = torch.sigmoid(z)
    p_t = p * y + (1 - p) * (1 - y)
    wanted = functional.binary_cross_entropy_with_logits(z, y, reduction="none") * (1 - p_t) ** gamma
    if alpha >= 0:
        wanted = (alpha * y + (1 - alpha) * (1 - y)) * wanted
    ours = modules.focal_loss(z, y, gamma, alpha if alpha >= 0 else None, reduction="none")
    torch.testing.assert_close(ours, wanted, rtol=1e-10, atol=1e-14)


def test_the_tutorials_constant_alpha_only_scales_the_loss():
    z, y = batch((50,))
    torch.testing.assert_close(modules.FocalLoss(2, (0.25, 0.25))(z, y), 0.25 * modules.FocalLoss(2)(z, y))
    tutorial, paper = modules.FocalLoss(2, (0.25, 0.25)), modules.FocalLoss(2, 0.25)
    probability = torch.tensor([paper.start(0.01), tutorial.start(0.01)], dtype=torch.float64)
    np.testing.assert_allclose(paper.link(probability)[0], 0.01, rtol=1e-9)
    np.testing.assert_allclose(tutorial.link(probability)[1], 0.01, rtol=1e-9)
    odds = torch.logit(paper.link(probability)) - torch.logit(tutorial.link(probability))
    np.testing.assert_allclose(odds, np.log(3.0), rtol=1e-9)  # the paper's alpha divides the odds of events by 3


def test_under_autocast_the_numbers_are_those_of_float32():
    layer = torch.nn.Linear(6, 1)
    x, y = torch.randn(64, 6), torch.randint(0, 2, (64,))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = layer(x)
        assert z.dtype == torch.bfloat16
        value = modules.FocalLoss(1.7, 0.25)(z, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, modules.FocalLoss(1.7, 0.25)(z.float(), y))
    value.backward()
    assert torch.isfinite(layer.weight.grad).all()


@pytest.mark.parametrize("options", [{}, {"ignore_index": -1}, {"label_smoothing": 0.1}], ids=str)
def test_blocks_of_any_size_give_the_same(options, monkeypatch):
    z, y = batch((37, 3))
    weight = torch.tensor([1.0, 2.0, 3.0]).double()
    for extra in ({}, {"pos_weight": weight}):
        loss = modules.FocalLoss(2.0, **options, **extra)
        whole, apart = (z.clone().requires_grad_() for _ in range(2))
        a = loss(whole, y)
        monkeypatch.setattr(elements, "BLOCK", 10)
        b = loss(apart.mT.contiguous().mT, y)  # not contiguous
        monkeypatch.undo()
        a.backward()
        b.backward()
        torch.testing.assert_close(a, b, rtol=1e-13, atol=0.0)
        torch.testing.assert_close(whole.grad, apart.grad, rtol=1e-13, atol=1e-18)


@pytest.mark.parametrize(
    "loss",
    [modules.WeightedCrossEntropy(99.0), modules.FocalLoss(2.0, 0.25), modules.LogitAdjustedLoss(0.01)],
    ids=repr,
)
def test_a_pass_holds_at_most_two_arrays_beside_the_gradient(loss):
    z, y = batch((2**22,), dtype=torch.float32)
    z.requires_grad_()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as record:
        loss(z, y).backward()
    held, peak = 0, 0
    events = [e for e in record.profiler.kineto_results.events() if e.name() == "[memory]"]
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    assert 2 * 2**24 <= peak <= 3 * 2**24


def test_no_gradient_is_computed_where_none_is_asked_for():
    z, y = batch()
    with torch.no_grad():
        assert not modules.FocalLoss()(z, y).requires_grad
    value = modules.FocalLoss()(z.requires_grad_(), y)
    value.backward(retain_graph=True)
    first = z.grad.clone()
    value.backward()
    torch.testing.assert_close(z.grad, 2 * first)
