import warnings

import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError

imblearn = pytest.importorskip("imblearn.metrics")


def test_text_and_numbers_are_those_of_imbalanced_learn():
    rng = np.random.default_rng(0)
    for _ in range(8):
        n, k = int(rng.integers(10, 40)), int(rng.integers(2, 4))
        y, p = rng.integers(0, k, n), rng.integers(0, k, n)
        y[:k] = p[:k] = np.arange(k)
        for more in ({}, {"digits": 4, "target_names": list("abc")[:k]}, {"labels": [1, 0]}):
            assert m.classification_report_imbalanced(y, p, **more) == imblearn.classification_report_imbalanced(
                y, p, **more
            )
        ours = m.classification_report_imbalanced(y, p, output_dict=True)
        theirs = imblearn.classification_report_imbalanced(y, p, output_dict=True)
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            assert ours[key] == pytest.approx(value)


def test_weights_equal_repeated_rows_in_every_cell():
    y, p, w = [0, 1, 1, 0, 1], [0, 1, 0, 1, 1], [2, 1, 3, 1, 1]
    weighted = m.classification_report_imbalanced(y, p, sample_weight=w, output_dict=True)
    repeated = m.classification_report_imbalanced(np.repeat(y, w), np.repeat(p, w), output_dict=True)
    for key, value in repeated.items():
        assert weighted[key] == pytest.approx(value)


def test_undefined_cells_can_be_nan_and_names_must_match():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = m.classification_report_imbalanced([0, 0, 1], [0, 0, 0], output_dict=True, zero_division=np.nan)
    assert np.isnan(report["1"]["pre"])
    with pytest.raises(InputError, match="names"):
        m.classification_report_imbalanced([0, 1], [0, 1], target_names=["a"])
