"""Trees laid out for speed: values become ranks among the cuts of their feature, and nodes compare whole numbers.

A *column* of ranks serves all splits that treat a feature alike: numeric splits by where its missing values go, and
each set of categories for itself (rank 0 in the set, 1 outside). Every split then reads "right if rank > cut".

Blocks of rows run through trees of at most 64 leaves as bit masks: each split that sends a row right clears the bits of
the leaves on its left, and the lowest bit that is left is the row's leaf. All rows of a block meet the same split, so
that vector registers do the work. In a tree whose levels ask one question each (CatBoost's) the answers are the bits of
the leaf's number. Larger trees, and few rows, are walked, four at a time to hide the latency of memory.
Either way the leaves of a row are summed in the order of the trees.

References
----------
Lucchese et al. (2015), QuickScorer, SIGIR; (2016), with vector registers, SIGIR.
"""

from typing import NamedTuple

import numpy as np

from rareclass.kernels.compiled import compiled

BLOCK = 128
MOST_LEAVES = 64
MOST_LEVELS = 16
HIGHEST = np.iinfo(np.int32).max
HASH_32 = np.uint32(0x077CB531)  # de Bruijn sequences: their product with 2^k has k's own top bits
HASH_64 = np.uint64(0x03F79D71B4CB0A89)
_ALL_32 = np.uint32(0xFFFFFFFF)
_ALL_64 = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)


class Program(NamedTuple):
    """Trees as `score_block` and `score_rows` read them; C columns of ranks, m nodes, T trees."""

    # (C, 5) feature; first and last place in `cuts` (the same for all columns of a feature) or in `bits`; whether
    # missing values go right; -1 for numbers, else whether codes below 0 (bit 1) and beyond the bits (bit 0) go right
    columns: np.ndarray
    cuts: np.ndarray  # float64, ascending within a column
    bits: np.ndarray  # uint32
    gap: np.ndarray  # (d, 2) or (0, 2) values between these count as missing
    nodes: np.ndarray  # (m, 3) int32: left child (the right one follows; leaves point to themselves), column, cut
    value: np.ndarray  # (m,)
    # (T, 4) root; number of leaves of a masked tree, 0 where the tree is walked, -depth where each level asks one
    # question; first split among `splits`; first place in `leaves`
    trees: np.ndarray
    splits: np.ndarray  # (s, 2) int32: column, cut
    masks: np.ndarray  # (s,) uint64
    leaves: np.ndarray  # leaf values of masked trees, at the hash of their bit; of trees by level, from the left
    total: np.ndarray  # (3,) start of the sum, its divisor, 1 where it is kept in float32


@compiled
def _known(x: float, feature: int, gap: np.ndarray) -> float:
    return np.nan if gap.shape[0] > 0 and gap[feature, 0] <= x <= gap[feature, 1] else x


@compiled
def _category(x: float, column: np.ndarray, bits: np.ndarray) -> np.int32:
    """0 where a code goes left, 1 where it goes right."""
    if x != x:
        return np.int32(column[3])
    if x <= -1.0:
        return np.int32(column[4] >> 1)
    words = column[2] - column[1]
    if x >= 32.0 * words or words == 0:
        return np.int32(column[4] & 1)
    code = np.uint64(np.int64(x))
    word = bits[np.uint64(column[1]) + (code >> np.uint64(5))]
    return np.int32(_ONE - ((np.uint64(word) >> (code & np.uint64(31))) & _ONE))


@compiled
def _rank_block(
    X: np.ndarray, start: int, stop: int, p: Program, ranks: np.ndarray, x: np.ndarray, place: np.ndarray
) -> None:
    """Ranks (C, BLOCK) of the rows, by binary searches that all rows of a column take step by step together."""
    n, before = stop - start, -1
    for j in range(p.columns.shape[0]):
        column, row = p.columns[j], ranks[j]
        feature = column[0]
        if feature != before:
            for r in range(n):
                x[r] = X[start + r, feature]
            if p.gap.shape[0] > 0:
                for r in range(n):
                    x[r] = _known(x[r], feature, p.gap)
        if column[4] >= 0:
            for r in range(n):
                row[r] = _category(x[r], column, p.bits)
            before = -1
            continue
        if feature == before:
            row[:] = ranks[j - 1]
        else:
            _count_below(p.cuts[column[1] : column[2]], x, place, row)
        before = feature
        if column[3] == 1:
            for r in range(BLOCK):
                row[r] = row[r] if x[r] == x[r] else HIGHEST


