"""Columns that know the label only together: differences, products and combinations of two, sums of indicators."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rareclass.evaluation.column_views import View
from rareclass.metrics.ranking import roc_auc_score

TOGETHER = 0.995
"""Area under the ROC curve of two columns, on rows they were not chosen on, from which on they are named."""
LEAST_EVENTS = 20
"""Fewer events let one of thousands of pairs separate by chance."""
ROWS = 3_000
LEVELS = 8
MOST = 120
"""Columns that are paired; 7,140 pairs."""
TOP = 8
EXACT = 1e-6
"""Variance of a weighted sum of standardized columns up to which it counts as a rule that they obey."""
MOST_RELATED = 6
"""Columns that such a rule may join."""


@dataclass(frozen=True)
class Together:
    """Columns that separate the classes together, how, and how far."""

    names: tuple[str, ...]
    how: str
    auc: float


def columns_together(views: list[View], y: np.ndarray, seed: int = 0) -> list[Together]:
    """Pairs and sums of columns that separate the classes where none of them does alone; the best of each kind.

    Half of the rows choose the pairs and their weights, the other half judges them.
    """
    rng = np.random.default_rng(seed)
    kept = [rng.permutation(np.flatnonzero(c))[:ROWS] for c in (y, ~y)]
    if kept[0].size < LEAST_EVENTS:
        return []
    half = np.concatenate([np.arange(k.size) % 2 == 0 for k in kept])
    index = np.concatenate(kept)
    y = y[index]
    views = [v for v in views if v.distinct + v.missing.any() > 1][:MOST]
    numeric = [v for v in views if v.numbers is not None]
    found = []
    if len(views) > 1:
        found += _best(_cells(views, index), views, y, half)
    if len(numeric) > 1:
        X = np.column_stack([v.numbers[index] for v in numeric if v.numbers is not None])
        found += _differences(X, numeric, y, half)
        found += _differences(_logs(X), numeric, y, half, of="products and ratios")
        found += _sums(X, numeric, y, half)
        found += _equal(X, numeric, y, half)
        if not any(t.auc >= TOGETHER for t in found):
            found += _relation(X, numeric, y, half)
    return [t for t in found if t.auc >= TOGETHER]


def _cells(views: list[View], index: np.ndarray) -> np.ndarray:
    """Levels 0 .. 7 (n, d): the most frequent values, or eighths of the rows."""
    columns = []
    for v in views:
        codes = v.codes[index]
        if v.numbers is not None and v.distinct >= LEVELS:
            numbers = v.numbers[index]
            cuts = np.nanquantile(numbers, np.linspace(0, 1, LEVELS)[1:-1]) if not v.missing[index].all() else []
            codes = np.where(np.isnan(numbers), 0, 1 + np.searchsorted(np.unique(cuts), numbers, side="right"))
        counts = np.bincount(codes)
        rank = np.empty(counts.size, dtype=np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(counts.size)
        columns.append(np.minimum(rank[codes], LEVELS - 1))
    return np.column_stack(columns)


def _best(cells: np.ndarray, views: list[View], y: np.ndarray, half: np.ndarray) -> list[Together]:
    """The pair whose 64 joint cells separate best."""
    d = cells.shape[1]
    hot = np.zeros((y.size, d * LEVELS), dtype=np.float32)
    hot[np.arange(y.size)[:, None], np.arange(d) * LEVELS + cells] = 1
    counts = [[_joint(hot[part & c], d) for c in (y, ~y)] for part in (half, ~half)]
    auc = np.mean([_cell_auc(counts[0], counts[1]), _cell_auc(counts[1], counts[0])], axis=0)
    i, j = np.triu_indices(d, 1)
    return [
        Together((views[i[k]].name, views[j[k]].name), "by the combination of their values", float(auc[k]))
        for k in np.argsort(-auc)[:1]
        if views[i[k]].name != views[j[k]].name
    ]


def _joint(hot: np.ndarray, d: int) -> np.ndarray:
    """Rows (pairs, 64) in each joint cell of each pair."""
    blocks = (hot.T @ hot).reshape(d, LEVELS, d, LEVELS).transpose(0, 2, 1, 3)
    i, j = np.triu_indices(d, 1)
    return blocks[i, j].reshape(i.size, -1).astype(np.float64)


def _cell_auc(learnt: list[np.ndarray], judged: list[np.ndarray]) -> np.ndarray:
    """ROC AUC (pairs,) of the event rates of the cells of one half on the other."""
    events, others = learnt
    prior = events.sum(1, keepdims=True) / np.maximum((events + others).sum(1, keepdims=True), 1)
    rate = (events + prior) / (events + others + 1)
    order = np.argsort(rate, axis=1)
    n1, n0, r = (np.take_along_axis(a, order, 1) for a in (judged[0], judged[1], rate))
    below = np.cumsum(n0, axis=1) - n0 / 2
    ties = np.isclose(r[:, 1:], r[:, :-1])
    if ties.any():  # cells of equal rate, mostly those that nobody was seen in, count half against each other
        for k in np.flatnonzero(ties.any(1)):
            group = np.concatenate([[0], np.cumsum(~ties[k])])
            size = np.bincount(group, weights=n0[k])
            below[k] = (np.cumsum(size) - size / 2)[group]
    return (n1 * below).sum(1) / np.maximum(n1.sum(1) * n0.sum(1), 1)


def _logs(X: np.ndarray) -> np.ndarray:
    """Logarithms of the columns without values below zero; the others as they are."""
    with np.errstate(invalid="ignore", divide="ignore"):
        positive = np.nanmin(X, axis=0) >= 0
        return np.where(positive, np.log(np.maximum(X, 1e-9)), X)


def _differences(
    X: np.ndarray, views: list[View], y: np.ndarray, half: np.ndarray, of: str = "a weighted sum or difference"
) -> list[Together]:
    """Fisher's direction in the plane of each two columns."""
    with np.errstate(invalid="ignore"):
        spread = np.nanstd(X, axis=0)
        Z = np.where(np.isnan(X), 0.0, (X - np.nanmean(X, axis=0)) / np.where(spread > 0, spread, 1))
    scores: dict[tuple[int, int], list[float]] = {}
    for part in (half, ~half):
        gap, within = _moments(Z[part], y[part])
        i, j = np.triu_indices(gap.size, 1)
        a, b, c = within[i, i], within[j, j], within[i, j]
        determinant = a * b - c**2 + 1e-12
        distance = (b * gap[i] ** 2 - 2 * c * gap[i] * gap[j] + a * gap[j] ** 2) / determinant
        for k in np.argsort(-distance)[:TOP]:
            w = np.array([b[k] * gap[i[k]] - c[k] * gap[j[k]], a[k] * gap[j[k]] - c[k] * gap[i[k]]]) / determinant[k]
            judged = Z[np.ix_(~part, [i[k], j[k]])] @ w
            scores.setdefault((int(i[k]), int(j[k])), []).append(roc_auc_score(y[~part], judged))
    both = {pair: min(found) for pair, found in scores.items() if len(found) == 2}
    best = sorted(both.items(), key=lambda item: -item[1])[:1]
    return [Together((views[i].name, views[j].name), f"by {of}", auc) for (i, j), auc in best]


