"""make_imbalance: as many rows of each class as asked for."""

import numpy as np
import pandas as pd
import pytest

from rareclass.datasets import make_imbalance
from rareclass.errors import InputError


def balanced():
    return pd.DataFrame({"a": np.arange(90.0)}), pd.Series(np.repeat(["x", "y", "z"], 30))


def test_classes_have_the_rows_asked_for():
    X, y = balanced()
    X_res, y_res = make_imbalance(X, y, sampling_strategy={"x": 3, "z": 10}, random_state=0)
    assert y_res.value_counts().to_dict() == {"y": 30, "z": 10, "x": 3}
    assert (y_res == y[X_res["a"].astype(int)].to_numpy()).all()


def test_a_callable_gets_its_arguments():
    X, y = balanced()
    _, y_res = make_imbalance(X, y, sampling_strategy=lambda y, few: {"y": few}, few=4, random_state=0)
    assert (y_res == "y").sum() == 4


def test_a_missing_strategy_is_said():
    # imbalanced-learn: UnboundLocalError (defect D14).
    with pytest.raises(InputError, match="give a mapping"):
        make_imbalance(*balanced())


@pytest.mark.parametrize("strategy", [{"x": 31}, {"w": 3}, {"x": -1}])
def test_impossible_numbers_are_refused(strategy):
    with pytest.raises(InputError):
        make_imbalance(*balanced(), sampling_strategy=strategy)


def test_verbose_prints_both_distributions(capsys):
    make_imbalance(*balanced(), sampling_strategy={"x": 3}, verbose=True)
    assert len(capsys.readouterr().out.splitlines()) == 2
