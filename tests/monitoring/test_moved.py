"""Volume, scores and inputs without labels: what is said of what moved, and nothing where nothing moved."""

import json

import numpy as np
import pytest
from tests.monitoring.helpers import cohort

from rareclass.artifact.bundle import score_reference
from rareclass.artifact.reference import sketched
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.moved import Inputs, Scores, Volume
from rareclass.monitoring.places import Places

ROWS, DAYS = 300, 60


def drawn(rng, n=ROWS, shift=0.0, missing=0.0):
    """Log-odds (n,) and three features, of which the last is a code."""
    X = np.column_stack([rng.normal(shift, 1.0, n), rng.normal(size=n), rng.integers(0, 3, n)]).astype(float)
    X[rng.random(n) < missing, 1] = np.nan
    return X[:, 0] - 4.0, X


def training():
    z, X = drawn(np.random.default_rng(1), 20_000)
    return score_reference(z), Places(sketched(X, np.arange(20_000) < 600, categorical=(2,)))


def run(detector, change=40, places=None, **after):
    """Day and finding of the first alarm."""
    rng = np.random.default_rng(3)
    detector.threshold = 365.25 / 0.001
    for day in range(DAYS):
        law = {"n": after.get("n", ROWS)} | after if day >= change else {}
        z, X = drawn(rng, **law)
        c = cohort(
            day,
            np.full(z.size, -1),
            probability=sigmoid(z),
            alert=z > -2,
            places=None if places is None else places.of(X),
        )
        if detector.update(c):
            low, high = detector.since()
            return day, low <= change <= high, *detector.finding(low, Ledger())
    return None


def test_nothing_moved_is_no_alarm():
    reference, places = training()
    assert run(Volume()) is None
    assert run(Scores(reference)) is None
    assert run(Inputs(places, ["a", "b", "c"]), places=places) is None


def test_rows_that_are_lost_are_called_and_counted():
    day, dated, code, said, _, found = run(Volume(), n=150)
    assert code == "volume"
    assert day <= 52
    assert dated
    assert "rows from 300 a day to 150 a day" in said
    assert found["figures"]["rows"]["now"] == pytest.approx(150)


def test_scores_that_rise_are_called_against_training_from_the_first_days():
    reference, _ = training()
    day, dated, code, said, _, found = run(Scores(reference), change=5, shift=0.6)
    assert code == "scores-moved"
    assert day <= 10
    assert dated
    assert "mean log-odds" in said
    assert found["figures"]["mean log-odds"]["now"] > found["figures"]["mean log-odds"]["before"]


def test_what_differs_from_training_since_the_first_day_is_told_against_training():
    reference, _ = training()
    *_, said, value, found = run(Scores(reference), change=0, shift=0.8)
    mean = found["figures"]["mean log-odds"]
    assert (mean["before"], mean["now"]) == (pytest.approx(-4.0, abs=0.1), pytest.approx(-3.2, abs=0.1))
    assert "mean log-odds from -4.0" in said
    assert value == pytest.approx(next(iter(found["figures"].values()))["now"])
    for name, figure in found["figures"].items():  # shares are shares, as the sentence shows them
        assert not name.startswith("share") or f"{figure['now']:.2%}" in said


@pytest.mark.parametrize("atom", [-9.01, -9.49])
def test_few_values_of_the_log_odds_are_no_move(atom):
    def scores(rng, n):
        return np.where(rng.random(n) < 0.97, atom, rng.normal(-5, 1, n))

    rng = np.random.default_rng(0)
    detector = Scores(score_reference(scores(rng, 20_000)))
    detector.threshold = 365.25 / 0.001
    assert not any(
        detector.update(cohort(day, np.full(ROWS, -1), probability=sigmoid(scores(rng, ROWS)))) for day in range(120)
    )


def test_without_counts_of_training_scores_are_compared_with_earlier_days():
    detector = Scores({})
    assert run(detector, change=999) is None
    assert detector.why_off == ""
    day, _, code, *_ = run(Scores({}), shift=0.8)
    assert code == "scores-moved"
    assert day >= 40


def test_missing_values_and_moved_features_are_named():
    _, places = training()
    day, dated, code, said, *_ = run(Inputs(places, ["a", "b", "c"]), places=places, missing=0.1)
    assert code == "inputs-moved"
    assert dated
    assert day <= 45
    assert "missing values in b from" in said
    *_, found = run(Inputs(places, ["a", "b", "c"]), places=places, shift=0.6)
    assert next(iter(found["figures"])) in ("rank of a", "rank among high scores of a")


def test_inputs_say_why_they_are_off():
    _, places = training()
    for detector, words in ((Inputs(None, ()), "no sketches"), (Inputs(places, ()), "came without features")):
        detector.update(cohort(0, [-1, -1]))
        assert words in detector.why_off


def test_saving_changes_nothing():
    reference, places = training()
    rng = np.random.default_rng(0)
    for made in (lambda: Scores(reference), Volume, lambda: Inputs(places, ["a", "b", "c"])):
        whole, part = made(), made()
        for day in range(35):
            z, X = drawn(rng, 50)
            c = cohort(day, np.full(50, -1), probability=sigmoid(z), places=places.of(X))
            whole.update(c)
            part.update(c)
            saved, part = json.loads(json.dumps(part.to_dict())), made()
            part.load(saved)
        assert part.to_dict() == whole.to_dict()
