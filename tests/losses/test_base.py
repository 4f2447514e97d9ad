"""Every row loss, binary: values against 60-digit references, derivatives, links, starts, curvature, input errors."""

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from rareclass.errors import DependencyError, InputError
from rareclass.kernels.logits import log_sigmoid, logit, sigmoid, softplus
from rareclass.losses import (
    AsymmetricLoss,
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    PolyLoss,
    RowLoss,
    TverskyLoss,
    VectorScalingLoss,
    WeightedCrossEntropy,
    loss_from_dict,
)

# (loss, z, y, L, dL/dz, d2L/dz2) from the definitions alone, by 60-digit arithmetic with numeric differentiation
# (project knowledge base, losses_and_corrections.md section 5 and losses_reference.py)
CHECK_VALUES = [
    ("ce w1=5", -3.0, 0, 4.85873515737421e-2, 4.74258731775668e-2, 4.51766597309121e-2),
    ("ce w1=5", -3.0, 1, 15.2429367578687, -4.76287063411217, 0.225883298654561),
    ("ce w1=5", 0.7, 0, 1.10318604888546, 0.668187772168166, 0.221712873293109),
    ("ce w1=5", 0.7, 1, 2.01593024442729, -1.65906113915917, 1.10856436646555),
    ("focal g=2", -3.0, 0, 1.09283324496998e-4, 3.14871846488281e-4, 8.94839288954084e-4),
    ("focal g=2", -3.0, 1, 2.76628044102526, -1.12674988063489, -2.00888666908386e-2),
    ("focal g=2", 0.7, 0, 0.492544879616509, 0.625193895633764, 0.493454575751553),
    ("focal g=2", 0.7, 1, 4.43905237413077e-2, -9.58547224405061e-2, 0.181645338474789),
    ("focal g=0.5 a=0.25", -3.0, 0, 2.64527546234899e-3, 3.84195075642534e-3, 5.45949622874365e-3),
    ("focal g=0.5 a=0.25", -3.0, 1, 0.743854582412548, -0.250066834961372, 5.66202752528294e-3),
    ("focal g=0.5 a=0.25", 0.7, 0, 0.225443662673002, 0.173951252574272, 7.18305228842799e-2),
    ("focal g=0.5 a=0.25", 0.7, 1, 5.80619607785821e-2, -6.71817155354662e-2, 6.39010535412029e-2),
    ("ldam d0=0.1 d1=0.5 s=5", -3.0, 0, 5.04347535384648e-7, 2.52173704100726e-6, 1.26086788458786e-5),
    ("ldam d0=0.1 d1=0.5 s=5", -3.0, 1, 17.50000002511, -4.99999987445005, 6.27749757410413e-7),
    ("ldam d0=0.1 d1=0.5 s=5", 0.7, 0, 4.01814992791781, 4.91006895018954, 0.441567655332278),
    ("ldam d0=0.1 d1=0.5 s=5", 0.7, 1, 0.313261687518223, -1.34470710684998, 4.91529833103705),
    ("logit-adj shift=-3", -3.0, 0, 2.47568513773045e-3, 2.47262315663477e-3, 2.46650929136005e-3),
    ("logit-adj shift=-3", -3.0, 1, 6.00247568513773, -0.997527376843365, 2.46650929136005e-3),
    ("logit-adj shift=-3", 0.7, 0, 9.55454645979629e-2, 9.11229610148561e-2, 8.28195669907411e-2),
    ("logit-adj shift=-3", 0.7, 1, 2.39554546459796, -0.908877038985144, 8.28195669907411e-2),
    ("vs w=2 i=0.4 D=0.7", -3.0, 0, 0.335572058772532, 0.216251371116949, 0.127993632027),
    ("vs w=2 i=0.4 D=0.7", -3.0, 1, 5.1577794685851, -1.29379854797026, 6.8701642214206e-2),
    ("vs w=2 i=0.4 D=0.7", 0.7, 0, 2.46810933830242, 0.992446241592568, 0.202237597889191),
    ("vs w=2 i=0.4 D=0.7", 0.7, 1, 1.29831867805122, -0.66852124529148, 0.244504544001),
    ("asl 1/4/0.05", -3.0, 0, 0.0, 0.0, 0.0),
    ("asl 1/4/0.05", -3.0, 1, 2.90400543446727, -1.04512246053353, 4.4408142904978e-3),
    ("asl 1/4/0.05", 0.7, 0, 0.140614337497392, 0.286530418953567, 0.413232418411443),
    ("asl 1/4/0.05", 0.7, 1, 0.133782061111398, -0.199490891908816, 0.250770254321077),
    ("poly1 e=1", -3.0, 0, 9.60132247513088e-2, 9.26025329084789e-2, 8.60682343918556e-2),
    ("poly1 e=1", -3.0, 1, 4.00116147839618, -0.997750786553345, 4.28508506996865e-3),
    ("poly1 e=1", 0.7, 0, 1.77137382105362, 0.889900645461275, 0.147134084852767),
    ("poly1 e=1", 0.7, 1, 0.734998276717292, -0.553525101124943, 0.296291661733451),
    ("poly1-focal e=-1 g=2", -3.0, 0, 2.61241282667631e-6, 1.00359948631539e-5, 3.81601598352968e-5),
    ("poly1-focal e=-1 g=2", -3.0, 1, 1.90191709112967, -1.00377032080043, 7.95610411110495e-2),
    ("poly1-focal e=-1 g=2", 0.7, 0, 0.194215811608177, 0.328226197585246, 0.396272219865791),
    ("poly1-focal e=-1 g=2", 0.7, 1, 7.85821162896645e-3, -2.2623389713014e-2, 5.91475469299264e-2),
]
CHECKED = {
    "ce w1=5": WeightedCrossEntropy(5.0),
    "focal g=2": FocalLoss(2.0),
    "focal g=0.5 a=0.25": FocalLoss(0.5, (0.25, 0.25)),
    "ldam d0=0.1 d1=0.5 s=5": LDAMLoss(margins=(0.1, 0.5), scale=5.0),
    "logit-adj shift=-3": LogitAdjustedLoss(prevalence=float(sigmoid(-3.0))),
    "vs w=2 i=0.4 D=0.7": VectorScalingLoss((2.0, 2.0), (0.4, 0.4), (0.7, 0.7)),
    "asl 1/4/0.05": AsymmetricLoss(1.0, 4.0, 0.05),
    "poly1 e=1": PolyLoss(1.0),
    "poly1-focal e=-1 g=2": PolyLoss(-1.0, 2.0),
}
MORE = {
    "ce": CrossEntropy(),
    "focal g=1.7 lin alpha": FocalLoss(1.7, 0.25),
    "focal g=5": FocalLoss(5.0),
    "focal g=0": FocalLoss(0.0),
    "class-balanced focal": ClassBalancedLoss((10_000, 30), 0.999, FocalLoss(1.0)),
    "class-balanced asl": ClassBalancedLoss((10_000, 30), 0.999, AsymmetricLoss(0.5, 2.0, 0.02)),
    "ldam counts": LDAMLoss((10_000, 30)),
    "logit-adjusted tau=0.5": LogitAdjustedLoss(counts=(990, 10), tau=0.5),
    "vs unequal": VectorScalingLoss((1.0, 3.0), (0.2, -0.5), (0.8, 1.3)),
    "asl no margin": AsymmetricLoss(0.0, 3.0, 0.0),
    "asl k=0": AsymmetricLoss(0.0, 0.0, 0.1),
    "asl k=0.5": AsymmetricLoss(0.0, 0.5, 0.1),
    "poly e=-1": PolyLoss(-1.0),
    "poly focal e=4": PolyLoss(4.0, 1.5, 0.3),
}
LOSSES = CHECKED | MORE
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
KNOWLEDGE = Path(os.environ.get("RARECLASS_DATA", Path(__file__).parents[3] / "shared" / "data")).parent / "knowledge"


