"""What each column contributes to the score of trees: exact Shapley values of the path-dependent game, in linear time.

The value of a set of columns is the mean leaf of a row that knows only these: a split on a known column sends it its
way, any other split sends it both ways, by the cover of the children (Lundberg's TreeSHAP). A leaf below the columns j
with answers o_j (0 or 1) and shares of cover z_j is then worth ``value * product of (o_j if known else z_j)``, and the
Shapley value of column i is

    value * (o_i - z_i) * integral over t from 0 to 1 of the product over j != i of (z_j + t (o_j - z_j)).

The integrand is a polynomial in t, and Gauss-Legendre points integrate it exactly. So one walk down multiplies the
factors of all columns at a few points t, one walk up sums leaves, and each split divides the sum by the factor of its
own column. A column that splits again further down has one factor, that of its last split.

Trees whose levels ask one question each (CatBoost's) have one answer for each leaf, so the values of each leaf are
counted once, by the same walks, and looked up.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees.
Yu et al. (2022), Linear TreeSHAP: the two walks, with polynomials kept by their values at points.
"""

from typing import NamedTuple

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.tree_program import Program, leaf_by_level, ranks_of

_DEEPEST = 8
"""Levels of a tree whose values are kept for each leaf: counting them costs what 2**levels rows do."""
_MOST_KEPT = 2**22
"""Numbers that are kept for the leaves of all trees together, 32 MB."""
_TINY = 1e-300  # what a factor is at least when it divides: below a factor of zero all leaves are worth zero


class Covers(NamedTuple):
    """Trees as `explain_rows` reads them: s splits, parents before children, T trees; places are within a tree."""

    # (s, 6) int32: column of ranks, cut, column of the matrix; places of the split, of its left child (the right one
    # follows) and of the child of the last split on its column above, which is 0, the root, where there is none
    splits: np.ndarray
    # (s, 2, 2) of the left and right child: share of the cover that an unknown column sends there, over all splits on
    # it down to here; value of a leaf, 1 of others
    ends: np.ndarray
    # (T, 7) int64: first and last of the splits, of the points, and of the columns among `owners` (none where the tree
    # is walked); first place in `kept`
    trees: np.ndarray
    owners: np.ndarray  # int32: the columns of each tree by level
    kept: np.ndarray  # what each leaf of a tree by level gives each of its columns
    points: np.ndarray  # (2, k) points in (0, 1) and their weights
    most: tuple[int, int]  # nodes and points that a tree has at most
    base: float  # score of a row of which nothing is known


