"""From checked trees to the program that scores them; see `tree_program` for what its parts mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.tree_program import HASH_32, HASH_64, HIGHEST, MOST_LEAVES, MOST_LEVELS, Program


def lay_out(trees: Mapping[str, Any]) -> Program:
    """The program of trees whose parts are those of `FlatTrees`."""
    columns, column, cuts, cut = _columns(trees)
    m, n_trees = trees["feature"].size, trees["root"].size
    sizes = _sizes(trees["root"], trees["left"], trees["right"])
    links = (trees["root"], trees["left"], trees["right"])
    order, first = order_of(*links)
    nodes = np.empty((m, 3), dtype=np.int32)
    _place(order, trees["left"], column, cut, nodes)
    depths = _depths(first, sizes, nodes)
    level, masked = depths > 0, sizes <= MOST_LEAVES
    slots = np.where(level, sizes, np.where(masked, np.where(sizes <= 32, 32, 64), 0))
    held = np.where(level, depths, np.where(masked, sizes - 1, 0))
    table = np.zeros((n_trees, 4), dtype=np.int64)
    table[:, 0] = first
    table[:, 1] = np.where(level, -depths, np.where(masked, sizes, 0))
    table[:, 2] = np.cumsum(held) - held
    table[:, 3] = np.cumsum(slots) - slots
    n_splits = int(held.sum())
    splits, masks = np.empty((n_splits, 2), dtype=np.int32), np.empty(n_splits, dtype=np.uint64)
    leaves = np.zeros(int(slots.sum()))
    value = trees["value"][order]
    _level(nodes, value, table, splits, leaves)
    _mask(links, column, cut, trees["value"], table, splits, masks, leaves)
    return Program(
        columns=columns,
        cuts=cuts,
        bits=trees["bits"] if trees["bits"].size else np.zeros(1, np.uint32),
        gap=trees["gap"],
        nodes=nodes,
        value=value,
        trees=table,
        splits=splits,
        masks=masks,
        leaves=leaves,
        total=np.array([trees["bias"], trees["divisor"], float(trees["single"])]),
    )


def _columns(trees: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Columns of ranks (C, 5), the column of each node (m,), the cuts of all columns, and the cut of each node (m,)."""
    feature, category, missing_left = trees["feature"], trees["category"], trees["missing_left"]
    column, cut = np.zeros(feature.size, dtype=np.int32), np.full(feature.size, HIGHEST, dtype=np.int32)
    number = np.flatnonzero((feature >= 0) & (category < 0))
    kinds, which = np.unique(2 * feature[number].astype(np.int64) + ~missing_left[number], return_inverse=True)
    column[number] = which
    values = trees["threshold"][number]
    order = np.lexsort((values, feature[number]))
    of, value = feature[number[order]], values[order]
    new = np.ones(order.size, dtype=bool)
    new[1:] = (of[1:] != of[:-1]) | (value[1:] != value[:-1])
    cuts = value[new]
    first = np.searchsorted(of[new], np.arange(trees["n_features"] + 1))
    cut[number[order]] = np.cumsum(new) - 1 - first[of]
    owner = kinds // 2
    numeric = np.column_stack([owner, first[owner], first[owner + 1], kinds % 2, np.full(kinds.size, -1)])

    coded = np.flatnonzero((feature >= 0) & (category >= 0))
    keys = np.column_stack([category[coded], feature[coded], ~missing_left[coded]]).astype(np.int64)
    sets, which = np.unique(keys, axis=0, return_inverse=True)
    column[coded], cut[coded] = kinds.size + which.reshape(-1), 0
    start, chosen = trees["bit_start"].astype(np.int64), sets[:, 0]
    outside = 2 * ~trees["outside_left"][chosen, 0] + ~trees["outside_left"][chosen, 1]
    coded_columns = np.column_stack([sets[:, 1], start[chosen], start[chosen + 1], sets[:, 2], outside])
    columns = np.concatenate([numeric, coded_columns]).astype(np.int64)
    return np.ascontiguousarray(columns), column, cuts, cut


