"""Tables from the cached scores of `members.py`: which members, beside every candidate alone and the blend of before.

A blend is made as `compare` makes it: each fold by a combination of the others (`blend_out_of_fold`), log-loss after
`cross_calibrated` (by an intercept and a slope: "auto" takes many times as long), ranking by the scores of the fold
models less the log-odds of events in their training parts. Sets count within families, families once; intervals are
those of the paired differences over families (Student's t).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from member_sets import tasks
from scipy.stats import rankdata, t
from sklearn.metrics import average_precision_score

from rareclass.crossfit import Folds
from rareclass.fitting.blend import blend_out_of_fold
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.kernels.logits import softplus
from rareclass.learners.blend import MEMBERS

Unit = tuple[str, int]
DEFAULT = " ".join(MEMBERS)
BEFORE = "lightgbm hist_gradient_boosting random_forest logistic_regression"
_TREES_AND_LINE = "catboost hist_gradient_boosting extra_trees logistic_regression"
MEMBER_SETS = (
    BEFORE,
    _TREES_AND_LINE,
    "catboost logistic_regression",
    "catboost extra_trees logistic_regression",
    "catboost hist_gradient_boosting logistic_regression",
    "catboost hist_gradient_boosting extra_trees",
    "hist_gradient_boosting extra_trees logistic_regression",
    "lightgbm hist_gradient_boosting extra_trees logistic_regression",
    "xgboost hist_gradient_boosting extra_trees logistic_regression",
    "catboost lightgbm extra_trees logistic_regression",
    "catboost xgboost extra_trees logistic_regression",
    "catboost hist_gradient_boosting random_forest logistic_regression",
    "catboost hist_gradient_boosting extra_trees kernel_logistic",
    "catboost hist_gradient_boosting logistic_regression kernel_logistic",
    _TREES_AND_LINE + " neighbours_on_ranks",
    DEFAULT,
    DEFAULT + " lightgbm",
    DEFAULT + " xgboost",
    DEFAULT + " random_forest",
    DEFAULT + " neighbours_on_ranks",
    DEFAULT + " few_events_logistic",
)
"""Members by name, parted by spaces: every set that is judged."""


@dataclass
class Judge:
    """Log-loss and average precision of candidates and blends, kept in `cache` once they are known."""

    cache: Path
    names: Sequence[str]
    seeds: int
    calibration: str = "sigmoid"
    known: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.families = {task.name: task.family for task in tasks()}
        self.units = [
            (task.name, seed)
            for seed in range(self.seeds)
            for task in tasks()
            if all((self.cache / f"{task.name}.{seed}.{name}.npz").exists() for name in self.names)
        ]
        self.file = self.cache / f"judged.{self.calibration}.json"
        if self.file.exists():
            self.known = json.loads(self.file.read_text(encoding="utf-8"))

    def rows(self, unit: Unit) -> tuple[np.ndarray, np.ndarray]:
        """Labels and folds."""
        found = np.load(self.cache / f"{unit[0]}.{unit[1]}.npz")
        return found["y"], found["fold"]

    def score(self, unit: Unit, members: str) -> np.ndarray:
        """Out-of-fold log-odds of one candidate, or of the blend of several."""
        files = [np.load(self.cache / f"{unit[0]}.{unit[1]}.{name}.npz") for name in members.split()]
        if len(files) == 1:
            return np.asarray(files[0]["score"])
        y, fold = self.rows(unit)
        return blend_out_of_fold(np.column_stack([one["score"] for one in files]), y, Folds(fold))

    def ranking(self, unit: Unit, members: str) -> np.ndarray:
        """Scores to rank by, as `ranking_of` makes them."""
        (y, fold), ranking = self.rows(unit), self.score(unit, members).copy()
        for k in np.unique(fold):
            seen = fold != k
            ranking[~seen] -= np.log(y[seen].sum() / np.count_nonzero(~y[seen]))
        return ranking

    def judged(self, unit: Unit, members: str) -> list[float]:
        """Log-loss after calibration out of fold, and average precision."""
        key = f"{unit[0]}.{unit[1]}.{members}"
        if key not in self.known:
            y, fold = self.rows(unit)
            logit = cross_calibrated(self.score(unit, members), y, Folds(fold), method=self.calibration)
            loss = float(np.mean(softplus(np.where(y, -logit, logit))))
            self.known[key] = [loss, float(average_precision_score(y, self.ranking(unit, members)))]
        return self.known[key]

    def seconds(self, members: str) -> float:
        """Processor seconds of all fits and scores."""
        return sum(
            float(np.load(self.cache / f"{name}.{seed}.{member}.npz")["seconds"].sum())
            for name, seed in self.units
            for member in members.split()
        )

    def by_family(self, members: str) -> np.ndarray:
        """Log-loss and average precision (families, 2): means over seeds, then over the sets of a family."""
        per_set: dict[str, list[list[float]]] = defaultdict(list)
        for unit in self.units:
            per_set[unit[0]].append(self.judged(unit, members))
        per_family: dict[str, list[np.ndarray]] = defaultdict(list)
        for name, values in per_set.items():
            per_family[self.families[name]].append(np.mean(values, axis=0))
        self.file.write_text(json.dumps(self.known), encoding="utf-8")
        return np.array([np.mean(per_family[family], axis=0) for family in sorted(per_family)])


def difference(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Mean paired difference over families with its 95 % interval."""
    gap = ours - theirs
    half = t.ppf(0.975, gap.size - 1) * gap.std(ddof=1) / np.sqrt(gap.size)
    return f"{gap.mean():+.4f} [{gap.mean() - half:+.4f}, {gap.mean() + half:+.4f}]"


