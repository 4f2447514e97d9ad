"""What each column contributes to the score of trees: exact Shapley values of the path-dependent game, in linear time.

The value of a set of columns is the mean leaf of a row that knows only these: a split on a known column sends it its
way, any other split sends it both ways, by the cover of the children (Lundberg's TreeSHAP). A leaf below the columns j
with answers o_j (0 or 1) and shares of cover z_j is then worth ``value * product of (o_j if known else z_j)``, and the
Shapley value of column i is

    value * (o_i - z_i) * integral over t from 0 to 1 of the product over j != i of (z_j + t (o_j - z_j)).

The integrand is a polynomial in t, and Gauss-Legendre points integrate it exactly, eight at a time. A walk down
multiplies the factors of all columns at the points, a walk up sums the leaves below each split, times the factors from
there on; both together are the integrals of the split's column. A column that splits again further down has one factor,
that of its last split: there the product is divided by the factor of the split above.

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
from rareclass.kernels.lanes import LANES, load, store, total
from rareclass.kernels.tree_program import Program, leaf_by_level, ranks_of

_DEEPEST = 8
"""Levels of a tree whose values are kept for each leaf: counting them costs what 2**levels rows do."""
_MOST_KEPT = 2**22
"""Numbers that are kept for the leaves of all trees together, 32 MB."""
_TINY = 1e-300  # makes a factor of zero one that divides: below it all leaves are worth zero
_ONE = np.uint64(1)
_SLOT = 2 * LANES
_LEAF, _POINTS, _FIRST = 0, _SLOT, 2 * _SLOT
"""Places of slots: one of zeros, which stands for the splits below a leaf; the weights; that of the first split."""


class Covers(NamedTuple):
    """Trees as `explain_rows` reads them: s splits, parents before children, T trees; places are within a tree."""

    # (s, 9) int32: column of ranks, cut, column of the matrix; places of the split, of its left child (the right one
    # follows) and of the child of the last split on its column above, which is 0, the root, where there is none;
    # slots of the split above (`_POINTS` at the root) and of the children (`_LEAF` where they are leaves)
    splits: np.ndarray
    # (s, 6) share of the cover that an unknown column sends, over all splits on it down to here: to the split by the
    # column of its parent, by its own column above it, to the left and the right child; values of these as leaves, or 0
    shares: np.ndarray
    # (T, 7) int64: first and last of the splits, of the points, and of the columns among `owners` (none where the tree
    # is walked); first place in `kept`
    trees: np.ndarray
    owners: np.ndarray  # int32: the columns of each tree by level
    kept: np.ndarray  # what each leaf of a tree by level gives each of its columns
    points: np.ndarray  # eight points in (0, 1), then their weights, and so on
    most: int  # nodes that a tree has at most
    base: float  # score of a row of which nothing is known


def lay_out_covers(p: Program, cover: np.ndarray) -> Covers:
    """Shares, points and baseline of trees whose nodes, in the program's order, have these covers (m,)."""
    m, n_trees = cover.size, p.trees.shape[0]
    splits, trees = np.zeros(((m - n_trees) // 2, 9), dtype=np.int32), np.zeros((n_trees, 7), dtype=np.int64)
    shares, known, total = np.zeros((splits.shape[0], 6)), np.zeros(n_trees, dtype=np.int64), np.zeros(1)
    _walk_covers(p, cover, splits, shares, trees, known, total)
    count = -(-np.maximum(known, 1) // 2)  # a polynomial of degree D - 1 needs half as many points
    kinds, which = np.unique(count, return_inverse=True)
    points = [_points(int(kind)) for kind in kinds]
    behind = np.cumsum([found.size for found in points])
    trees[:, 2], trees[:, 3] = np.r_[0, behind[:-1]][which], behind[which]
    most = 2 * int(np.diff(trees[:, :2]).max(initial=0)) + 1
    owners, kept = _room(p, splits, trees)
    base = float((p.total[0] + total[0]) / p.total[1])
    found = Covers(splits, shares, trees, owners, kept, np.concatenate(points), most, base)
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
    """Gauss-Legendre points on (0, 1) and their weights by eights; what is left of these has the weight 0."""
    x, w = np.polynomial.legendre.leggauss(count)
    left = -count % LANES
    both = np.pad((x + 1) / 2, (0, left), constant_values=0.5), np.pad(w / 2, (0, left))
    return np.concatenate([part.reshape(-1, LANES) for part in both], axis=1).reshape(-1)


@compiled
def _walk_covers(
    p: Program,
    cover: np.ndarray,
    splits: np.ndarray,
    shares: np.ndarray,
    trees: np.ndarray,
    known: np.ndarray,
    total: np.ndarray,
) -> None:
    """Fill splits, shares and their place in `trees`, most columns on a path (T,), and the mean leaf (1,)."""
    m = cover.size
    parent, reach, many = np.full(m, -1, dtype=np.int64), np.ones(m), np.zeros(m, dtype=np.int64)
    share, column, slot = np.ones(m), np.full(m, -1, dtype=np.int64), np.full(m, _LEAF, dtype=np.int64)
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
            slot[n] = _FIRST + _SLOT * (s - trees[t, 0])
            splits[s, 0], splits[s, 1], splits[s, 2] = p.nodes[n, 1], p.nodes[n, 2], column[n]
            splits[s, 3], splits[s, 4], splits[s, 5] = n - root, left - root, above - root
            splits[s, 6] = _POINTS if n == root else slot[parent[n]]
            shares[s, 0], shares[s, 1] = share[n], share[above]
            both = cover[left] + cover[left + 1]
            for side in range(2):
                c = left + side
                part = cover[c] / both if both > 0.0 else 0.5
                parent[c], reach[c] = n, reach[n] * part
                share[c] = shares[s, 2 + side] = share[above] * part
                many[c] = many[n] + (above == root)
                if p.nodes[c, 0] == c:
                    shares[s, 4 + side] = p.value[c]
            s += 1
        trees[t, 1] = s
        for j in range(trees[t, 0], s):
            splits[j, 7], splits[j, 8] = slot[root + splits[j, 4]], slot[root + splits[j, 4] + 1]


@compiled
def _answer(c: Covers, tree: np.ndarray, ranks: np.ndarray, answers: np.ndarray) -> None:
    """Whether the row goes to each node (1 or 0) as far as the splits on the column of its parent say."""
    answers[0] = 1.0
    for j in range(tree[0], tree[1]):
        s = np.uint64(j)
        low, above = np.uint64(c.splits[s, 4]), answers[np.uint64(c.splits[s, 5])]
        high = above * np.float64(np.int32(ranks[np.uint64(c.splits[s, 0])] > c.splits[s, 1]))  # without a branch
        answers[low], answers[low + _ONE] = above - high, high


@compiled(error_model="numpy")
def _integrate(
    c: Covers, tree: np.ndarray, first: np.uint64, answers: np.ndarray, slots: np.ndarray, out: np.ndarray
) -> None:
    """Add what one tree gives each column of one row at eight points to `out` (d,).

    The slot of a split holds, on the way down, the product of all factors on the way to it without that of its column,
    times the weights of the points, and one over this factor; on the way up the product gives way to the sum of the
    leaves below, each times the factors from there on.
    """
    at, slot = load(c.points, first), np.uint64(_FIRST)
    store(slots, np.uint64(_POINTS), load(c.points, first + np.uint64(LANES)))
    for j in range(tree[0], tree[1]):
        s = np.uint64(j)
        z, z_above = c.shares[s, 0], c.shares[s, 1]
        d = answers[np.uint64(c.splits[s, 3])] - z
        d_above = answers[np.uint64(c.splits[s, 5])] - z_above
        inverse = 1.0 / (at * d_above + (z_above + _TINY))
        store(slots, slot, load(slots, np.uint64(c.splits[s, 6])) * (at * d + z) * inverse)
        store(slots, slot + np.uint64(LANES), inverse)
        slot += np.uint64(_SLOT)
    for j in range(tree[1] - 1, tree[0] - 1, -1):
        s = np.uint64(j)
        slot -= np.uint64(_SLOT)
        k = np.uint64(c.splits[s, 4])
        z_low, z_high = c.shares[s, 2], c.shares[s, 3]
        d_low, d_high = answers[k] - z_low, answers[k + _ONE] - z_high
        d_above = answers[np.uint64(c.splits[s, 5])] - c.shares[s, 1]
        low = load(slots, np.uint64(c.splits[s, 7])) + c.shares[s, 4]
        high = load(slots, np.uint64(c.splits[s, 8])) + c.shares[s, 5]
        gain = low * d_low + high * d_high
        below = (low * z_low + high * z_high + at * gain) * load(slots, slot + np.uint64(LANES))
        out[np.uint64(c.splits[s, 2])] += total(load(slots, slot) * (gain - below * d_above))
        store(slots, slot, below)


@compiled
def _tree(
    c: Covers, tree: np.ndarray, ranks: np.ndarray, answers: np.ndarray, slots: np.ndarray, out: np.ndarray
) -> None:
    """Add what one tree gives each column of one row to `out` (d,)."""
    _answer(c, tree, ranks, answers)
    for first in range(tree[2], tree[3], 2 * LANES):
        _integrate(c, tree, np.uint64(first), answers, slots, out)


@compiled
def _keep(p: Program, c: Covers, columns: int) -> None:
    """Fill `kept`: what `_tree` says of each leaf, for a row whose answers on the levels are the bits of the leaf."""
    bits, found = np.empty(_DEEPEST, dtype=np.int32), np.empty(columns)
    answers, slots = np.empty(c.most), np.zeros(_FIRST + _SLOT * c.most)
    for t in range(c.trees.shape[0]):
        tree = c.trees[t]
        if tree[4] == tree[5]:
            continue
        levels, width = -p.trees[t, 1], tree[5] - tree[4]
        for leaf in range(1 << levels):
            for level in range(levels):
                bits[level] = (leaf >> (levels - 1 - level)) & 1
            found[:] = 0.0
            _tree(c, tree, bits, answers, slots, found)
            for j in range(width):
                c.kept[tree[6] + leaf * width + j] = found[c.owners[tree[4] + j]]


@compiled
def explain_rows(first: int, last: int, X: np.ndarray, p: Program, c: Covers, out: np.ndarray) -> None:
    """Contributions of the rows `first` to `last` of `X` (n, d), C-contiguous float64, into `out` (n, d)."""
    ranks = np.empty(max(1, p.columns.shape[0]), dtype=np.int32)
    answers, slots = np.empty(c.most), np.zeros(_FIRST + _SLOT * c.most)
    for i in range(first, last):
        ranks_of(X[i], p, ranks)
        out[i] = 0.0
        for t in range(c.trees.shape[0]):
            tree = c.trees[t]
            width = np.uint64(tree[5] - tree[4])
            if width == 0:
                _tree(c, tree, ranks, answers, slots, out[i])
                continue
            at = np.uint64(tree[6]) + width * leaf_by_level(p, t, ranks)
            for j in range(width):
                out[i, c.owners[np.uint64(tree[4]) + j]] += c.kept[at + j]
        for j in range(out.shape[1]):
            out[i, j] /= p.total[1]
