"""Groups of columns that rank rows alike."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from rareclass.scoring.grouping import correlated_groups


def test_every_pair_of_a_group_reaches_the_correlation_and_no_pair_of_groups_could_join() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(400, 4))
    X = np.column_stack([base, base[:, :3] + rng.normal(size=(400, 3)) * [0.1, 0.3, 0.5], -np.exp(base[:, 0])])
    groups = correlated_groups(X, 0.9)
    rho = np.abs(spearmanr(X).statistic)
    for group in groups:
        assert rho[np.ix_(group, group)].min() >= 0.9
    assert groups == [[0, 4, 7], [1, 5]]


def test_a_chain_is_no_group() -> None:
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.normal(size=(2_000, 12)) * [1, *[0.4] * 11], axis=1)
    rho = np.abs(spearmanr(walk).statistic)
    assert rho[0, 1] > 0.9 > rho[0, -1]  # neighbours are alike, the ends are not
    for group in correlated_groups(walk, 0.9):
        assert rho[np.ix_(group, group)].min() >= 0.9


def test_missing_and_constant_columns_are_alone() -> None:
    x = np.random.default_rng(2).normal(size=200)
    X = np.column_stack([x, np.full(200, np.nan), np.ones(200), x])
    assert correlated_groups(X, 0.9) == [[0, 3]]


def test_half_missing_twins_are_not_one() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=1_000)
    y = np.where(rng.random(1_000) < 0.5, np.nan, x)
    assert correlated_groups(np.column_stack([x, y]), 0.9) == []


@pytest.mark.parametrize("rows", [2, 49])
def test_few_rows_make_no_groups(rows: int) -> None:
    x = np.arange(float(rows))
    assert correlated_groups(np.column_stack([x, x]), 0.9) == []
