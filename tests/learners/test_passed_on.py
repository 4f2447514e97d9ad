"""Parameters that are passed on, and class weights as one ratio."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.learners import RareLGBMClassifier
from rareclass.learners._context import Rows
from rareclass.learners._passed_on import class_ratio


def test_unknown_parameters_are_kept_for_the_library():
    model = RareLGBMClassifier(path_smooth=1.0).set_params(max_bin=63, guard="bold")
    assert model.kwargs == {"path_smooth": 1.0, "max_bin": 63}
    assert model.get_params()["max_bin"] == 63
    assert model.guard == "bold"


def test_class_weights_become_one_ratio():
    rows = Rows(np.zeros((4, 1)), np.array([1, 0, 0, 0], bool), weight=np.array([1.0, 2.0, 2.0, 2.0]))
    classes = np.array(["no", "yes"])
    assert class_ratio(None, 3.0, rows, classes) == 3.0
    assert class_ratio("balanced", 1.0, rows, classes) == 6.0
    assert class_ratio({"yes": 8, "no": 2}, 2.0, rows, classes) == 8.0
    for bad in ({"yes": 0}, [1, 2], {"yes": "many"}):
        with pytest.raises(InputError, match="class_weight"):
            class_ratio(bad, 1.0, rows, classes)