@compiled
def _count_below(cuts: np.ndarray, x: np.ndarray, place: np.ndarray, rank: np.ndarray) -> None:
    """Number of ascending cuts below each of BLOCK values; 0 for NaN."""
    place[:] = 0
    left = cuts.size
    while left > 1:
        half = left >> 1
        for r in range(BLOCK):
            at = place[r]
            place[r] = at + half * np.int32(cuts[np.uint32(at + half - 1)] < x[r])
        left -= half
    for r in range(BLOCK):
        rank[r] = place[r] + np.int32(cuts[np.uint32(place[r])] < x[r])


@compiled
def _add(total: float, value: float, single: bool) -> float:
    # float64 sums of two float32 numbers are exact enough to round as a float32 sum does
    return np.float64(np.float32(total + value)) if single else total + value


@compiled
def score_block(first: int, last: int, X: np.ndarray, p: Program, out: np.ndarray) -> None:
    """Scores of the rows `first` to `last` of `X` (n, d), C-contiguous float64, into `out` (n,)."""
    ranks = np.zeros((max(1, p.columns.shape[0]), BLOCK), dtype=np.int32)
    flat = ranks.reshape(-1)
    x, place = np.zeros(BLOCK), np.zeros(BLOCK, dtype=np.int32)
    narrow, wide = np.empty(BLOCK, dtype=np.uint32), np.empty(BLOCK, dtype=np.uint64)
    leaf, total = np.empty(BLOCK), np.empty(BLOCK)
    single = p.total[2] == 1.0
    for start in range(first, last, BLOCK):
        stop = min(last, start + BLOCK)
        _rank_block(X, start, stop, p, ranks, x, place)
        total[:] = p.total[0]
        for t in range(p.trees.shape[0]):
            tree = p.trees[t]
            if tree[1] == 0:
                _walk_block(flat, p.nodes, p.value, np.uint64(tree[0]), leaf, stop - start)
            elif tree[1] < 0:
                place[:] = 0
                for i in range(tree[2], tree[2] - tree[1]):
                    row, cut = ranks[p.splits[i, 0]], p.splits[i, 1]
                    for r in range(BLOCK):
                        place[r] = 2 * place[r] + np.int32(row[r] > cut)
                values = p.leaves[tree[3] :]
                for r in range(BLOCK):
                    leaf[r] = values[np.uint32(place[r])]
            else:
                begin, end = tree[2], tree[2] + tree[1] - 1
                values = p.leaves[tree[3] :]
                if tree[1] <= 32:
                    narrow[:] = _ALL_32
                    for i in range(begin, end):
                        row, cut, mask = ranks[p.splits[i, 0]], p.splits[i, 1], np.uint32(p.masks[i])
                        for r in range(BLOCK):
                            narrow[r] &= mask if row[r] > cut else _ALL_32
                    for r in range(BLOCK):
                        lowest = np.uint32(narrow[r] & np.uint32(~narrow[r] + np.uint32(1)))
                        leaf[r] = values[np.uint32(np.uint32(lowest * HASH_32) >> np.uint32(27))]
                else:
                    wide[:] = _ALL_64
                    for i in range(begin, end):
                        row, cut, broad = ranks[p.splits[i, 0]], p.splits[i, 1], p.masks[i]
                        for r in range(BLOCK):
                            wide[r] &= broad if row[r] > cut else _ALL_64
                    for r in range(BLOCK):
                        values_at = (wide[r] & (~wide[r] + _ONE)) * HASH_64
                        leaf[r] = values[values_at >> np.uint64(58)]
            for r in range(BLOCK):
                total[r] = _add(total[r], leaf[r], single)
        for r in range(stop - start):
            out[start + r] = total[r] / p.total[1]


@compiled
def _step(ranks: np.ndarray, nodes: np.ndarray, node: np.uint64, stride: np.uint64, row: np.uint64) -> np.uint64:
    right = ranks[np.uint64(nodes[node, np.uint64(1)]) * stride + row] > nodes[node, np.uint64(2)]
    return np.uint64(nodes[node, np.uint64(0)]) + np.uint64(right)


