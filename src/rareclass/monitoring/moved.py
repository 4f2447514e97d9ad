"""Detectors without labels: volume, scores and their tail, inputs. Figures of whole days, against earlier days."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from rareclass.kernels.logits import logit
from rareclass.monitoring.cohorts import Cohort
from rareclass.monitoring.daily import DailyFigures
from rareclass.monitoring.detector import SCORED, Detector
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.places import MISSING, NOT_GIVEN, UNKNOWN, Places

_TAILS = (0.1, 0.01, 0.001)
_ROWS_ABOVE = 20
"""Rows that a tail must hold on a day, for its share to be compared with training."""
_SPREAD = 0.05
"""Days differ by so much beyond chance: of a standard deviation, or of the arc sine of a share's root."""
_HIGH = 0.1
_FEWEST = 20
"""Share of the rows of a day that score highest, and how many they must be for their inputs to be watched."""
_NAMED = 3
NO_FEATURES = "The predictions came without features; log them (serve with --log-column)."


class _Moved(Detector):
    """Figures of days; subclasses say which."""

    stage = SCORED
    TRAIL = 60
    what_to_do = "Look at what changed upstream; labels will tell whether the events have moved, too."

    def __init__(
        self, names: Sequence[str], least: Any = 0.0, training: np.ndarray | None = None, spread: Any = 0.0
    ) -> None:
        super().__init__()
        self.daily = DailyFigures(names, least=least, training=training, spread=spread, bets=(0.5,))
        self._last: tuple[Cohort, tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None

    def figures(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Figures (m,) of a day, NaN where there is none; standard errors against training; and as training counted."""
        raise NotImplementedError

    def _figures(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `figures`, once for each day that is judged and then learnt."""
        if self._last is None or self._last[0] is not cohort:
            self._last = cohort, self.figures(cohort)
        return self._last[1]

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        values, error, counted = self._figures(cohort)
        self.why_off = self.daily.why_off if np.isnan(self.daily.training).all() else ""
        return None if self.why_off else self.daily.evidence(cohort.day, values, error, counted)

    def learn(self, cohort: Cohort) -> None:
        self.daily.learn(cohort.day, self._figures(cohort)[0])

    def unlearn(self, day: int) -> None:
        self.daily.unlearn(day)

    def real(self, value: float, name: str) -> float:
        """A figure on the scale that its name says."""
        return value

    def shown(self, value: float, name: str) -> str:
        """A figure on this scale, as a reader wants it."""
        return f"{value:.3g}"

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        won = self.state.reshape(len(self.daily.names), -1)
        state = won.max(axis=1)
        days = np.array(self.daily.days)
        values = np.array(self.daily.values)[days >= since]
        usual = self.daily.before(since, won)
        found: dict[str, dict[str, float]] = {}
        said: list[str] = []
        for j in np.argsort(-state)[:_NAMED]:
            if found and state[j] < state.max() - 3:
                break
            name, now = self.daily.names[j], values[:, j][~np.isnan(values[:, j])]
            if not now.size:
                continue
            before, after = self.real(float(usual[j]), name), self.real(float(np.median(now)), name)
            found[name] = {"before": before, "now": after}
            said.append(f"{name} from {self.shown(before, name)} to {self.shown(after, name)}")
        value = next(iter(found.values()))["now"] if found else float("nan")
        return self.code, f"Moved without labels: {', '.join(said)}.", value, {"figures": found}

    def saved(self) -> dict[str, Any]:
        known = [None if np.isnan(v) else float(v) for v in self.daily.training]
        return {"daily": self.daily.to_dict(), "training": known}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.daily.load(state["daily"])
        self.daily.training = np.array([np.nan if v is None else v for v in state["training"]])


class Volume(_Moved):
    """Rows and alerts of a day, which may have none."""

    EMPTY = True
    name, code = "volume", "volume"
    what_to_do = "Look whether rows are lost or doubled upstream; whoever works on the alerts will feel it."

    def __init__(self) -> None:
        super().__init__(["rows", "alerts"], least=[0.1, 0.2])

    def figures(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        counts = np.array([cohort.key.size, np.count_nonzero(cohort.alert)])
        values = np.log(counts + 0.5)
        return values, np.zeros(2), values

    def real(self, value: float, name: str) -> float:
        return float(np.exp(value) - 0.5)

    def shown(self, value: float, name: str) -> str:
        return f"{value:,.0f} a day"


class Scores(_Moved):
    """Mean and spread of the log-odds, and the shares of rows in the upper tail of training."""

    name, code = "scores", "scores-moved"

    def __init__(self, reference: Mapping[str, Any]) -> None:
        self.cuts, self.rows = _cuts(reference)
        names = ["mean log-odds", "spread of the log-odds"]
        names += [f"share of rows with log-odds above {cut:g}" for cut in self.cuts]
        training = np.full(len(names), np.nan)
        self.sd, self.edges = np.nan, np.empty(0)
        if self.cuts.size:
            counts, edges = (np.asarray(reference[n], dtype=float) for n in ("counts", "edges"))
            self.edges = edges
            share, middle = counts / counts.sum(), (edges[1:] + edges[:-1]) / 2
            mean = share @ middle
            self.sd = float(max(np.sqrt(share @ (middle - mean) ** 2), 1e-6))
            above = np.array([share[edges[:-1] >= cut].sum() for cut in self.cuts])
            training = np.array([mean, np.log(self.sd), *_arc(above)])
        unit = 1.0 if np.isnan(self.sd) else self.sd
        small = [_SPREAD * unit, *[_SPREAD] * (len(names) - 1)]
        super().__init__(names, least=small, training=training, spread=small)

    def figures(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z = np.clip(logit(np.clip(cohort.probability, 1e-7, 1 - 1e-7)), -15.9, 15.9)
        n = z.size
        if n < 2:
            nothing = np.full(len(self.daily.names), np.nan)
            return nothing, nothing, nothing
        share = np.array([np.count_nonzero(z >= cut) for cut in self.cuts]) / n
        usual = np.sin(self.daily.training[2:] / 2) ** 2
        chance = (1 / n + 1 / max(self.rows, 1)) ** 0.5
        errors = np.where(usual * n >= _ROWS_ABOVE, chance, np.nan)
        values = np.array([*_place(z), *_arc(share)])
        binned = values.copy()
        if self.edges.size:  # of training only bins are known: where log-odds are few values, all may lie to one side
            middle = (self.edges[1:] + self.edges[:-1]) / 2
            binned[:2] = _place(middle[np.searchsorted(self.edges, z, side="right") - 1])
        return values, np.array([self.sd * chance, chance, *errors]), binned

    def real(self, value: float, name: str) -> float:
        if name.startswith("share"):
            return _share(value)
        return float(np.exp(value)) if name.startswith("spread") else value

    def shown(self, value: float, name: str) -> str:
        return f"{value:.2%}" if name.startswith("share") else f"{value:.2f}"


class Inputs(_Moved):
    """Of each feature: shares of missing and unknown values, and its mean rank, among all and among high scores."""

    name, code = "inputs", "inputs-moved"
    what_to_do = "Look at these inputs where they are made; retrain only if they will stay so."
    KINDS: ClassVar = ("missing values in", "unknown values in", "rank of", "rank among high scores of")

    def __init__(self, places: Places | None, names: Sequence[str], training: bool = True) -> None:
        width = 0 if places is None else places.width
        named = list(names) if len(names) == width else [f"column {j + 1}" for j in range(width)]
        self.places, self.given, self.rows = places, False, np.inf
        known = np.full((len(self.KINDS), max(width, 1)), np.nan)
        if places is not None and training:
            known[0] = _arc(places.missing)
        figures = [f"{kind} {name}" for kind in self.KINDS for name in named or ["no column"]]
        least = np.repeat([0.05, 0.05, 0.02, 0.05], max(width, 1))
        super().__init__(figures, least=least, training=known.ravel(), spread=_SPREAD)

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        self.given = self.given or bool(cohort.places.size and (cohort.places != NOT_GIVEN).any())
        if self.places is None or not self.given:
            self.why_off = "The bundle keeps no sketches of its features." if self.places is None else NO_FEATURES
            return None
        return super().evidence(cohort)

    def learn(self, cohort: Cohort) -> None:
        if self.places is not None and self.given:
            super().learn(cohort)

    def figures(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        m = len(self.daily.names)
        given = (cohort.places != NOT_GIVEN).all(axis=1)
        n = np.count_nonzero(given)
        if self.places is None or n < _FEWEST:
            return np.full(m, np.nan), np.full(m, np.nan), np.full(m, np.nan)
        bins = cohort.places[given]
        rank = self.places.ranks(bins)
        high = np.argsort(cohort.probability[given], kind="stable")[-max(int(_HIGH * n), 1) :]
        of_high = _means(rank[high]) if high.size >= _FEWEST else np.full(rank.shape[1], np.nan)
        shares = [_arc(np.count_nonzero(bins == code, axis=0) / n) for code in (MISSING, UNKNOWN)]
        values = np.concatenate([*shares, _means(rank), of_high])
        return values, np.full(m, n**-0.5), values

    def real(self, value: float, name: str) -> float:
        return _share(value) if "values in" in name else value

    def shown(self, value: float, name: str) -> str:
        return f"{value:.2%}" if "values in" in name else f"{value:.0%}"

    def saved(self) -> dict[str, Any]:
        return super().saved() | {"given": self.given}

    def restore(self, state: Mapping[str, Any]) -> None:
        super().restore(state)
        self.given = state["given"]


def _arc(shares: np.ndarray) -> np.ndarray:
    """Shares (m,) on a scale on which their standard error is the root of 1 / n."""
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(shares, 0.0, 1.0))))


def _place(z: np.ndarray) -> tuple[float, float]:
    """Mean, and log of the standard deviation."""
    return float(z.mean()), float(np.log(max(z.std(), 1e-6)))


def _share(arc: float) -> float:
    return float(np.sin(arc / 2) ** 2)


def _means(rank: np.ndarray) -> np.ndarray:
    """Means (d,) of ranks (n, d), NaN for features without any."""
    known = ~np.isnan(rank)
    count = known.sum(axis=0)
    total = np.where(known, rank, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _cuts(reference: Mapping[str, Any]) -> tuple[np.ndarray, float]:
    """Edges of bins above which about 10, 1 and 0.1 % of training lie, and its rows."""
    if not {"edges", "counts"} <= set(reference):
        return np.empty(0), 0.0
    edges, counts = (np.asarray(reference[n], dtype=float) for n in ("edges", "counts"))
    if counts.sum() <= 0:
        return np.empty(0), 0.0
    above = np.cumsum(counts[::-1])[::-1] / counts.sum()
    at = [int(np.abs(np.log(np.maximum(above, 1e-9) / tail)).argmin()) for tail in _TAILS]
    return np.unique(edges[at]), float(counts.sum())
