import numpy as np
import pytest

from rareclass.errors import TooFewEventsError
from rareclass.over_sampling import ProWSyn
from rareclass.over_sampling.prowsyn import other_member


def test_levels_count_the_distance_from_the_other_classes():
    # Rare rows 0..5 on a line, others from 6 on: each level is the two rows nearest to them.
    X, y = np.arange(20.0)[:, None], np.repeat([1, 0], [6, 14])
    method = ProWSyn(n_neighbors=2, n_levels=3, random_state=0)
    method.fit_resample(X, y)
    assert method.levels_[1].tolist() == [3, 3, 2, 2, 1, 1]


@pytest.mark.parametrize("theta", [0.0, 1.0, 2.5])
def test_offspring_falls_off_exponentially_with_the_level(theta):
    X, y = np.arange(2000.0)[:, None], np.repeat([1, 0], [6, 1994])
    method = ProWSyn(n_neighbors=2, n_levels=3, theta=theta, random_state=0)
    method.fit_resample(X, y)
    weights = np.exp(-theta * (np.array([3, 3, 2, 2, 1, 1]) - 1))
    counts = np.bincount(method.parents_[:, 0], minlength=6)
    assert (np.abs(counts - weights / weights.sum() * 1988) <= 1).all()
    level = method.levels_[1]
    assert (level[method.parents_[:, 0]] == level[method.parents_[:, 1]]).all()
    assert (method.parents_[:, 0] != method.parents_[:, 1]).all()


def test_partners_are_other_members_of_the_group():
    group = np.array([3, 1, 3, 3, 7])
    base = np.repeat(np.arange(5), 3000)
    partner = other_member(group, base, np.random.default_rng(0))
    assert (group[partner] == group[base]).all()
    assert ((partner != base) == np.isin(base, [0, 2, 3])).all()
    share = (partner[:3000] == 2).mean()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 3000)


def test_a_row_alone_in_its_level_takes_any_row_of_the_class():
    X, y = np.array([[0.0], [5.0], [6.0], [20.0], [21.0], [22.0], [23.0]]), np.repeat([1, 0], [3, 4])
    method = ProWSyn(n_neighbors=1, n_levels=5, random_state=0)
    method.fit_resample(X, y)
    assert (method.parents_[:, 0] != method.parents_[:, 1]).all()


def test_one_row_is_refused():
    with pytest.raises(TooFewEventsError, match="at least 2 rows of class 1; got 1"):
        ProWSyn().fit_resample(np.eye(4), [1, 0, 0, 0])