@compiled
def _walk_block(
    ranks: np.ndarray, nodes: np.ndarray, value: np.ndarray, root: np.uint64, leaf: np.ndarray, n: int
) -> None:
    """Leaf values of one tree for `n` rows of a block, four rows at a time."""
    stride = np.uint64(BLOCK)
    for first in range(0, n, 4):
        r = np.uint64(first)
        a = b = c = d = root
        while True:
            next_a = _step(ranks, nodes, a, stride, r)
            next_b = _step(ranks, nodes, b, stride, r + np.uint64(1))
            next_c = _step(ranks, nodes, c, stride, r + np.uint64(2))
            next_d = _step(ranks, nodes, d, stride, r + np.uint64(3))
            if (next_a == a) & (next_b == b) & (next_c == c) & (next_d == d):
                break
            a, b, c, d = next_a, next_b, next_c, next_d
        leaf[first], leaf[first + 1], leaf[first + 2], leaf[first + 3] = value[a], value[b], value[c], value[d]


@compiled
def _below(cuts: np.ndarray, x: float) -> np.int32:
    low, left = np.uint64(0), np.uint64(cuts.size)
    while left > _ONE:
        half = left >> _ONE
        low += half * np.uint64(cuts[low + half - _ONE] < x)
        left -= half
    return np.int32(low + np.uint64(cuts[low] < x))


@compiled
def ranks_of(row: np.ndarray, p: Program, ranks: np.ndarray) -> None:
    """Ranks (C,) of one row (d,)."""
    before, rank = -1, np.int32(0)
    for j in range(p.columns.shape[0]):
        column = p.columns[j]
        feature = column[0]
        x = _known(row[feature], feature, p.gap)
        if column[4] >= 0:
            ranks[j] = _category(x, column, p.bits)
            before = -1
            continue
        if feature == before:
            ranks[j] = rank
        else:
            rank = ranks[j] = _below(p.cuts[column[1] : column[2]], x)
        before = feature
        if column[3] == 1 and x != x:
            ranks[j] = HIGHEST


@compiled
def leaf_by_level(p: Program, t: int, ranks: np.ndarray) -> np.uint64:
    """Number of the leaf, from the left, of a row with these ranks (C,) in tree t, which asks one question a level."""
    leaf, split = np.uint64(0), np.uint64(p.trees[t, 2])
    for _ in range(-p.trees[t, 1]):
        right = ranks[np.uint64(p.splits[split, np.uint64(0)])] > p.splits[split, np.uint64(1)]
        leaf = (leaf << _ONE) | np.uint64(right)
        split += _ONE
    return leaf


@compiled
def score_rows(first: int, last: int, X: np.ndarray, p: Program, out: np.ndarray) -> None:
    """What `score_block` does, bit for bit, faster for a handful of rows: four trees of a row are walked at once."""
    trees = p.trees.shape[0]
    ranks = np.empty(max(1, p.columns.shape[0]), dtype=np.int32)
    single, stride, zero = p.total[2] == 1.0, _ONE, np.uint64(0)
    for i in range(first, last):
        ranks_of(X[i], p, ranks)
        total = p.total[0]
        t = 0
        while t < trees:
            if p.trees[t, 1] < 0:
                total = _add(total, p.leaves[np.uint64(p.trees[t, 3]) + leaf_by_level(p, t, ranks)], single)
                t += 1
                continue
            more = 1
            while more < 4 and t + more < trees and p.trees[t + more, 1] >= 0:
                more += 1
            a = np.uint64(p.trees[t, 0])
            b = np.uint64(p.trees[t + 1, 0]) if more > 1 else a
            c = np.uint64(p.trees[t + 2, 0]) if more > 2 else a
            d = np.uint64(p.trees[t + 3, 0]) if more > 3 else a
            while True:
                next_a = _step(ranks, p.nodes, a, stride, zero)
                next_b = _step(ranks, p.nodes, b, stride, zero)
                next_c = _step(ranks, p.nodes, c, stride, zero)
                next_d = _step(ranks, p.nodes, d, stride, zero)
                if (next_a == a) & (next_b == b) & (next_c == c) & (next_d == d):
                    break
                a, b, c, d = next_a, next_b, next_c, next_d
            total = _add(total, p.value[a], single)
            if more > 1:
                total = _add(total, p.value[b], single)
            if more > 2:
                total = _add(total, p.value[c], single)
            if more > 3:
                total = _add(total, p.value[d], single)
            t += more
        out[i] = total / p.total[1]
