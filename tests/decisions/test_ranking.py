"""The best rows of each period, against brute force."""

import numpy as np
import pytest

from rareclass.decisions import flag_best
from rareclass.decisions.ranking import labels_to_codes


def best_by_hand(score, most, periods, keys, share, entities):
    """Rows flagged, found by sorting each period in plain Python."""
    flagged = np.zeros(len(score), dtype=bool)
    for period in np.unique(periods):
        rows = [i for i in range(len(score)) if periods[i] == period]
        rows.sort(key=lambda i: (-score[i], i if keys is None else keys[i]))
        if entities is not None:
            rows = list({entities[i]: i for i in reversed(rows)}.values())
            rows.sort(key=lambda i: (-score[i], i if keys is None else keys[i]))
        room = int(np.floor(len(rows) * most + 1e-9)) if share else most
        flagged[rows[:room]] = True
    return flagged


def test_flagged_rows_equal_brute_force_on_a_thousand_small_cases():
    rng = np.random.default_rng(0)
    for case in range(1000):
        n = int(rng.integers(1, 120))
        score, periods = rng.integers(0, 6, n) / 5, rng.integers(0, rng.integers(1, 4), n)
        share = case % 5 == 0
        most = rng.random() if share else int(rng.integers(1, 9))
        keys = rng.permutation(n) if case % 2 else None
        entities = rng.integers(0, 6, n) if case % 3 == 0 else None
        found = flag_best(score, most, periods=periods, keys=keys, entities=entities, share=share)
        assert np.array_equal(found, best_by_hand(score, most, periods, keys, share, entities)), case
    assert flag_best(np.array([]), 3).size == 0


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64, str])
def test_labels_become_codes_in_their_order(kind):
    values = np.array([3, 100, 3, 7, 120]).astype(kind)
    assert labels_to_codes(values, 5, "periods").tolist() == np.unique(values, return_inverse=True)[1].tolist()
    if kind is not str:
        ends = np.array([np.iinfo(kind).min, np.iinfo(kind).max, np.iinfo(kind).max], dtype=kind)
        assert labels_to_codes(ends, 3, "periods").tolist() == [0, 1, 1]
        many = np.repeat(ends, 400)
        assert np.array_equal(labels_to_codes(many, 1200, "periods"), np.unique(many, return_inverse=True)[1])
