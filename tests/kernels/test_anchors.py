"""Rows certified by anchors, and what edits and links make of them."""

import numpy as np
import pytest

from rareclass.kernels import anchors
from rareclass.kernels.anchors import safe_rows
from rareclass.kernels.editing import Editor
from rareclass.kernels.panel import Space
from rareclass.kernels.tomek import tomek_links


def segments(n=1500, d=6, seed=0):
    """One broad class, and one made of points on short lines, as SMOTE makes them."""
    rng = np.random.default_rng(seed)
    broad = rng.standard_normal((n, d))
    ends = rng.standard_normal((30, d)) + 0.5
    first, second, gap = rng.integers(0, 30, n), rng.integers(0, 30, n), rng.random((n, 1))
    lines = ends[first] + gap * 0.3 * (ends[second] - ends[first])
    return np.concatenate((broad, lines)), np.repeat([0, 1], n)


@pytest.fixture
def few_anchors(monkeypatch):
    monkeypatch.setattr(anchors, "ANCHORS", 64)
    monkeypatch.setattr(anchors, "_WORTH", 100)


@pytest.mark.usefixtures("few_anchors")
@pytest.mark.parametrize("k", [1, 3])
def test_certified_rows_have_only_their_own_class_as_neighbours(k):
    X, codes = segments()
    own, enemies = np.flatnonzero(codes == 1), np.flatnonzero(codes == 0)
    safe = own[safe_rows(Space.of(X), own, enemies, k)]
    assert safe.size > 500
    for i in safe[::7]:
        square = ((X - X[i]) ** 2).sum(axis=1)
        square[i] = np.inf
        assert (codes[np.argsort(square, kind="stable")[:k]] == 1).all()


@pytest.mark.usefixtures("few_anchors")
@pytest.mark.parametrize("kind", ["all", "mode"])
@pytest.mark.parametrize("duplicates", [False, True])
def test_edits_with_and_without_shortcuts_agree(kind, duplicates):
    X, codes = segments()
    if duplicates:
        X[1400:1600] = X[100:300]
    space = Space.of(X)
    quick, slow = Editor(space, codes, 3, once=True), Editor(space, codes, 3)
    assert quick.edit([0, 1], 3, kind).tolist() == slow.edit([0, 1], 3, kind).tolist()


def test_links_with_and_without_shortcuts_agree(monkeypatch):
    X, codes = segments()
    X[1495:1505] = X[0]
    plain = tomek_links(Space.of(X), codes)
    monkeypatch.setattr(anchors, "ANCHORS", 64)
    monkeypatch.setattr(anchors, "_WORTH", 100)
    assert tomek_links(Space.of(X), codes).tolist() == plain.tolist()
    assert len(plain) > 5


def test_small_classes_are_left_to_the_plain_search():
    X, codes = segments(n=50)
    assert not safe_rows(Space.of(X), np.flatnonzero(codes == 1), np.flatnonzero(codes == 0), 3).any()
