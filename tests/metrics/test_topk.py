import itertools

import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError, ShortfallWarning, UndefinedWarning


def test_ties_at_the_cut_count_with_their_expected_value():
    y, score = np.array([0, 1, 0, 1, 1]), np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    for k in range(1, 6):
        hits = []
        for tie in itertools.permutations([1, 2, 3]):
            order = [0, *tie, 4][:k]
            hits.append(y[order].sum())
        assert m.precision_at_k(y, score, k) == pytest.approx(np.mean(hits) / k)
        assert m.recall_at_k(y, score, k) == pytest.approx(np.mean(hits) / 3)


def test_periods_have_their_own_k():
    y = [1, 0, 0, 1, 1, 0]
    score = [0.2, 0.1, 0.3, 0.9, 0.8, 0.7]
    day = ["mon", "mon", "mon", "tue", "tue", "tue"]
    assert m.precision_at_k(y, score, 1, periods=day) == 0.5
    assert m.recall_at_k(y, score, 1, periods=day) == pytest.approx(1 / 3)
    assert m.precision_at_k(y, score, 2, periods=day) == pytest.approx((0.5 + 1) / 2)


def test_too_few_rows_are_said():
    with pytest.warns(ShortfallWarning, match="fewer than k=10"):
        assert m.precision_at_k([0, 1], [0.1, 0.2], 10) == 0.5
    with pytest.warns(ShortfallWarning, match="1 of 2 periods"):
        m.precision_at_k([0, 1, 0], [0.1, 0.2, 0.3], 2, periods=[1, 1, 2])


def test_recall_at_k_without_positives_is_nan():
    with pytest.warns(UndefinedWarning, match="no positive"):
        assert np.isnan(m.recall_at_k([0, 0], [0.1, 0.2], 1))


def test_many_alerts_on_one_card_are_one_alert():
    y = [1, 1, 1, 0, 1]
    score = [0.9, 0.8, 0.7, 0.6, 0.1]
    card = [7, 7, 7, 8, 9]
    assert m.precision_at_k(y, score, 3) == 1
    assert m.card_precision_at_k(y, score, 2, entities=card) == 0.5


def test_a_detected_card_is_blocked_on_later_days():
    y = [1, 0, 1, 1]
    score = [0.9, 0.1, 0.9, 0.5]
    card, day = ["a", "b", "a", "b"], [1, 1, 2, 2]
    assert m.card_precision_at_k(y, score, 1, entities=card, periods=day) == 1
    y[3] = 0
    assert m.card_precision_at_k(y, score, 1, entities=card, periods=day) == 0.5
    assert m.card_precision_at_k(y, score, 1, entities=card, periods=day, exclude_detected=False) == 1


def test_rows_of_weight_zero_leave_their_cards_and_repeated_rows_change_nothing():
    y = [1, 0, 1, 1, 0]
    score = [0.9, 0.1, 0.9, 0.5, 0.95]
    card, day = ["a", "b", "a", "b", "c"], [1, 1, 2, 2, 2]
    weight = [1, 2, 3, 1, 0]
    kept = [0, 1, 2, 3]
    part = [[v[i] for i in kept] for v in (y, score, card, day)]
    expected = m.card_precision_at_k(part[0], part[1], 1, entities=part[2], periods=part[3])
    assert m.card_precision_at_k(y, score, 1, entities=card, periods=day, sample_weight=weight) == expected
    again = np.repeat(kept, [1, 2, 3, 1])
    many = [[v[i] for i in again] for v in (y, score, card, day)]
    assert m.card_precision_at_k(many[0], many[1], 1, entities=many[2], periods=many[3]) == expected


@pytest.mark.parametrize("k", [0, -1, 2.5, True])
def test_k_must_be_a_positive_whole_number(k):
    with pytest.raises(InputError, match="`k`"):
        m.precision_at_k([0, 1], [0.1, 0.2], k)


def test_missing_or_short_periods_are_refused():
    with pytest.raises(InputError, match="missing"):
        m.precision_at_k([0, 1], [0.1, 0.2], 1, periods=[1, np.nan])
    with pytest.raises(InputError, match="rows"):
        m.precision_at_k([0, 1], [0.1, 0.2], 1, periods=[1])
