"""The choice of a calibration by events, and the check that precedes it."""

import numpy as np
import pytest

from rareclass.calibration import IsotonicCalibration, SigmoidCalibration, check_disjoint, choose_calibration
from rareclass.calibration.choose import CALIBRATORS
from rareclass.errors import InputError
from rareclass.kernels.logits import log_loss_from_logits, sigmoid


def draw(events, prevalence=0.05, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(-4.5, 1.7, int(events / prevalence))
    z += np.log(prevalence) - np.log(sigmoid(z).mean())
    return z, rng.random(z.size) < sigmoid(z)


@pytest.mark.parametrize(
    ("events", "change", "kinds"),
    [
        (6, lambda z: z, {"identity"}),
        (6, lambda z: z + 4, {"intercept"}),
        (8, lambda z: 3 * z, {"identity", "intercept"}),  # too few events for a slope
        (60, lambda z: z, {"intercept"}),
        (60, lambda z: z + 4, {"intercept"}),
        (60, lambda z: 2.5 * z, {"sigmoid"}),
        (2000, lambda z: z, {"intercept"}),
        (2000, lambda z: 2.5 * z - 1, {"sigmoid"}),
        (5000, lambda z: np.sinh(z / 1.5), {"isotonic", "beta"}),
    ],
)
def test_choice_follows_events_and_evidence(events, change, kinds):
    found = []
    for seed in range(5):
        z, y = draw(events, seed=seed)
        found.append(choose_calibration(change(z), y).kind)
    assert sum(kind in kinds for kind in found) >= 4, found


def test_reason_is_said():
    z, y = draw(100)
    chosen = choose_calibration(2.5 * z, y)
    assert "sigmoid: observed/expected" in chosen.why_
    assert "slope 0." in chosen.why_
    assert "events" in chosen.why_


def test_calibrated_scores_are_hardly_harmed():
    """Cost of calibrating what needs none: the log-loss on new rows rises by about one parameter's worth, 1 / (2 n)."""
    new, label = draw(5000, seed=99)
    best = log_loss_from_logits(label, new)
    worse = []
    for seed in range(20):
        z, y = draw(100, seed=seed)
        worse.append(log_loss_from_logits(label, choose_calibration(z, y).predict_logit(new)) - best)
    assert np.mean(worse) < 3 / (2 * 5000)


def test_scores_that_are_all_equal_get_the_prevalence():
    y = np.arange(2_000) < 200
    found = choose_calibration(np.zeros(2_000), y)
    np.testing.assert_allclose(found.predict_logit(np.zeros(3)), np.log(200 / 1_800))


def test_named_methods_and_objects_are_taken():
    z, y = draw(60)
    assert choose_calibration(z, y, method="none").kind == "identity"
    assert choose_calibration(z, y, method="beta").kind == "beta"
    mine = IsotonicCalibration(pseudo_events=2.0)
    taken = choose_calibration(z, y, method=mine)
    assert taken.pseudo_events == 2.0
    assert not hasattr(mine, "knots_")
    with pytest.raises(InputError, match="method"):
        choose_calibration(z, y, method="magic")
    with pytest.raises(InputError, match="level"):
        choose_calibration(z, y, level=1.5)


def test_calibrating_on_fitted_rows_raises():
    z, y = draw(10)
    rows = np.arange(z.size)
    with pytest.raises(InputError, match=f"3 of {z.size} calibration rows were fitted"):
        choose_calibration(z, y, rows=rows, fitted_rows=np.r_[[0, 1, 2], rows + z.size])
    assert choose_calibration(z, y, rows=rows, fitted_rows=rows + z.size).events_ == y.sum()
    with pytest.raises(InputError, match="without `fitted_rows`"):
        check_disjoint(rows, None)
    with pytest.raises(InputError, match="names 3 rows"):
        choose_calibration(z, y, rows=[1, 2, 3], fitted_rows=[4])
    with pytest.raises(InputError, match="1 of 2"):
        check_disjoint(["a", "b"], ["b", "c"])


def test_weights_equal_repeated_rows_in_the_choice_too():
    z, y = draw(1500)
    z = np.sinh(z / 2).round(2)
    w = np.random.default_rng(0).integers(1, 3, z.size)
    weighted, repeated = choose_calibration(z, y, sample_weight=w), choose_calibration(np.repeat(z, w), np.repeat(y, w))
    assert weighted.kind == repeated.kind
    assert weighted.predict_logit(z) == pytest.approx(repeated.predict_logit(z), abs=1e-8)


def test_repr_shows_what_was_fitted():
    assert repr(SigmoidCalibration()) == "SigmoidCalibration()"
    z, y = draw(10)
    assert "slope=" in repr(SigmoidCalibration().fit(z, y))


def test_every_calibration_of_the_table_knows_its_name():
    assert [CALIBRATORS[kind].kind for kind in CALIBRATORS] == list(CALIBRATORS)


@pytest.mark.parametrize("seed", range(6))
def test_the_last_bits_of_a_score_do_not_decide_which_calibration_is_taken(seed):
    # sums of other threads differ in the last bits; folds that were dealt by these bits changed the map
    rng = np.random.default_rng(seed)
    z = rng.normal(-4, 1.5, 8000)
    y = rng.random(8000) < sigmoid(0.9 * z - 0.1)
    one = choose_calibration(z, y)
    other = choose_calibration(z * (1 + 1e-15 * rng.normal(size=z.size)), y)
    assert type(one) is type(other)
    np.testing.assert_allclose(one.predict_logit(z[:100]), other.predict_logit(z[:100]), rtol=1e-6)
    assert one.why_ == other.why_