def lay_out_covers(p: Program, cover: np.ndarray) -> Covers:
    """Shares, points and baseline of trees whose nodes, in the program's order, have these covers (m,)."""
    m, n_trees = cover.size, p.trees.shape[0]
    splits = np.empty(((m - n_trees) // 2, 6), dtype=np.int32)
    ends, trees = np.empty((splits.shape[0], 2, 2)), np.zeros((n_trees, 7), dtype=np.int64)
    known, total = np.zeros(n_trees, dtype=np.int64), np.zeros(1)
    _walk_covers(p, cover, splits, ends, trees, known, total)
    count = -(-np.maximum(known, 1) // 2)  # a polynomial of degree D - 1 needs half as many points
    kinds, which = np.unique(count, return_inverse=True)
    behind = np.cumsum(kinds)
    trees[:, 2], trees[:, 3] = (behind - kinds)[which], behind[which]
    points = np.concatenate([np.zeros((2, 0)), *(_points(int(kind)) for kind in kinds)], axis=1)
    most = 2 * int(np.diff(trees[:, :2]).max(initial=0)) + 1, int(count.max(initial=1))
    owners, kept = _room(p, splits, trees)
    found = Covers(splits, ends, trees, owners, kept, points, most, float((p.total[0] + total[0]) / p.total[1]))
    answers = splits.copy()  # of a row on the levels, where its ranks are asked elsewhere
    answers[:, 0], answers[:, 1] = np.frexp(splits[:, 3] + 1.0)[1] - 1, 0
    _keep(p, found._replace(splits=answers), int(splits[:, 2].max(initial=-1)) + 1)
    return found


def _room(p: Program, splits: np.ndarray, trees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the trees by level, and room for what their leaves give; where each begins goes to `trees`."""
    owners: list[int] = []
    size, levels = 0, -p.trees[:, 1]
    for t in np.flatnonzero((levels > 0) & (levels <= _DEEPEST)):
        own = np.unique(splits[trees[t, 0] : trees[t, 1], 2]).tolist()
        more = len(own) << int(levels[t])
        if size + more <= _MOST_KEPT:
            trees[t, 4:] = len(owners), len(owners) + len(own), size
            owners += own
            size += more
    return np.array(owners, dtype=np.int32), np.empty(size)


def _points(count: int) -> np.ndarray:
    """Gauss-Legendre points and weights (2, count) on (0, 1)."""
    x, w = np.polynomial.legendre.leggauss(count)
    return np.stack([(x + 1) / 2, w / 2])


@compiled
def _walk_covers(
    p: Program,
    cover: np.ndarray,
    splits: np.ndarray,
    ends: np.ndarray,
    trees: np.ndarray,
    known: np.ndarray,
    total: np.ndarray,
) -> None:
    """Fill splits, ends and their place in `trees`, most columns on a path (T,), and the mean leaf (1,)."""
    m = cover.size
    parent, reach, many = np.full(m, -1, dtype=np.int64), np.ones(m), np.zeros(m, dtype=np.int64)
    share, column = np.ones(m), np.full(m, -1, dtype=np.int64)
    s = 0
    for t in range(p.trees.shape[0]):
        root = p.trees[t, 0]
        last = p.trees[t + 1, 0] if t + 1 < p.trees.shape[0] else m
        trees[t, 0] = s
        for n in range(root, last):
            left = p.nodes[n, 0]
            known[t] = max(known[t], many[n])
            if left == n:
                total[0] += reach[n] * p.value[n]
                continue
            column[n] = p.columns[p.nodes[n, 1], 0]
            above = n
            while above != root and column[parent[above]] != column[n]:
                above = parent[above]
            splits[s, 0], splits[s, 1], splits[s, 2] = p.nodes[n, 1], p.nodes[n, 2], column[n]
            splits[s, 3], splits[s, 4], splits[s, 5] = n - root, left - root, above - root
            both = cover[left] + cover[left + 1]
            for c in range(left, left + 2):
                part = cover[c] / both if both > 0.0 else 0.5
                parent[c], reach[c] = n, reach[n] * part
                share[c] = share[above] * part
                many[c] = many[n] + (above == root)
                ends[s, c - left, 0] = share[c]
                ends[s, c - left, 1] = p.value[c] if p.nodes[c, 0] == c else 1.0
            s += 1
        trees[t, 1] = s


@compiled(error_model="numpy")
def _tree(c: Covers, tree: np.ndarray, ranks: np.ndarray, lanes: np.ndarray, own: np.ndarray, out: np.ndarray) -> None:
    """Add what one tree gives each column of one row to `out` (d,).

    In `lanes` (nodes, 2, points) stand the product of all factors on the way to a node, times the weights of the
    points, and one over the factor of the node's own column; on the way up the product becomes the sum of the leaves
    below. In `own` (nodes, 2) stand the answer of the node's own column and its distance from the share.
    """
    at, weight = c.points[0, tree[2] : tree[3]], c.points[1, tree[2] : tree[3]]
    points = at.size
    own[0, 0], own[0, 1] = 1.0, 0.0
    for g in range(points):
        lanes[0, 0, g], lanes[0, 1, g] = weight[g], 1.0
    for j in range(tree[0], tree[1]):
        s = np.uint64(j)
        k, low, u = np.uint64(c.splits[s, 3]), np.uint64(c.splits[s, 4]), np.uint64(c.splits[s, 5])
        high = low + np.uint64(1)
        right = 1.0 if ranks[np.uint64(c.splits[s, 0])] > c.splits[s, 1] else 0.0
        z_low, v_low, z_high, v_high = c.ends[s, 0, 0], c.ends[s, 0, 1], c.ends[s, 1, 0], c.ends[s, 1, 1]
        o_high = own[u, 0] * right
        o_low = own[u, 0] - o_high
        d_low, d_high = o_low - z_low, o_high - z_high
        own[low, 0], own[high, 0], own[low, 1], own[high, 1] = o_low, o_high, d_low, d_high
        for g in range(points):
            before = lanes[k, 0, g] * lanes[u, 1, g]
            f_low, f_high = z_low + at[g] * d_low, z_high + at[g] * d_high
            lanes[low, 0, g], lanes[high, 0, g] = before * f_low * v_low, before * f_high * v_high
            lanes[low, 1, g], lanes[high, 1, g] = 1.0 / max(f_low, _TINY), 1.0 / max(f_high, _TINY)
    for j in range(tree[1] - 1, tree[0] - 1, -1):
        s = np.uint64(j)
        k, low, u = np.uint64(c.splits[s, 3]), np.uint64(c.splits[s, 4]), np.uint64(c.splits[s, 5])
        high = low + np.uint64(1)
        d_low, d_high, d_above = own[low, 1], own[high, 1], own[u, 1]
        total = 0.0
        for g in range(points):
            h_low, h_high = lanes[low, 0, g], lanes[high, 0, g]
            h = h_low + h_high
            lanes[k, 0, g] = h
            total += (
                h_low * lanes[low, 1, g] * d_low + h_high * lanes[high, 1, g] * d_high - h * lanes[u, 1, g] * d_above
            )
        out[c.splits[s, 2]] += total


@compiled
def _keep(p: Program, c: Covers, columns: int) -> None:
    """Fill `kept`: what `_tree` says of each leaf, for a row whose answers on the levels are the bits of the leaf."""
    bits, found = np.empty(_DEEPEST, dtype=np.int32), np.empty(columns)
    lanes, own = np.empty((c.most[0], 2, c.most[1])), np.empty((c.most[0], 2))
    for t in range(c.trees.shape[0]):
        tree = c.trees[t]
        if tree[4] == tree[5]:
            continue
        levels, width = -p.trees[t, 1], tree[5] - tree[4]
        for leaf in range(1 << levels):
            for level in range(levels):
                bits[level] = (leaf >> (levels - 1 - level)) & 1
            found[:] = 0.0
            _tree(c, tree, bits, lanes, own, found)
            for j in range(width):
                c.kept[tree[6] + leaf * width + j] = found[c.owners[tree[4] + j]]


@compiled
def explain_rows(first: int, last: int, X: np.ndarray, p: Program, c: Covers, out: np.ndarray) -> None:
    """Contributions of the rows `first` to `last` of `X` (n, d), C-contiguous float64, into `out` (n, d)."""
    ranks = np.empty(max(1, p.columns.shape[0]), dtype=np.int32)
    lanes, own = np.empty((c.most[0], 2, c.most[1])), np.empty((c.most[0], 2))
    for i in range(first, last):
        ranks_of(X[i], p, ranks)
        out[i] = 0.0
        for t in range(c.trees.shape[0]):
            tree = c.trees[t]
            width = np.uint64(tree[5] - tree[4])
            if width == 0:
                _tree(c, tree, ranks, lanes, own, out[i])
                continue
            at = np.uint64(tree[6]) + width * leaf_by_level(p, t, ranks)
            for j in range(width):
                out[i, c.owners[np.uint64(tree[4]) + j]] += c.kept[at + j]
        for j in range(out.shape[1]):
            out[i, j] /= p.total[1]