def merit(found: np.ndarray, before: np.ndarray) -> float:
    """Relative gains in both figures over the blend of before, of means over families."""
    return float(1 - found[:, 0].mean() / before[:, 0].mean() + found[:, 1].mean() / before[:, 1].mean() - 1)


def show_sets(judge: Judge) -> None:
    """Every set of members; and the choice among them judged on families that it did not see."""
    found = {members: judge.by_family(members) for members in MEMBER_SETS}
    print(f"{len(judge.units)} sets x seeds, {len(found[DEFAULT])} families\n")
    print("| members | log-loss | average precision | log-loss less before's [95 %] | precision less it | seconds |")
    print("|---|---|---|---|---|---|")
    before = found[BEFORE]
    for members, values in found.items():
        cells = [f"{v:.4f}" for v in values.mean(axis=0)]
        cells += [difference(values[:, j], before[:, j]) for j in (0, 1)]
        print(f"| {members.replace(' ', ', ')} | {' | '.join(cells)} | {judge.seconds(members):.0f} |")
    count = len(before)
    left_out, picked = np.empty((count, 2)), defaultdict(int)
    for family in range(count):
        others = np.arange(count) != family
        best = max(found, key=lambda members: merit(found[members][others], before[others]))
        left_out[family] = found[best][family]
        picked[best] += 1
    cells = [f"{v:.4f}" for v in left_out.mean(axis=0)]
    cells += [difference(left_out[:, j], before[:, j]) for j in (0, 1)]
    print(f"| chosen on the other families | {' | '.join(cells)} | |")
    print("\nchosen: " + "; ".join(f"{members.replace(' ', ', ')} {n} times" for members, n in picked.items()) + "\n")


def show_candidates(judge: Judge) -> None:
    """The chosen blend beside every candidate alone and the blend of before, and mean ranks."""
    names = [DEFAULT, BEFORE, *judge.names]
    found = {name: judge.by_family(name) for name in names}
    ranks = [
        rankdata(np.array([sign * found[name][:, j] for name in names]), axis=0).mean(axis=1)
        for j, sign in ((0, 1), (1, -1))
    ]
    print("| | log-loss | average precision | the default less it: log-loss [95 %] | precision | ranks | seconds |")
    print("|---|---|---|---|---|---|---|")
    for number, name in enumerate(names):
        title = {DEFAULT: "**the default blend**", BEFORE: "the blend of before"}.get(name, name)
        cells = [f"{v:.4f}" for v in found[name].mean(axis=0)]
        cells += ["", ""] if name == DEFAULT else [difference(found[DEFAULT][:, j], found[name][:, j]) for j in (0, 1)]
        print(
            f"| {title} | {' | '.join(cells)} | {ranks[0][number]:.1f}, {ranks[1][number]:.1f} "
            f"| {judge.seconds(name):.0f} |"
        )


