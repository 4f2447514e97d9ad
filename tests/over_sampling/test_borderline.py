import numpy as np
import pytest
from imblearn.over_sampling import BorderlineSMOTE as PeerBorderlineSMOTE

from rareclass.errors import NoOpWarning
from rareclass.over_sampling import BorderlineSMOTE


def overlap(seed=0, classes=2):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), [400, 60, 90][:classes])
    return rng.normal(size=(y.size, 3)) + y[:, None], y


@pytest.mark.parametrize("kind", ["borderline-1", "borderline-2"])
@pytest.mark.parametrize("classes", [2, 3])
def test_rows_in_danger_are_those_of_imbalanced_learn(kind, classes):
    X, y = overlap(classes=classes)
    ours = BorderlineSMOTE(kind=kind, random_state=0)
    peer = PeerBorderlineSMOTE(kind=kind, random_state=0)
    ours.fit_resample(X, y)
    peer.fit_resample(X, y)
    assert ours.in_danger_indices.keys() == peer.in_danger_indices.keys()
    for label, rows in peer.in_danger_indices.items():
        assert (ours.in_danger_indices[label] == rows).all()
        bases = ours.parents_[y[ours.parents_[:, 0]] == label, 0]
        assert np.isin(bases, rows).all()


def test_partners_are_rare_in_the_first_kind_and_gaps_are_halved_in_the_second():
    X, y = overlap()
    first = BorderlineSMOTE(random_state=0)
    first.fit_resample(X, y)
    assert (y[first.parents_[:, 1]] == 1).all()
    second = BorderlineSMOTE(kind="borderline-2", random_state=0)
    second.fit_resample(X, y)
    foreign = y[second.parents_[:, 1]] == 0
    assert 0 < foreign.sum() < foreign.size
    assert second.interpolation_weight_[foreign].max() < 0.5
    assert second.interpolation_weight_[~foreign].max() > 0.5


def test_separable_data_are_a_warned_no_op():
    rng = np.random.default_rng(0)
    X = np.vstack((rng.normal(size=(180, 2)), 100 + rng.normal(size=(20, 2))))
    method = BorderlineSMOTE()
    with pytest.warns(NoOpWarning, match="class 1: 20 rows, 180 asked"):
        out, _ = method.fit_resample(X, np.repeat([0, 1], [180, 20]))
    assert np.array_equal(out, X)
    assert not method.in_danger_indices
