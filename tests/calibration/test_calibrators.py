"""What every calibrator keeps: ranking, weights as repeated rows, finite values, a saved form, one clear error."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from rareclass.calibration import (
    BetaCalibration,
    HistogramCalibration,
    IdentityCalibration,
    InterceptCalibration,
    IsotonicCalibration,
    SigmoidCalibration,
    TemperatureCalibration,
    VennAbersCalibration,
    calibrator_from_dict,
    choose_calibration,
    make_calibrator,
)
from rareclass.calibration.sigmoid import PulledSigmoid
from rareclass.errors import CalibrationWarning, InputError, TooFewEventsError
from rareclass.kernels.logits import log_loss_from_logits, sigmoid
from rareclass.metrics.ranking import average_precision_score

KINDS = ["identity", "intercept", "sigmoid", "beta", "isotonic", "temperature", "venn_abers", "histogram"]
FITTED_MEAN = ["intercept", "sigmoid", "beta", "isotonic", "temperature", "histogram"]


def scores(events=100, prevalence=0.01, seed=0, slope=1.8, shift=2.5):
    rng = np.random.default_rng(seed)
    n = int(events / prevalence)
    z = rng.normal(-6.5, 1.8, n)
    z += np.log(prevalence) - np.log(sigmoid(z).mean())
    return slope * z + shift, rng.random(n) < sigmoid(z), z


@pytest.fixture(scope="module")
def data():
    return scores()


@pytest.mark.parametrize("kind", KINDS)
def test_ranking_is_kept_strictly(kind, data):
    z, y, _ = data
    fitted = make_calibrator(kind).fit(z, y)
    new = np.sort(np.random.default_rng(1).normal(-9, 6, 4000))
    assert (np.diff(fitted.predict_logit(new)) > 0).all()
    assert average_precision_score(y, fitted.predict_logit(z)) == average_precision_score(y, z)


@pytest.mark.parametrize("kind", FITTED_MEAN)
def test_expected_events_equal_observed_ones_on_the_calibration_rows(kind, data):
    z, y, _ = data
    assert make_calibrator(kind).fit(z, y).predict(z).sum() == pytest.approx(y.sum(), rel=1e-9)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("identity", "intercept")])
def test_distorted_scores_are_mended_on_new_rows(kind, data):
    z, y, _ = data
    fitted = make_calibrator(kind).fit(z, y)
    new, labels, true = scores(events=2000, seed=5)
    ours, best, raw = (log_loss_from_logits(labels, v) for v in (fitted.predict_logit(new), true, new))
    assert ours - best < (0.25 if kind == "venn_abers" else 0.1) * (raw - best)
    assert fitted.predict(new).sum() / labels.sum() == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize("kind", KINDS)
def test_integer_weights_are_repeated_rows(kind, data):
    z, y = data[0][:1500].round(1), data[1][:1500]
    w = np.random.default_rng(2).integers(0, 4, z.size)
    w[y] = np.maximum(w[y], 1)
    weighted = make_calibrator(kind).fit(z, y, sample_weight=w)
    repeated = make_calibrator(kind).fit(np.repeat(z, w), np.repeat(y, w))
    assert weighted.predict_logit(z) == pytest.approx(repeated.predict_logit(z), abs=1e-9)
    assert weighted.events_ == repeated.events_ == w[y].sum()


@pytest.mark.parametrize("kind", [*KINDS, "auto"])
def test_order_of_rows_does_not_matter(kind, data):
    z, y, _ = data
    mixed = np.random.default_rng(3).permutation(z.size)
    one, other = (choose_calibration(z[i], y[i], method=kind) for i in (slice(None), mixed))
    assert np.array_equal(one.predict_logit(z), other.predict_logit(z))


@pytest.mark.parametrize("kind", KINDS)
def test_calibrator_survives_json(kind, data):
    z, y, _ = data
    fitted = make_calibrator(kind).fit(z, y)
    again = calibrator_from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    assert type(again) is type(fitted)
    assert np.array_equal(again.predict_logit(z), fitted.predict_logit(z))
    assert again.to_dict() == fitted.to_dict()
    assert type(fitted).__name__ in repr(fitted)


@pytest.mark.parametrize("kind", KINDS)
def test_separated_classes_stay_finite(kind):
    z = np.r_[np.linspace(-9, -5, 500), [3.0, 4.0, 5.0]]
    y = np.r_[np.zeros(500), np.ones(3)]
    fitted = make_calibrator(kind).fit(z, y)
    out = fitted.predict_logit(np.linspace(-60, 60, 241))
    assert np.isfinite(out).all()
    assert (np.diff(out) > 0).all()
    if kind != "identity":
        assert fitted.predict(z)[-1] < 0.99999


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3])
def test_two_and_three_rows_are_enough(kind, n):
    fitted = make_calibrator(kind).fit([-1.0, 1.0, 0.0][:n], [0, 1, 0][:n])
    assert np.isfinite(fitted.predict_logit([-3.0, 0.0, 3.0])).all()


@pytest.mark.parametrize("kind", KINDS)
def test_tied_scores_get_the_event_rate(kind):
    fitted = make_calibrator(kind).fit(np.full(50, 1.3), np.arange(50) % 10 == 0)
    if kind == "identity":
        return
    low, high = (0.09, 0.12) if kind == "venn_abers" else (0.1 - 1e-9, 0.1 + 1e-9)
    assert low <= fitted.predict([1.3])[0] <= high


@pytest.mark.parametrize("kind", KINDS)
def test_infinite_scores_are_mapped_but_not_fitted(kind, data):
    z, y, _ = data
    fitted = make_calibrator(kind).fit(z, y)
    ends = fitted.predict([-np.inf, np.inf])
    assert ends[0] <= fitted.predict([-50.0])[0] < fitted.predict([20.0])[0] <= ends[1]
    with pytest.raises(InputError, match="infinite"):
        make_calibrator(kind).fit(np.r_[z, np.inf], np.r_[y, True])


@pytest.mark.parametrize("kind", KINDS)
def test_huge_scores_do_no_harm(kind):
    z = np.r_[np.linspace(-1e4, 0, 200), np.linspace(-1e3, 1e4, 20)]
    fitted = make_calibrator(kind).fit(z, np.r_[np.zeros(200), np.ones(20)])
    assert np.isfinite(fitted.predict_logit(z)).all()


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic", "histogram"])
def test_scores_that_rank_backwards_give_the_prevalence_and_a_warning(kind, data):
    z, y, _ = data
    with pytest.warns(CalibrationWarning, match="not higher than"):
        fitted = make_calibrator(kind).fit(-z, y)
    assert np.median(fitted.predict(-z)) == pytest.approx(y.mean(), rel=0.2)


@pytest.mark.parametrize(
    ("z", "y", "w", "error", "match"),
    [
        ([], [], None, InputError, "empty"),
        ([0.0, 1.0], [1, 1], None, TooFewEventsError, "only positive"),
        ([0.0, 1.0], [0, 0], None, TooFewEventsError, "only negative"),
        ([0.0, np.nan], [0, 1], None, InputError, "missing"),
        ([0.0, 1.0, 2.0], [0, 1], None, InputError, "same number of rows"),
        ([0.0, 1.0], [0, 1], [1.0, -1.0], InputError, "negative"),
        ([0.0, 1.0], [0, 1], [1.0], InputError, "rows"),
        ([0.0, 1.0], [0, 1], [1.0, 0.0], TooFewEventsError, "only negative"),
        ([0.0, 1.0], [0, 1], [0.0, 0.0], InputError, "zero"),
    ],
)
def test_unusable_rows_raise_one_clear_error(z, y, w, error, match):
    for kind in KINDS:
        with pytest.raises(error, match=match):
            make_calibrator(kind).fit(z, y, sample_weight=w)
    with pytest.raises(error, match=match):
        choose_calibration(z, y, sample_weight=w)


@pytest.mark.parametrize("kind", KINDS)
def test_unfitted_calibrators_say_so(kind):
    with pytest.raises(InputError, match="not fitted yet"):
        make_calibrator(kind).predict([0.0])
    with pytest.raises(InputError, match="not fitted yet"):
        make_calibrator(kind).to_dict()


@pytest.mark.parametrize(
    "make",
    [
        lambda: BetaCalibration(prior_spread=0.0),
        lambda: IsotonicCalibration(pseudo_events=-1.0),
        lambda: HistogramCalibration(bins=0),
        lambda: HistogramCalibration(bins=2.5),
    ],
)
def test_unusable_parameters_raise_at_fit(make):
    with pytest.raises(InputError):
        make().fit([0.0, 1.0], [0, 1])


@pytest.mark.parametrize("state", [None, {}, {"kind": "magic"}, {"kind": "sigmoid", "events": 1.0, "rows": 2.0}])
def test_unreadable_saved_calibrators_raise(state):
    with pytest.raises(InputError):
        calibrator_from_dict(state)
    with pytest.raises(InputError, match="cannot be built"):
        SigmoidCalibration.from_dict({"kind": "beta"})


def test_identity_changes_nothing_and_shares_nothing():
    z = np.array([0.5, -1.0])
    out = IdentityCalibration().fit(z, [1, 0]).predict_logit(z)
    assert np.array_equal(out, z)
    assert not np.shares_memory(out, z)


def test_intercept_undoes_any_shift_of_the_prior_exactly(data):
    z, y, _ = data
    one, other = (InterceptCalibration().fit(v, y).predict_logit(v) for v in (z, z + 4.0))
    assert one == pytest.approx(other, abs=1e-8)


def test_sigmoid_does_not_care_about_scale(data):
    z, y, _ = data
    plain = SigmoidCalibration().fit(z, y).predict_logit(z)
    assert SigmoidCalibration().fit(1000 * z - 77, y).predict_logit(1000 * z - 77) == pytest.approx(plain, abs=1e-6)


def test_sigmoid_slope_is_firths():
    # closed form for a 2 x 2 table: half an observation added to each cell
    z, y, w = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 1, 0, 1]), np.array([30, 2, 10, 7])
    fitted = SigmoidCalibration().fit(z, y, sample_weight=w)
    assert fitted.slope_ == pytest.approx(np.log(7.5 / 10.5) - np.log(2.5 / 30.5), rel=1e-7)


def test_sigmoid_approaches_the_maximum_likelihood_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    z, y, _ = scores(events=3000, prevalence=0.05)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(z[:, None], y)
    fitted = SigmoidCalibration().fit(z, y)
    assert fitted.slope_ == pytest.approx(reference.coef_[0, 0], rel=1e-3)


def test_pooled_start_does_not_change_the_fit():
    from rareclass.calibration import logistic

    z, y, _ = scores(events=300, prevalence=0.01)
    one = SigmoidCalibration().fit(z, y)
    before = logistic._MANY
    try:
        logistic._MANY = 10**9
        other = SigmoidCalibration().fit(z, y)
    finally:
        logistic._MANY = before
    assert one.slope_ == pytest.approx(other.slope_, rel=1e-7)


def test_beta_with_equal_parameters_is_a_straight_line(data):
    z, y, _ = data
    fitted = BetaCalibration().fit(z, y)
    fitted.a_, fitted.b_, fitted.c_ = 2.0, 2.0, 0.5
    assert fitted.predict_logit(z) == pytest.approx(2 * z + 0.5)


def test_beta_finds_the_parameters_of_its_family():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2.5, 400_000)
    p = sigmoid(z)
    y = rng.random(z.size) < sigmoid(0.5 * np.log(p) - 2.0 * np.log1p(-p) + 0.3)
    fitted = BetaCalibration().fit(z, y)
    assert (fitted.a_, fitted.b_, fitted.c_) == pytest.approx((0.5, 2.0, 0.3), abs=0.04)


def test_isotonic_reaches_any_monotone_shape_with_many_events():
    rng = np.random.default_rng(0)
    true = rng.normal(-3, 2, 120_000)
    y = rng.random(true.size) < sigmoid(true)
    bent = np.sinh(true)
    losses = {k: log_loss_from_logits(y, make_calibrator(k).fit(bent, y).predict_logit(bent)) for k in KINDS}
    best = log_loss_from_logits(y, true)
    assert losses["isotonic"] - best < 8e-4
    assert losses["isotonic"] < losses["sigmoid"] - 0.03


def test_isotonic_with_fifty_events_loses_no_average_precision():
    for seed in range(20):
        z, y, _ = scores(events=50, seed=seed)
        half = np.arange(z.size) % 2 == 0
        fitted = IsotonicCalibration().fit(z[half], y[half])
        new, label = z[~half], y[~half]
        assert average_precision_score(label, fitted.predict_logit(new)) == average_precision_score(label, new)


def test_histogram_bins_expect_the_same_number_of_events(data):
    z, y, _ = data
    fitted = HistogramCalibration(bins=5).fit(z, y)
    assert 1 <= fitted.knots_.at.size <= 5


def test_temperature_needs_its_bias():
    """Class weights of 50 undone: a temperature alone cannot, trap of evidence.md 1.4."""
    _, y, true = scores(events=1000)
    weighted = true + np.log(50)
    fitted = TemperatureCalibration().fit(weighted, y)
    assert fitted.temperature_ == pytest.approx(1.0, abs=0.05)
    assert fitted.bias_[0] == pytest.approx(-np.log(50), abs=0.15)


def test_unknown_kinds_raise():
    with pytest.raises(InputError, match="`calibration` must be one of"):
        make_calibrator("magic")


def test_venn_abers_equals_two_isotonic_fits():
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(1)
    for _ in range(60):
        n = int(rng.integers(2, 25))
        z, y = rng.integers(0, 8, n).astype(float), rng.random(n) < 0.4
        y[:2] = [True, False]
        w = rng.integers(1, 4, n)
        fitted = VennAbersCalibration().fit(z, y, sample_weight=w)
        for s in [*np.unique(z), *(np.unique(z) + 0.5), -1.0]:
            pair = fitted.predict_pair([s])
            for label in (0.0, 1.0):
                plain = IsotonicRegression().fit(np.r_[z, s], np.r_[y, label], sample_weight=np.r_[w, 1.0])
                assert pair[int(label)][0] == pytest.approx(plain.predict([s])[0], abs=1e-12)


def test_venn_abers_pair_holds_the_event_rate():
    z, y, true = scores(events=400, prevalence=0.05)
    low, high = VennAbersCalibration().fit(z, y).predict_pair(z)
    assert (low < high).all()
    assert low.sum() <= y.sum() <= high.sum()
    del true


def test_a_pulled_line_is_the_most_likely_one_under_its_priors():
    z, y, _ = scores(events=15, prevalence=0.05)
    found = PulledSigmoid().fit(z, y)
    centre = np.average(z, weights=sigmoid(z) * sigmoid(-z))

    def loss(line):
        """Nats of the line about the centre, and of its priors of variance 1 / 20 and 1 / 10."""
        u = centre + line[0] + line[1] * (z - centre)
        return log_loss_from_logits(y, u) * z.size + 10 * line[0] ** 2 + 5 * (line[1] - 1) ** 2

    shift, slope = minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    assert found.slope_ == pytest.approx(slope, abs=1e-6)
    assert found.predict_logit([centre])[0] == pytest.approx(centre + shift, abs=1e-6)


def test_a_pulled_line_comes_to_the_free_one_as_events_grow_and_keeps_the_ranking():
    z, y, _ = scores(events=400, slope=0.2)
    free, few, many = (
        kind.fit(z, y, sample_weight=np.full(z.size, w))
        for kind, w in ((SigmoidCalibration(), 1.0), (PulledSigmoid(), 0.02), (PulledSigmoid(), 100.0))
    )
    assert few.slope_ < many.slope_
    assert abs(few.slope_ - 1) < abs(free.slope_ - 1)
    assert many.slope_ == pytest.approx(free.slope_, rel=0.02)
    wrong = PulledSigmoid().fit(-10 * z, y)
    assert (np.diff(wrong.predict_logit(np.linspace(-9, 0, 50))) > 0).all()
    assert calibrator_from_dict(few.to_dict()).predict_logit(z) == pytest.approx(few.predict_logit(z))