@compiled
def _sizes(root: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Number of leaves of each tree."""
    sizes, stack = np.zeros(root.size, dtype=np.int64), np.empty(left.size + 1, dtype=np.int64)
    for t in range(root.size):
        stack[0], high = root[t], 1
        while high > 0:
            high -= 1
            node = stack[high]
            if left[node] < 0:
                sizes[t] += 1
            else:
                stack[high], stack[high + 1] = left[node], right[node]
                high += 2
    return sizes


@compiled
def order_of(root: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (m,) of each tree in the order of their depth, siblings side by side, and where each tree begins (T,)."""
    order, start = np.empty(left.size, dtype=np.int64), np.empty(root.size, dtype=np.int64)
    end = 0
    for t in range(root.size):
        start[t] = at = end
        order[end] = root[t]
        end += 1
        while at < end:
            node = order[at]
            if left[node] >= 0:
                order[end], order[end + 1] = left[node], right[node]
                end += 2
            at += 1
    return order, start


@compiled
def _place(order: np.ndarray, left: np.ndarray, column: np.ndarray, cut: np.ndarray, nodes: np.ndarray) -> None:
    """Write the nodes in their order; the children of each are the next two that no node before it has."""
    place = np.empty(order.size, dtype=np.int64)
    for at in range(order.size):
        place[order[at]] = at
    for at in range(order.size):
        node = order[at]
        nodes[at, 0] = at if left[node] < 0 else place[left[node]]
        nodes[at, 1], nodes[at, 2] = column[node], cut[node]


@compiled
def _depths(first: np.ndarray, sizes: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Depth of each tree that is complete and asks one question on each level; 0 of all others."""
    depths = np.zeros(first.size, dtype=np.int64)
    for t in range(first.size):
        depth = 0
        while depth < MOST_LEVELS and (1 << depth) < sizes[t]:
            depth += 1
        if (1 << depth) != sizes[t]:
            continue
        same = True
        for level in range(depth):
            begin = first[t] + (1 << level) - 1
            for node in range(begin, begin + (1 << level)):  # leaves above the last level point to themselves
                same = same and nodes[node, 0] != node
                same = same and nodes[node, 1] == nodes[begin, 1] and nodes[node, 2] == nodes[begin, 2]
        depths[t] = depth if same else 0
    return depths


@compiled
def _level(nodes: np.ndarray, value: np.ndarray, table: np.ndarray, splits: np.ndarray, leaves: np.ndarray) -> None:
    """Write the question of each level, and the leaves from the left."""
    for t in range(table.shape[0]):
        for level in range(-table[t, 1]):
            node = table[t, 0] + (1 << level) - 1
            splits[table[t, 2] + level, 0], splits[table[t, 2] + level, 1] = nodes[node, 1], nodes[node, 2]
        if table[t, 1] < 0:
            count = 1 << -table[t, 1]
            for leaf in range(count):
                leaves[table[t, 3] + leaf] = value[table[t, 0] + count - 1 + leaf]


@compiled
def _mask(
    links: tuple[np.ndarray, np.ndarray, np.ndarray],
    column: np.ndarray,
    cut: np.ndarray,
    given: np.ndarray,
    table: np.ndarray,
    splits: np.ndarray,
    masks: np.ndarray,
    leaves: np.ndarray,
) -> None:
    """Number the leaves of small trees from the left, and mark for each split those that a right turn leaves out."""
    root, left, right = links
    stack = np.empty((MOST_LEAVES + 2, 2), dtype=np.int64)
    one = np.uint64(1)
    for t in range(root.size):
        size, end = table[t, 1], table[t, 2]
        if size <= 0:
            continue
        stack[0, 0], stack[0, 1] = root[t], -1
        high, seen = 1, 0
        while high > 0:
            high -= 1
            node, parent = stack[high, 0], stack[high, 1]
            if parent >= 0:  # its left leaves are those from the number that was noted to this one
                first = masks[parent]
                masks[parent] = ~(((one << (np.uint64(seen) - first)) - one) << first)
            if left[node] < 0:
                bit = one << np.uint64(seen)
                if size <= 32:
                    slot = np.int64(np.uint32(np.uint32(bit) * HASH_32) >> np.uint32(27))
                else:
                    slot = np.int64((bit * HASH_64) >> np.uint64(58))
                leaves[table[t, 3] + slot] = given[node]
                seen += 1
            else:
                splits[end, 0], splits[end, 1] = column[node], cut[node]
                masks[end] = np.uint64(seen)
                stack[high, 0], stack[high, 1] = right[node], end
                stack[high + 1, 0], stack[high + 1, 1] = left[node], -1
                high += 2
                end += 1