@dataclass(frozen=True)
class Handmade(RowLoss):
    """A user's focal loss, gamma = 1, with the textbook formulas and nothing else."""

    def value(self, y, z):
        t = np.where(y, z, -np.asarray(z))
        return sigmoid(-t) * softplus(-t)

    def gradient(self, y, z):
        s = np.where(y, 1.0, -1.0)
        p, q = sigmoid(s * z), sigmoid(-s * z)
        return -s * q * (p * softplus(-s * z) + q)

    def hessian(self, y, z):
        t = np.where(y, z, -np.asarray(z))
        p, q, ell = sigmoid(t), sigmoid(-t), softplus(-t)
        return p * q * (ell * (p - q) + 3 * q)


def smooth_scores(loss, rng):
    """Scores away from the kink of a margin, where no derivative exists."""
    z = rng.normal(size=300) * 4
    margin = getattr(getattr(loss, "base", loss), "margin", 0.0)
    return z[np.abs(z - logit(margin)) > 0.05] if margin else z


@pytest.mark.parametrize(("name", "z", "y", "value", "gradient", "hessian"), CHECK_VALUES)
def test_values_and_derivatives_equal_sixty_digit_references(name, z, y, value, gradient, hessian):
    loss = CHECKED[name]
    assert loss.value([y], [z])[0] == pytest.approx(value, rel=1e-11, abs=1e-15)
    assert loss.gradient([y], [z])[0] == pytest.approx(gradient, rel=1e-11, abs=1e-15)
    assert loss.hessian([y], [z])[0] == pytest.approx(hessian, rel=1e-11, abs=1e-15)


