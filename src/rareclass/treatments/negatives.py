"""Negative sampling that knows with which probability each negative was kept, and takes it back exactly."""

import warnings
from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar

import numpy as np

from rareclass import _check
from rareclass._check import one_of
from rareclass.crossfit import raw_logit
from rareclass.errors import InputError, ShortfallWarning, TooFewEventsError
from rareclass.kernels.logits import sigmoid
from rareclass.learners.base import RareLearner
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts, draw_seed, positive_number
from rareclass.treatments.sampling import RandomUnderSampling

STRATEGIES = ("uniform", "score", "local_case_control")
CORRECTIONS = ("offset", "weight")
PILOTS = ("lightgbm", "logistic_regression")
PILOT_NEGATIVES = 5
NEGATIVES_PER_EVENT, FEWEST_PER_EVENT, _ENOUGH = 20.0, 5.0, 12_000
# below it the pilot is too noisy for a design that leaves out events (21.9 times the variance at 98 events)
LOCAL_CASE_CONTROL_EVENTS = 1000
_BATCH = 200_000


@dataclass(frozen=True)
class NegativeSampling(Treatment):
    """Keep all events, and each negative with a known probability pi(x), which is taken back exactly.

    When to use: tables so large that a full fit costs too much. When not: tables that a full fit affords; sampling
    never improves a fit, it only makes it cheaper. Score-weighted sampling keeps the negatives that look like events
    (the informative ones) and needs two to five times fewer of them than uniform sampling.

    Parameters
    ----------
    strategy : {"uniform", "score", "local_case_control"}, default="uniform"
        "uniform" keeps all with the same probability; "score" in proportion to max(p / mean p, `floor`), where p is
        the probability of a quickly fitted pilot; "local_case_control" thins likely events as well and adds the
        pilot's log-odds back at prediction (at least 1,000 events, else it falls back to "score" with a warning).
    negatives_per_event : float or "auto", default="auto"
        Expected number of negatives for each event. The variance grows by about 1 + 1/negatives_per_event for
        "score", whatever the signal, and by more for "uniform". "auto" is 20; chosen by score, from 600 events on so
        many that 12,000 are kept altogether, and at least 5.
    least_negatives : int, default=5_000
        At least so many negatives are kept, however few the events: with 36 events, 20 negatives each lost a sixth of
        the average precision (kddcup99, user to root), and a fit on some thousand rows costs next to nothing.
    floor : float in (0, 1], default=0.1
        Least weight of a negative relative to the mean, so that no region is left without negatives.
    correction : {"offset", "weight"}, default="offset"
        How the sampling is taken back: an offset -ln pi(x) in training, or weights 1 / pi(x). Weights have the larger
        variance; choose them for learners that take no offset.
    pilot : {"lightgbm", "logistic_regression"}, default="lightgbm"
        What scores the negatives.
    pool_factor : float >= 1, default=10
        The pilot scores only so many times the negatives that are kept, drawn uniformly: scoring all rows of a large
        table can cost more than the fit. The variance grows by about 1 + 1/(pool_factor * negatives_per_event), times
        the signal. ``float("inf")`` scores all.

    Raises
    ------
    InputError
        An option is unknown or a number is out of its range; or the learner takes no offset (when it is fitted).

    Notes
    -----
    For a kept row the log-odds of an event are logit p(x) - ln pi(x), for events as well as for negatives (Wang, Zhang,
    Wang, "Nonuniform negative sampling and log odds correction with rare events data", NeurIPS 2021). The learner adds
    -ln pi(x) during training and leaves it out at prediction. Local case-control: Fithian & Hastie 2014, accepting a
    row with min(1, c |y - p(x)|); unlike there, c is chosen so that `negatives_per_event` are kept, and where an
    acceptance is cut at 1 the remaining difference is an offset.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20_000, 1))
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(6 - X[:, 0]))
    >>> training = NegativeSampling("uniform", negatives_per_event=3, least_negatives=0).prepare(X, y, rng=rng)
    >>> int((~training.y).sum() / training.y.sum())
    3
    """

    name: ClassVar[str] = "negative_sampling"
    restoration: ClassVar[str] = (
        "log-odds corrected by -ln of each row's keep probability while training, then calibrated out of fold"
    )
    does: ClassVar[str] = "thins"
    strategy: str = "uniform"
    _: KW_ONLY
    negatives_per_event: float | str = "auto"
    least_negatives: int = 5_000
    floor: float = 0.1
    correction: str = "offset"
    pilot: str = "lightgbm"
    pool_factor: float = 10.0

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        self._check_options()
        events, negatives = class_counts(given.y)
        per_event = self._per_event(events)
        strategy = self.strategy
        if strategy == "local_case_control" and events < LOCAL_CASE_CONTROL_EVENTS:
            warnings.warn(
                f"Local case-control sampling needs {LOCAL_CASE_CONTROL_EVENTS:,} events; got {events:,}. Negatives "
                "are sampled by score instead and all events are kept.",
                ShortfallWarning,
                stacklevel=3,
            )
            strategy = "score"
        if strategy == "uniform" or per_event * events >= negatives:
            return self._uniform(given, per_event, rng)
        rows, share = self._pool(given.y, per_event, rng)
        if strategy == "score":
            return self._by_score(given, _Pool(rows, share, self._cross_scores(given, rows, rng)), per_event, rng)
        pilot = self._fit_pilot(given, rng)
        return self._local_case_control(given, _Pool(rows, share, pilot.logit(given.X[rows])), pilot, per_event, rng)

    def _per_event(self, events: int) -> float:
        """Negatives for each event: as given or by the rule of "auto", and not fewer than `least_negatives` in all."""
        if isinstance(self.negatives_per_event, str):
            enough = _ENOUGH / events if self.strategy != "uniform" else np.inf
            wanted = max(FEWEST_PER_EVENT, min(NEGATIVES_PER_EVENT, enough))
        else:
            wanted = self.negatives_per_event
        return max(wanted, self.least_negatives / events)

    def _check_options(self) -> None:
        one_of(self.strategy, "strategy", STRATEGIES)
        one_of(self.correction, "correction", CORRECTIONS)
        one_of(self.pilot, "pilot", PILOTS)
        if isinstance(self.negatives_per_event, str):
            one_of(self.negatives_per_event, "negatives_per_event", ("auto",))
        else:
            positive_number(self.negatives_per_event, "negatives_per_event")
        _check.whole_number(self.least_negatives, "least_negatives", low=0)
        if positive_number(self.floor, "floor") > 1:
            raise InputError(f"`floor` must be at most 1 (then all weights are equal); got {self.floor!r}.")
        if not float(self.pool_factor) >= 1:
            raise InputError(f"`pool_factor` must be at least 1: the kept are drawn from it; got {self.pool_factor!r}.")
        if self.strategy == "local_case_control" and self.correction == "weight":
            raise InputError("Local case-control sampling is taken back by the pilot's log-odds; leave `correction`.")

    def _uniform(self, given: Given, per_event: float, rng: np.random.Generator) -> TrainingSet:
        plan = RandomUnderSampling(per_event)._prepare(given, rng)
        if self.correction == "offset" or plan.rows is None:
            return plan
        weight = given.plain_weight[plan.rows]
        weight = np.where(plan.y, weight, weight * np.exp(-plan.shift))
        return replace(plan, sample_weight=weight, shift=0.0, note=f"{plan.note}, weighted by 1 / share kept")

    def _pool(self, y: np.ndarray, per_event: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """Rows that the pilot scores (all events among them), and the share of the negatives among these."""
        events = int(np.count_nonzero(y))
        negatives = y.size - events
        wanted = self.pool_factor * per_event * events
        if wanted >= negatives:
            return np.arange(y.size), 1.0
        wanted = max(1, round(wanted))
        drawn = rng.choice(np.flatnonzero(~y), size=wanted, replace=False, shuffle=False)
        return np.sort(np.concatenate([np.flatnonzero(y), drawn])), wanted / negatives

    def _fit_pilot(self, given: Given, rng: np.random.Generator, among: np.ndarray | None = None) -> "_Pilot":
        """A cheap model on a uniform sample of the rows `among` (all by default)."""
        among = np.arange(given.y.size) if among is None else among
        kept = RandomUnderSampling(PILOT_NEGATIVES).choose(given.y[among], rng)
        rows, shift = (among, 0.0) if kept is None else (among[kept.rows], kept.shift)
        model = make_pilot(self.pilot, given.categorical, draw_seed(rng))
        return _Pilot(model.fit(given.X[rows], given.y[rows], given.weights_of(rows)), shift)

    def _cross_scores(self, given: Given, pool: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Log-odds (m,) of the rows `pool` by a pilot that was not fitted on them.

        A pilot that has seen a row gives events too high a score, hence too small an offset: at two negatives per event
        the intercept of a logistic model was then 0.1 too high. Two pilots on half of the rows cost the same.
        """
        y = given.y
        half = np.empty(y.size, dtype=bool)
        for rows in (np.flatnonzero(y), np.flatnonzero(~y)):
            half[rows] = rng.permutation(np.arange(rows.size) % 2 == 0)
        score = np.empty(pool.size)
        for side in (half, ~half):
            fit_rows, mine = np.flatnonzero(~side), side[pool]
            if np.count_nonzero(y[fit_rows]) < 1:  # a single event: there is nothing to cross
                fit_rows = np.arange(y.size)
            score[mine] = self._fit_pilot(given, rng, fit_rows).logit(given.X[pool[mine]])
        return score

    def _by_score(self, given: Given, pool: "_Pool", per_event: float, rng: np.random.Generator) -> TrainingSet:
        label = given.y[pool.rows]
        keep = keep_probability(sigmoid(pool.score), label, per_event, self.floor)
        kept = label | (rng.random(label.size) < keep)
        rows, probability = pool.rows[kept], keep[kept] * pool.share
        note = self._note(given.y, rows, pool.share)
        if self.correction == "offset":
            return given.training(note, rows=rows, offset=-np.log(probability))
        base = given.plain_weight[rows]
        return given.training(note, rows=rows, sample_weight=np.where(given.y[rows], base, base / probability))

    def _local_case_control(
        self, given: Given, pool: "_Pool", pilot: "_Pilot", per_event: float, rng: np.random.Generator
    ) -> TrainingSet:
        y, label, p = given.y, given.y[pool.rows], sigmoid(pool.score)
        keep = keep_probability(p, label, per_event, self.floor)
        # the same constant for both classes: a row is accepted with min(1, c |y - p|), the floor aside
        constant = float(np.min(keep / np.maximum(p, 1e-300), where=keep < 1, initial=np.inf))
        keep_event = np.minimum(1.0, np.maximum(constant * sigmoid(-pool.score), 1e-6))
        kept = rng.random(label.size) < np.where(label, keep_event, keep)
        rows = pool.rows[kept]
        if not y[rows].any() or y[rows].all():
            raise TooFewEventsError("Local case-control sampling kept rows of one class only; use strategy 'score'.")
        offset = np.log(keep_event[kept]) - np.log(keep[kept] * pool.share) + pool.score[kept]
        return given.training(
            self._note(y, rows, pool.share) + "; the pilot's log-odds are added back",
            rows=rows,
            offset=None if np.allclose(offset, 0, atol=1e-9) else offset,
            shift=pilot.shift,
            pilot=pilot.model,
        )

    def _note(self, y: np.ndarray, rows: np.ndarray, share: float) -> str:
        events, negatives = int(y[rows].sum()), int((~y[rows]).sum())
        scored = "" if share == 1 else f" (from a uniform {share:.2%} of them)"
        return (
            f"{negatives:,} of {int((~y).sum()):,} negatives kept{scored}, the more so the more they look like events, "
            f"beside {events:,} of {int(y.sum()):,} events, corrected by {self.correction}"
        )


@dataclass(frozen=True)
class _Pool:
    """Rows that a pilot scored, the share of the negatives among them, and their log-odds."""

    rows: np.ndarray
    share: float
    score: np.ndarray


@dataclass(frozen=True)
class _Pilot:
    """A fitted pilot, and the shift that brings its log-odds to the real prevalence."""

    model: RareLearner
    shift: float

    def logit(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) at the real prevalence, in batches that bound the memory."""
        starts = range(0, max(X.shape[0], 1), _BATCH)
        return np.concatenate([raw_logit(self.model, X[i : i + _BATCH]) for i in starts]) + self.shift


@dataclass(frozen=True)
class ScoreNegatives(NegativeSampling):
    """`NegativeSampling` with `strategy="score"`: the informative negatives, found by a pilot.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20_000, 1))
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(6 - 2 * X[:, 0]))
    >>> kept = ScoreNegatives(negatives_per_event=3, least_negatives=0, pilot="logistic_regression").prepare(
    ...     X, y, rng=rng
    ... )
    >>> bool(kept.X[~kept.y].mean() > X[~y].mean() + 0.5)  # they look like events
    True
    """

    name: ClassVar[str] = "score_negatives"
    strategy: str = "score"


@dataclass(frozen=True)
class LocalCaseControl(NegativeSampling):
    """`NegativeSampling` with `strategy="local_case_control"`; needs 1,000 events.

    Examples
    --------
    >>> LocalCaseControl().strategy
    'local_case_control'
    """

    name: ClassVar[str] = "local_case_control"
    restoration: ClassVar[str] = (
        "log-odds of the pilot added back, acceptance probabilities corrected by offset, then calibrated out of fold"
    )
    strategy: str = "local_case_control"


def keep_probability(p: np.ndarray, y: np.ndarray, negatives_per_event: float, floor: float) -> np.ndarray:
    """Probability (n,) with which a negative of each row's features is kept, for events as well.

    min(1, c max(p / mean p, floor)), with c such that the expected number of negatives is `negatives_per_event` for
    each event; means are over negatives.
    """
    negative = ~y
    phi = np.maximum(p / max(float(p[negative].mean()), 1e-300), floor)
    wanted = min(negatives_per_event * np.count_nonzero(y), np.count_nonzero(negative))
    of_negatives = phi[negative]
    c = wanted / of_negatives.sum()
    for _ in range(50):  # rows cut at 1 give their share to the others; a few rounds settle it
        full = c * of_negatives >= 1
        rest = of_negatives[~full].sum()
        found = (wanted - np.count_nonzero(full)) / rest if rest > 0 else np.inf
        if not found > c * (1 + 1e-9):
            break
        c = found
    return np.minimum(1.0, c * phi)


def make_pilot(name: str, categorical_features: tuple[int, ...], seed: int) -> RareLearner:
    """Unfitted pilot: 20 small trees, or logistic regression on quantiles."""
    if name == "logistic_regression":
        from rareclass.learners.quantile_logistic import QuantileLogisticRegression

        # a fixed penalty: choosing it out of fold would cost more than the pilot is worth
        return QuantileLogisticRegression(C=1.0, categorical_features=categorical_features, random_state=seed)
    from rareclass.learners.lgbm import RareLGBMClassifier

    # plain bins: cuts around events would have to be applied to every row that is scored
    return RareLGBMClassifier(
        n_estimators=20,
        num_leaves=8,
        learning_rate=0.3,
        event_bins=False,
        calibrate=False,
        collapse_alarm=False,
        categorical_features=categorical_features,
        random_state=seed,
    )
