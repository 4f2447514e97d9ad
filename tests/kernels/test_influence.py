import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from rareclass.kernels.influence import average_precision_influence, roc_auc_influence
from rareclass.kernels.logits import logit

BOTH = [(average_precision_influence, average_precision_score), (roc_auc_influence, roc_auc_score)]


@pytest.mark.parametrize(("influence", "metric"), BOTH)
def test_influence_is_the_derivative_with_respect_to_a_row_weight(influence, metric):
    rng = np.random.default_rng(0)
    for _ in range(5):
        n = 25
        y = rng.random(n) < 0.3
        y[:2] = [True, False]
        score = rng.integers(0, 10, n) / 4.0
        weight = rng.random(n) + 0.5 + y  # a negative that weighs more stands for others, which no derivative shows
        result = influence(y, score, weight)
        base = metric(y, score, sample_weight=weight)
        assert result.value == pytest.approx(base, abs=1e-12)
        step = 1e-6
        for i in range(n):
            moved = weight.copy()
            moved[i] += step
            slope = (metric(y, score, sample_weight=moved) - base) / step * weight.sum()
            assert result.influence[i] == pytest.approx(slope, abs=1e-4)
        assert float(np.sum(weight * result.influence)) == pytest.approx(0, abs=1e-9)


def test_negatives_that_were_not_drawn_are_reckoned_with_where_negatives_weigh_more():
    y = np.array([True, True, False, True, False])
    score = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    plain = average_precision_influence(y, score)
    assert plain.unseen == 0
    # every negative stands for eleven: half of the ten that were not drawn may lie above the first event
    drawn = average_precision_influence(y, score, np.where(y, 1.0, 11.0))
    counts = [(1, 5.0), (2, 5.0), (3, 16.0)]
    assert drawn.value == pytest.approx((1 + 1 + 3 / 14) / 3)
    assert drawn.centre == pytest.approx(np.mean([(tp - 0.5) / (tp - 0.5 + fp) for tp, fp in counts]))
    slope = np.mean([tp / (tp + fp) ** 2 for tp, fp in counts])
    assert drawn.unseen == pytest.approx(0.5 * (10 * slope) ** 2)
    assert average_precision_influence(y, score, np.full(5, 11.0)).centre == pytest.approx(plain.centre)


def test_half_corrected_average_precision_has_nearly_unbiased_log_odds():
    # binormal, separation 1.5, prevalence 1 %: the truth is 0.1155 (numerical integration)
    rng = np.random.default_rng(1)
    plain, corrected = [], []
    y = np.arange(3000) < 30
    for _ in range(1000):
        result = average_precision_influence(y, rng.normal(size=3000) + 1.5 * y)
        plain.append(result.value)
        corrected.append(result.centre)
    bias = [float(np.mean(logit(np.array(values)))) - float(logit(0.1155)) for values in (plain, corrected)]
    assert bias[0] > 0.08
    assert abs(bias[1]) < 0.5 * bias[0]


def test_auc_influence_gives_delongs_variance():
    rng = np.random.default_rng(2)
    y = rng.random(200) < 0.2
    score = np.round(rng.normal(size=200) + y, 1)
    phi = roc_auc_influence(y, score).influence
    pos, neg = score[y], score[~y]
    wins = (pos[:, None] > neg) + 0.5 * (pos[:, None] == neg)
    auc = wins.mean()
    expected = np.mean((wins.mean(axis=1) - auc) ** 2) / pos.size + np.mean((wins.mean(axis=0) - auc) ** 2) / neg.size
    assert np.sum(phi**2) / 200**2 == pytest.approx(expected)