@pytest.mark.skipif(not (KNOWLEDGE / "losses_reference.py").exists(), reason="losses_reference.py is not at hand")
def test_all_rows_equal_the_independent_reference_functions():
    spec = importlib.util.spec_from_file_location("losses_reference", KNOWLEDGE / "losses_reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    rng = np.random.default_rng(0)
    z = rng.normal(size=2000) * 6
    y = (rng.random(2000) < 0.3).astype(float)
    for name, loss in CHECKED.items():
        wanted = reference.CONFIGS[name](z, y)
        for got, want in zip((loss.value(y, z), loss.gradient(y, z), loss.hessian(y, z)), wanted):
            assert np.abs(got - want).max() <= 1e-13 * np.abs(want).max(), name
    for gamma, eta, score in reference.FOCAL_SCORES:
        assert FocalLoss(gamma).start(eta) == pytest.approx(score, abs=1e-6)


@every_loss
def test_gradient_and_hessian_are_the_derivatives_of_the_value(loss):
    z = smooth_scores(loss, np.random.default_rng(1))
    step = 1e-5
    for y in (np.zeros(z.size), np.ones(z.size)):
        slope = (loss.value(y, z + step) - loss.value(y, z - step)) / (2 * step)
        np.testing.assert_allclose(loss.gradient(y, z), slope, rtol=1e-6, atol=1e-8)
        bend = (loss.gradient(y, z + step) - loss.gradient(y, z - step)) / (2 * step)
        np.testing.assert_allclose(loss.hessian(y, z), bend, rtol=2e-5, atol=1e-7)


@every_loss
def test_everything_is_finite_far_out(loss):
    z = np.array([-1e4, -800.0, -710.0, -40.0, -1.0, 0.0, 1.0, 40.0, 710.0, 800.0, 1e4])
    for y in (np.zeros(z.size), np.ones(z.size)):
        for got in (loss.value(y, z), loss.gradient(y, z), loss.hessian(y, z), loss.curvature(y, z)):
            assert np.isfinite(got).all()
    assert np.isfinite(loss.link(z)).all()
    assert ((loss.link(z) >= 0) & (loss.link(z) <= 1)).all()
    # no epsilon: a wrong score of 1e4 costs about 1e4 nats where the loss is not bounded
    if isinstance(loss, CrossEntropy | FocalLoss | PolyLoss):
        weight = loss.value(1, -1e4) / 1e4
        assert 0.2 < weight < 1.001


@every_loss
def test_curvature_is_positive_and_never_below_the_hessian(loss):
    z = np.linspace(-12, 12, 481)
    for y in (np.zeros(z.size), np.ones(z.size)):
        curvature = loss.curvature(y, z)
        assert (curvature > 0).all()
        hessian = loss.hessian(y, z)
        if getattr(loss, "gamma_neg", 1.0) < 1:
            continue  # the Hessian has no bound at the margin there; the Gauss-Newton part is used
        assert (curvature >= hessian * (1 - 1e-12)).all()
        if (hessian >= 0).all() and isinstance(loss, CrossEntropy | LDAMLoss | VectorScalingLoss):
            np.testing.assert_allclose(curvature, hessian, rtol=1e-12, atol=2e-16)


@pytest.mark.parametrize(
    "loss", [v for v in LOSSES.values() if not isinstance(v, VectorScalingLoss | LDAMLoss)], ids=repr
)
def test_newton_step_is_never_longer_than_that_of_cross_entropy(loss):
    z = np.linspace(-12, 12, 481)
    plain = CrossEntropy() if not isinstance(loss, LogitAdjustedLoss) else loss
    for y in (np.zeros(z.size), np.ones(z.size)):
        step = np.abs(loss.gradient(y, z)) / loss.curvature(y, z)
        limit = np.abs(plain.gradient(y, z)) / plain.curvature(y, z)
        assert (step <= limit * (1 + 1e-9)).all()


@every_loss
def test_link_equals_the_numeric_minimiser_of_the_expected_loss(loss):
    grid = np.linspace(-1.5, 2.5, 9)
    for score, eta in zip(grid, loss.link(grid)):
        if eta < 1e-6:
            continue  # below the margin of the asymmetric loss

        def risk(u, eta=eta):
            return eta * float(loss.value(1, u)) + (1 - eta) * float(loss.value(0, u))

        found = minimize_scalar(risk, bounds=(score - 2, score + 2), method="bounded", options={"xatol": 1e-10})
        assert found.x == pytest.approx(score, abs=1e-4)


@every_loss
def test_link_never_falls_as_the_score_rises(loss):
    for reach, least in ((60, -1e-12), (12, 0.0)):  # the asymmetric loss without gamma_pos ends in a flat tail
        logits = loss.link_logit(np.linspace(-reach, reach, 4001))
        known = np.isfinite(logits)
        assert known[known.argmax() :].all()
        assert (np.diff(logits[known]) > least).all()


@every_loss
@pytest.mark.parametrize("prevalence", [1e-5, 0.001, 0.02, 0.5, 0.9])
def test_start_is_the_score_that_means_the_prevalence(loss, prevalence):
    start = loss.start(prevalence)
    assert isinstance(start, float)
    # with gamma_neg = 0 the link of the asymmetric loss jumps at its margin; the best constant is then the margin
    if getattr(loss, "gamma_neg", 1.0) > 0 or prevalence > 0.1:
        assert float(loss.link(start)) == pytest.approx(prevalence, rel=1e-5 if hasattr(loss, "gamma_pos") else 1e-9)
    risk = [prevalence * loss.value(1, start + d) + (1 - prevalence) * loss.value(0, start + d) for d in (-0.1, 0, 0.1)]
    assert risk[1] <= min(risk) + 1e-12


@every_loss
def test_the_pass_for_boosters_gives_gradient_and_curvature_with_weights(loss):
    rng = np.random.default_rng(2)
    z, y, weight = rng.normal(size=400) * 5, rng.random(400) < 0.2, rng.random(400)
    for scores in (z, z.astype(np.float32)):
        gradient, curvature = loss.newton(y, scores, weight)
        assert gradient.dtype == curvature.dtype == np.float32
        np.testing.assert_allclose(gradient, loss.gradient(y, scores) * weight, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(curvature, loss.curvature(y, scores) * weight, rtol=1e-5, atol=1e-7)


@every_loss
def test_losses_survive_a_plain_dictionary(loss):
    import json

    assert loss_from_dict(json.loads(json.dumps(loss.to_dict()))) == loss


@every_loss
def test_permuting_rows_permutes_the_results(loss):
    rng = np.random.default_rng(3)
    z, y = rng.normal(size=57) * 5, rng.random(57) < 0.4
    order = rng.permutation(57)
    for name in ("value", "gradient", "hessian", "curvature"):
        method = getattr(loss, name)
        assert (method(y, z)[order] == method(y[order], z[order])).all()


def test_a_single_score_gives_a_single_number():
    loss = FocalLoss(2.0)
    assert np.shape(loss.value(1, -3.0)) == np.shape(loss.link(-3.0)) == ()
    assert loss.value(1, -3.0) == loss.value([1], [-3.0])[0]
    assert isinstance(loss.start(0.01), float)


def test_a_loss_of_ones_own_gets_link_start_and_curvature_from_its_gradient():
    own, closed = Handmade(), FocalLoss(1.0)
    z = np.linspace(-20, 20, 81)
    np.testing.assert_allclose(own.link_logit(z), closed.link_logit(z), rtol=1e-9, atol=1e-9)
    assert own.start(0.001) == pytest.approx(closed.start(0.001), abs=1e-9)
    y = np.arange(81) % 3 == 0
    np.testing.assert_allclose(own.curvature(y, z), closed.curvature(y, z), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(own.newton(y, z)[1], closed.newton(y, z)[1], rtol=1e-5, atol=1e-12)


def test_a_loss_without_a_valid_gradient_sign_has_no_link():
    @dataclass(frozen=True)
    class Wrong(Handmade):
        def gradient(self, y, z):
            return -super().gradient(y, z)

    with pytest.raises(InputError, match="has no link"):
        Wrong().link([0.5])


def test_weighted_mean_counts_weights_as_repeated_rows():
    loss, rng = FocalLoss(1.5), np.random.default_rng(4)
    z, y, times = rng.normal(size=30), rng.random(30) < 0.5, rng.integers(1, 4, 30)
    assert loss.mean(y, z, sample_weight=times) == pytest.approx(loss.mean(np.repeat(y, times), np.repeat(z, times)))


def test_offsets_are_allowed_exactly_where_the_link_is_a_shift():
    shifts = {name for name, loss in LOSSES.items() if loss.is_shift}
    assert shifts == {"ce", "ce w1=5", "focal g=0", "logit-adj shift=-3", "logit-adjusted tau=0.5"}
    z = np.linspace(-30, 30, 61)
    for name in shifts:
        moved = LOSSES[name].link_logit(z) - z
        np.testing.assert_allclose(moved, moved[0], atol=1e-13)


def test_curvature_ratio_says_how_small_focal_hessians_are():
    # at gamma = 0 the ratio is 1 by definition; the focal one follows from the definition of the curvature
    assert CrossEntropy().curvature_ratio(0.01) == pytest.approx(1.0)
    loss, start = FocalLoss(2.0), FocalLoss(2.0).start(0.001)
    by_hand = (0.001 * loss.curvature(1, start) + 0.999 * loss.curvature(0, start)) / (0.001 * 0.999)
    assert loss.curvature_ratio(0.001) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FocalLoss(-1.0), "`gamma` must lie in"),
        (lambda: FocalLoss(float("nan")), "`gamma` must lie in"),
        (lambda: FocalLoss("two"), "`gamma` must be a number"),
        (lambda: FocalLoss(2.0, 1.0), "`alpha` must lie in"),
        (lambda: FocalLoss(2.0, -0.1), "`alpha` must lie in"),
        (lambda: FocalLoss(2.0, (0.5, 0.0)), "`alpha` must hold finite positive"),
        (lambda: WeightedCrossEntropy(0.0), "`weights` must hold finite positive"),
        (lambda: WeightedCrossEntropy(-2), "`weights` must hold finite positive"),
        (lambda: WeightedCrossEntropy(float("nan")), "`weights` must hold finite positive"),
        (lambda: WeightedCrossEntropy((1.0, float("inf"))), "`weights` must hold finite positive"),
        (lambda: WeightedCrossEntropy("heavy"), "`weights` must be a sequence"),
        (lambda: WeightedCrossEntropy("12"), "`weights` must be a sequence"),
        (lambda: LDAMLoss(counts=(True, 5)), "`counts` must be a sequence"),
        (lambda: ClassBalancedLoss((10, 0)), "`counts` must hold finite positive"),
        (lambda: ClassBalancedLoss((10, 5), 1.0), "`beta` must lie in"),
        (lambda: ClassBalancedLoss((10, 5), base=TverskyLoss()), "`base` must be"),
        (lambda: ClassBalancedLoss((10, 5), base=Handmade()), "`base` must be"),
        (lambda: LDAMLoss(), "either `counts` or `margins`"),
        (lambda: LDAMLoss((10, 5), margins=(0.1, 0.2)), "either `counts` or `margins`"),
        (lambda: LDAMLoss((10, 5), scale=0.0), "`scale` must lie in"),
        (lambda: LDAMLoss(margins=(-0.1, 0.2)), "`margins` must hold finite non-negative"),
        (lambda: LogitAdjustedLoss(), "either `prevalence` or `counts`"),
        (lambda: LogitAdjustedLoss(0.0), "`prevalence` must lie in"),
        (lambda: VectorScalingLoss(multiplicative=(1.0, 0.0)), "`multiplicative` must hold finite positive"),
        (lambda: VectorScalingLoss(additive=(0.0, float("nan"))), "`additive` must hold finite"),
        (lambda: VectorScalingLoss(additive=("0", 1.0)), "`additive` must be a sequence of numbers"),
        (lambda: VectorScalingLoss((1.0, 1.0, 1.0)), "one number a class each"),
        (lambda: AsymmetricLoss(gamma_neg=-1), "`gamma_neg` must lie in"),
        (lambda: AsymmetricLoss(margin=1.0), "`margin` must lie in"),
        (lambda: PolyLoss(-1.5), "`epsilon` must lie in"),
        (lambda: CrossEntropy().start(0.0), "`prevalence` must lie in"),
        (lambda: CrossEntropy().start(1.0), "`prevalence` must lie in"),
        (lambda: AsymmetricLoss().start(0.99), "No score of"),
        (lambda: CrossEntropy().value([0, 2], [0.0, 1.0]), "0 and 1 only"),
        (lambda: CrossEntropy().value([0, 1, 1], [0.0, 1.0]), "same shape"),
        (lambda: CrossEntropy().value([0], [np.nan]), "not finite"),
        (lambda: CrossEntropy().value([0], ["a"]), "raw scores"),
        (lambda: CrossEntropy().value([0], np.zeros((1, 2, 3))), "got shape"),
        (lambda: CrossEntropy().mean([0], [0.0], sample_weight=[-1.0]), "must not be negative"),
        (lambda: loss_from_dict({"loss": "Nonsense"}), "`loss` must be one of"),
        (lambda: loss_from_dict({"loss": "FocalLoss", "power": 2}), "cannot be built"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_focal_hessian_changes_sign_where_it_was_computed():
    # project knowledge base, FOCAL_SIGN_CHANGE; trap 32
    for gamma, where in [(0.5, -4.0184665), (1.0, -3.0977011), (2.0, -2.7903775), (3.0, -2.7968080), (5.0, -2.9394814)]:
        loss = FocalLoss(gamma)
        root = brentq(lambda u, loss=loss: float(loss.hessian(1, u)), where - 0.5, where + 0.5, xtol=1e-13)
        assert root == pytest.approx(where, abs=1e-6)
        assert loss.curvature(1, -6.9) > 0


def test_focal_link_is_the_published_map():
    # Charoenphakdee et al. 2021: eta = h(v) / (h(v) + h(1 - v)), h(v) = v / phi(v); traps 31 and 33
    z = np.linspace(-12, 12, 41)
    v, u = sigmoid(z), sigmoid(-z)
    for gamma in (0.5, 1.0, 2.0, 5.0):
        h = v / (u**gamma - gamma * u ** (gamma - 1) * v * log_sigmoid(z))
        g = u / (v**gamma - gamma * v ** (gamma - 1) * u * log_sigmoid(-z))
        np.testing.assert_allclose(FocalLoss(gamma).link(z), h / (h + g), atol=1e-14)
    assert FocalLoss(2.0).link(logit(0.072746)) == pytest.approx(0.001, rel=1e-4)
    assert FocalLoss(2.0).link(logit(0.153624)) == pytest.approx(0.01, rel=1e-4)
    assert FocalLoss(1.0).start(0.001) == pytest.approx(-3.7547, abs=5e-5)
    assert FocalLoss(2.0).start(0.001) == pytest.approx(-2.5452, abs=5e-5)
    far = np.array([800.0, 1e4])
    np.testing.assert_allclose(FocalLoss(2.0).link_logit(far), 3 * far - np.log(3), rtol=1e-13)


def test_closed_links_of_the_affine_losses():
    z = np.linspace(-8, 8, 33)
    np.testing.assert_allclose(WeightedCrossEntropy(5.0).link_logit(z), z - np.log(5.0), atol=1e-14)
    ldam = log_sigmoid(5 * (z + 0.1)) - log_sigmoid(-5 * (z - 0.5))
    np.testing.assert_allclose(LDAMLoss(margins=(0.1, 0.5), scale=5.0).link_logit(z), ldam, atol=1e-12)
    weights, shift, scale = (1.0, 3.0), (0.2, -0.5), (0.8, 1.3)
    wanted = np.log(0.8 / 3.9) + log_sigmoid(0.2 + 0.8 * z) - log_sigmoid(-0.5 - 1.3 * z)
    np.testing.assert_allclose(VectorScalingLoss(weights, shift, scale).link_logit(z), wanted, atol=1e-12)


def test_weights_of_published_examples():
    # check values of the project knowledge base: n = (100000, 100), beta = 0.9999; max margin 0.5
    weights = ClassBalancedLoss((100_000, 100), 0.9999).weights
    np.testing.assert_allclose(weights, [0.019706127823, 1.980293872177], atol=1e-12)
    np.testing.assert_allclose(LDAMLoss((100_000, 100)).class_margins, [0.0889139705019, 0.5], atol=1e-12)
    assert ClassBalancedLoss((7, 3), 0.0).weights == (1.0, 1.0)


def test_without_torch_the_import_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "rareclass.losses.torch", raising=False)
    with pytest.raises(DependencyError, match=r"rareclass\[torch\]"):
        import rareclass.losses.torch  # noqa: F401
