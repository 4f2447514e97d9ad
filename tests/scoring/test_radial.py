"""Kernel machines as plain arrays: the learner's own scores, read back, and what does not fit is refused."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.learners import KernelLogisticRegression
from rareclass.scoring.compiling import as_member
from rareclass.scoring.members import read_member, saved_member

RNG = np.random.default_rng(5)
MARKS = 40


def rows(n=300):
    X = np.column_stack([RNG.lognormal(sigma=2, size=n), RNG.normal(size=n), RNG.integers(0, 4, n)]).astype(float)
    X[RNG.random((n, 3)) < 0.2] = np.nan
    return X


@pytest.fixture(scope="module")
def learner():
    X = rows()
    y = np.nan_to_num(X[:, 1]) + np.isnan(X[:, 0]) + RNG.normal(size=X.shape[0]) > 1.5
    made = KernelLogisticRegression(penalty=1.0, landmarks=MARKS, categorical_features=[2], random_state=0)
    return made.fit(X, y)


@pytest.fixture(scope="module")
def saved(learner):
    member = as_member(learner)
    return saved_member(member), member.arrays()


def test_the_compiled_form_says_what_the_learner_says(learner):
    X = np.vstack([rows(), np.full((1, 3), np.nan), [[1e300, -1e300, 1e300], [0.0, -0.0, -1.0], [1.0, 1.0, 0.5]]])
    member = as_member(learner)
    np.testing.assert_array_equal(member.logit(X), learner.decision_function(X))
    assert np.unique(member.logit(X)).size > 200
    np.testing.assert_array_equal(np.concatenate([member.logit(x[None]) for x in X[:50]]), member.logit(X[:50]))


def test_it_is_read_back_as_it_was_written(learner, saved):
    X = rows()
    same = read_member(*saved)
    np.testing.assert_array_equal(same.logit(X), learner.decision_function(X))
    assert same.columns_read == 3
    for one, other in zip(same.typical, learner.typical_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_its_typical_row_is_of_the_kind_of_its_landmarks(learner, saved):
    place, code = as_member(learner).typical
    _, arrays = saved
    assert (place.shape, code.shape) == (arrays["place"].shape[:1], arrays["code"].shape[:1])
    assert (np.abs(place) < 1).all()
    assert code[0] in (0, 1, 2, 3)
    np.testing.assert_array_equal(code[1:], 0)  # four of five rows have a value


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("column", lambda a: a - 1),
        ("column", lambda a: a[:-1]),
        ("column", lambda a: a + 0.5),
        ("begin", lambda a: a[::-1]),
        ("begin", lambda a: a[:-1]),
        ("begin", lambda a: a + 1),
        ("quantile", lambda a: a[:-1]),
        ("quantile", lambda a: np.full_like(a, np.nan)),
        ("normal", lambda a: a[1:]),
        ("normal", lambda a: np.full_like(a, np.inf)),
        ("scale", lambda a: a[:-1]),
        ("scale", lambda a: 0 * a),
        ("scale", lambda a: -a),
        ("place", lambda a: a[:, :-1]),
        ("place", lambda a: a[:-1]),
        ("place", lambda a: a[0]),
        ("place", lambda a: np.full_like(a, np.nan)),
        ("code_column", lambda a: a - 9),
        ("code_column", lambda a: a[:-1]),
        ("only_missing", lambda a: a[:-1]),
        ("only_missing", lambda a: a + 2),
        ("only_missing", lambda a: a - 1),
        ("code_weight", lambda a: -a),
        ("code_weight", lambda a: a[:-1]),
        ("code", lambda a: a[:, 1:]),
        ("code", lambda a: a.astype(float)),
        ("code", lambda a: a + 5),
        ("coef", lambda a: a[:0]),
        ("coef", lambda a: a[:-1]),
        ("coef", lambda a: np.full_like(a, np.nan)),
        ("typical_place", lambda a: a[:-1]),
        ("typical_code", lambda a: a[:-1]),
        ("typical_code", lambda a: a + 0.5),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_a_sentence(saved, name, change):
    spec, arrays = saved
    with pytest.raises(InputError, match=r"^The scorer is .*\.$"):
        read_member(spec, {**arrays, name: change(arrays[name])})


def test_missing_arrays_and_landmarks_are_refused(saved):
    spec, arrays = saved
    for name in arrays:
        with pytest.raises(InputError, match=f"'{name}' is missing"):
            read_member(spec, {other: array for other, array in arrays.items() if other != name})
    empty = {"place": arrays["place"][:, :0], "code": arrays["code"][:, :0], "coef": arrays["coef"][:0]}
    with pytest.raises(InputError, match="kernel machine"):
        read_member(spec, {**arrays, **empty})


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 0.0), ("rate", -1.0), ("rate", np.inf), ("rate", "1"), ("intercept", np.nan), ("intercept", None)],
)
def test_numbers_that_cannot_be_are_refused(saved, name, value):
    spec, arrays = saved
    with pytest.raises(InputError, match=f"'{name}' must be a finite number"):
        read_member({**spec, name: value}, arrays)