def show_best_default(judge: Judge, *, share: float = 0.95, draws: int = 200) -> None:
    """Sets with at least 100 events: average precision against a share of the default that was best on other seeds."""
    print(f"\n| set | events | default blend | best default on other seeds | the blend less {share} of it [95 %] |")
    print("|---|---|---|---|---|")
    below = judged = 0
    for name in dict.fromkeys(name for name, _ in judge.units):
        units = [unit for unit in judge.units if unit[0] == name]
        if judge.rows(units[0])[0].sum() < 100:
            continue
        rng, gaps, drawn, shown = np.random.default_rng(0), [], [], []
        for unit in units:
            others = [other for other in units if other != unit] or units
            best = max(judge.names, key=lambda one: np.mean([judge.judged(u, one)[1] for u in others]))
            own, its = judge.judged(unit, DEFAULT)[1], judge.judged(unit, best)[1]
            gaps.append(own - share * its)
            shown.append((own, its, best))
            drawn.append(_drawn(judge, unit, (DEFAULT, best), share, draws if gaps[-1] < 0 else 0, rng))
        judged += 1
        if np.mean(gaps) >= 0:
            continue
        spread = np.mean([d for d in drawn if d.size], axis=0) if any(d.size for d in drawn) else np.zeros(1)
        half = 1.96 * spread.std()
        below += np.mean(gaps) + half < 0
        print(
            f"| {name} | {judge.rows(units[0])[0].sum()} | {np.mean([s[0] for s in shown]):.3f} | "
            f"{np.mean([s[1] for s in shown]):.3f} ({shown[0][2]}) | {np.mean(gaps):+.3f} ± {half:.3f} |"
        )
    print(f"\n{judged} sets with at least 100 events; the others lie above; wholly below: {below}")


def _drawn(
    judge: Judge, unit: Unit, pair: tuple[str, str], share: float, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Differences on rows that are drawn anew within events and others."""
    y = judge.rows(unit)[0]
    ours, theirs = (judge.ranking(unit, members) for members in pair)
    values = []
    for _ in range(draws):
        rows = np.concatenate([rng.choice(part, part.size) for part in (np.flatnonzero(y), np.flatnonzero(~y))])
        own, its = (average_precision_score(y[rows], score[rows]) for score in (ours, theirs))
        values.append(own - share * its)
    return np.array(values)


def show_choices(judge: Judge) -> None:
    """Candidates beside themselves with other parameters, on the sets that have all of them."""
    if not judge.units:
        return
    print(f"\n{len(judge.units)} sets: {', '.join(name for name, _ in judge.units)}\n")
    print("| | log-loss | average precision | seconds |")
    print("|---|---|---|---|")
    for name in judge.names:
        loss, precision = judge.by_family(name).mean(axis=0)
        print(f"| {name} | {loss:.4f} | {precision:.4f} | {judge.seconds(name):.0f} |")


def show_variants(cache: Path, names: Iterable[str], seeds: int) -> None:
    """Variants of CatBoost alone and in its place in the blend, each on the sets that have its scores."""
    print(
        "\n| | sets x seeds | alone: log-loss less CatBoost's [95 %] | in the blend: log-loss | precision | seconds |"
    )
    print("|---|---|---|---|---|---|")
    for name in names:
        judge = Judge(cache, [*MEMBERS, name], seeds)
        if not judge.units:
            continue
        blended = judge.by_family(DEFAULT.replace("catboost", name)), judge.by_family(DEFAULT)
        alone = judge.by_family(name), judge.by_family("catboost")
        cells = [difference(alone[0][:, 0], alone[1][:, 0])]
        cells += [difference(blended[0][:, j], blended[1][:, j]) for j in (0, 1)]
        spent = judge.seconds(DEFAULT.replace("catboost", name)) / judge.seconds(DEFAULT)
        print(f"| {name} | {len(judge.units)} | {' | '.join(cells)} | {spent:.2f} |")
