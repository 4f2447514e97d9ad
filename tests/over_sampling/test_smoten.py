import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning
from sklearn.preprocessing import OrdinalEncoder

from rareclass.over_sampling import SMOTEN

rng = np.random.default_rng(0)
X = rng.choice(["a", "b", "c"], (150, 3)).astype(object)
y = np.repeat(["r", "c"], [30, 120])


def test_every_value_is_elected_by_the_row_and_its_neighbours():
    method = SMOTEN(random_state=0, k_neighbors=4)
    out, _ = method.fit_resample(X, y)
    p = [{v: np.mean(y[X[:, j] == v] == "r") for v in "abc"} for j in range(3)]
    coded = np.array([[2 * p[j][v] for j, v in enumerate(row)] for row in X[:30]])
    for made, base in zip(out[150:], method.parents_[:, 0]):
        square = ((coded - coded[base]) ** 2).sum(axis=1)
        square[base] = -1
        near = np.lexsort((np.arange(30), square))[:5]
        for j in range(3):
            values, votes = np.unique(X[near, j].astype(str), return_counts=True)
            assert made[j] in values[votes == votes.max()]


def test_the_majority_of_the_class_wins_ties():
    # Three red and five blue rows: a red row and its five neighbours vote three to three.
    colours = np.array(["green"] * 5 + ["red"] * 10 + ["blue"] * 7, dtype=object).reshape(-1, 1)
    labels = np.repeat(["apple", "not apple", "apple", "not apple", "apple"], [5, 3, 7, 5, 2])
    out, _ = SMOTEN(random_state=0).fit_resample(colours, labels)
    assert (out[22:] == "blue").all()


def test_frames_missing_values_and_encoders():
    frame = pd.DataFrame(X, columns=list("uvw"))
    frame.loc[::5, "u"] = None
    frame["v"] = frame["v"].astype("category")
    frame["w"] = frame["w"] == "a"
    out, _ = SMOTEN(random_state=0).fit_resample(frame, y)
    assert (out.dtypes == frame.dtypes).all()
    assert out.iloc[:150].equals(frame)
    merging = OrdinalEncoder(max_categories=2)
    method = SMOTEN(merging, random_state=0)
    method.fit_resample(X, y)
    assert method.categorical_encoder is merging
    assert method.categorical_encoder_ is not merging


def test_sparse_input_warns_and_stays_sparse():
    S = sparse.csc_matrix(rng.integers(0, 2, (150, 4)).astype(float))
    with pytest.warns(DataConversionWarning, match="is not really efficient"):
        out, _ = SMOTEN(random_state=0).fit_resample(S, y)
    assert out.format == "csc"
    assert set(np.unique(out.toarray())) <= {0.0, 1.0}