def _moments(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference of the means and covariance within the classes, each class with equal weight."""
    means = [Z[c].mean(axis=0) for c in (y, ~y)]
    within = sum((Z[c] - m).T @ (Z[c] - m) / (2 * c.sum()) for c, m in zip((y, ~y), means, strict=True))
    return means[0] - means[1], within


def _relation(X: np.ndarray, views: list[View], y: np.ndarray, half: np.ndarray) -> list[Together]:
    """An exact linear rule, such as total = a + b, that holds in one class otherwise than in the other."""
    known = np.flatnonzero(~np.isnan(X).any(axis=0) & (X.std(axis=0) > 0))
    if known.size < 3:
        return []
    Z = (X[:, known] - X[:, known].mean(axis=0)) / X[:, known].std(axis=0)
    gap, within = _moments(Z[half], y[half])
    variance, directions = np.linalg.eigh(within)
    rules = directions[:, variance < EXACT]
    w = rules @ (rules.T @ gap)
    joined = np.flatnonzero(np.abs(w) > 0.05 * np.abs(w).max(initial=0.0))
    if not 2 < joined.size <= MOST_RELATED:
        return []
    auc = roc_auc_score(y[~half], Z[np.ix_(~half, joined)] @ w[joined])
    return [Together(tuple(views[known[k]].name for k in joined), "by a weighted sum that hardly varies", float(auc))]


def _sums(X: np.ndarray, views: list[View], y: np.ndarray, half: np.ndarray) -> list[Together]:
    """The sum of columns of two values, those first that go with the label most."""
    two = [k for k, v in enumerate(views) if v.distinct == 2 and not np.isnan(X[:, k]).any()]
    if len(two) < 2:
        return []
    B = X[:, two] == X[:, two].max(axis=0)
    lift = B[y & half].mean(axis=0) - B[~y & half].mean(axis=0)
    order = np.argsort(-np.abs(lift))[:12]
    sums = np.cumsum(B[:, order] * np.sign(lift[order]), axis=1)
    found = [roc_auc_score(y[~half], sums[~half, k]) for k in range(1, order.size)]
    if not found:
        return []
    k = int(np.argmax(found))
    return [Together(tuple(views[two[o]].name for o in order[: k + 2]), "by their sum", float(found[k]))]


def _equal(X: np.ndarray, views: list[View], y: np.ndarray, half: np.ndarray) -> Iterator[Together]:
    """Two columns that are equal for one class only."""
    names = [v.name for v in views]
    for i, j in combinations(range(X.shape[1]), 2):
        if min(views[i].distinct, views[j].distinct) <= 2:
            continue
        same = X[:, i] == X[:, j]
        share = same.mean()
        if 0.01 < share < 0.99:
            auc = 0.5 + abs(same[y].mean() - same[~y].mean()) / 2
            if auc >= TOGETHER:
                yield Together((names[i], names[j]), "by whether they are equal", float(auc))
