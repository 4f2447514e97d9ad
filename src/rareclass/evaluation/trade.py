"""What treatments bring and what they cost: money, recall, calibration, fit, latency and size on one page."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rareclass._lazy import available
from rareclass._names import Names
from rareclass.cascade.classifier import CascadeClassifier
from rareclass.decisions.budget import AlertBudget
from rareclass.decisions.costs import RowCosts
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, ShortfallWarning
from rareclass.evaluation.champion import fit_champion
from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.judge import ArmResult, Judged, decide
from rareclass.evaluation.run import FIT_ERRORS, compare, members_of
from rareclass.evaluation.trade_records import TradeOffRecord, TradeRecord
from rareclass.evaluation.trade_words import paragraph_of, reason_of
from rareclass.fitting.arm import Arm, make_arm
from rareclass.fitting.assemble import Wanted
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.heard import listen, listening
from rareclass.fitting.out_of_fold import folds_of
from rareclass.fitting.rows import costs_at
from rareclass.kernels.evenly import evenly
from rareclass.kernels.logits import sigmoid
from rareclass.treatments.registry import listed, make_treatment
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.interval import confidence_interval
from rareclass.uncertainty.paired import PairedInterval, paired_difference, paired_loss_difference

TREATMENTS = (
    "none",
    "class_weight",
    "random_under(negatives_per_event=5)",
    "random_under(negatives_per_event=20)",
    "random_under(negatives_per_event=100)",
    "smote_enn",
    "smote_enn(ratio=0.1)+class_weight",
    "adasyn(ratio=0.1)+class_weight",
)
_NO_COSTS = "A trade-off weighs money: give `costs`, say {'fp': 10, 'fn': 500} (--cost-fp 10 --cost-fn 500)."
CASCADE = "cascade"
TOP = 0.01
"""Share of the rows, highest probabilities first, in which calibration is judged."""
TIMED = 300
"""Rows that answers are timed on."""
ABOVE: Names[Any] = Names(
    "measure", {"speed": "rareclass.scoring.speed:speed_of", "plot": "rareclass.report.displays.trade:plot_trade_off"}
)
"""What rooms above do for a trade-off: the compiled model is theirs, and so is drawing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TradeOff:
    """Arms side by side; of `trade_off`.

    Attributes
    ----------
    record : TradeOffRecord
    comparison : Comparison
        What they were judged by.
    """

    record: TradeOffRecord
    comparison: Comparison

    @property
    def champion(self) -> str:
        """The arm of least expected cost among those surely cheaper than plain; plain where none is."""
        return self.record.champion

    @property
    def paragraph(self) -> str:
        """The choice in words, for whoever signs it."""
        return " ".join(self.record.paragraph)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return self.record.to_dict()

    def to_frame(self) -> Any:
        """One row per arm, cheapest first: a pandas frame where pandas is installed, else an Arrow table."""
        rows = []
        for a in self.record.arms:
            row: dict[str, Any] = {"arm": a.name}
            for name in ("expected_cost", "saving", "average_precision", "recall", "calibration_top"):
                value = getattr(a, name) or Interval(np.nan, np.nan, np.nan)
                row |= {name: value.estimate, f"{name}_low": value.low, f"{name}_high": value.high}
            names = ("fit_rows", "fit_seconds", "p50", "p99", "size", "front")
            rows.append(row | {name: getattr(a, name) for name in names})
        if available("pandas") is None:
            import pandas as pd

            return pd.DataFrame(rows)
        import pyarrow as pa

        return pa.Table.from_pylist(rows)

    def plot(self, ax: Any = None) -> Any:
        """Cost a row against the time of a single-row answer, with the front; the matplotlib axes."""
        return ABOVE["plot"](self.record, ax)

    def __str__(self) -> str:
        return self.paragraph


def trade_off(
    X: Any,
    y: Any,
    *,
    costs: Any,
    alerts: AlertBudget | None = None,
    learner: str = "lightgbm",
    treatments: Sequence = TREATMENTS,
    arms: Mapping[str, Any] | None = None,
    **options: Any,
) -> TradeOff:
    """Judge treatments of one learner, and the cascade, by what they bring and by what they cost.

    Scores out of fold are computed once, by `compare`; cost, recall, calibration and their intervals are read from
    them. Each arm is then fitted once on all rows, as it would be deployed, and timed. Cost: `compare` and a fit per
    arm.

    Parameters
    ----------
    X, y
        As in `compare`.
    costs : CostMatrix or mapping
        Money per row.
    alerts : AlertBudget, optional
        For "recall at the budget"; default the best 1 % of the rows.
    learner : str, default="lightgbm"
    treatments : sequence, default=TREATMENTS
        Plain, class weights, negative sampling at three ratios, SMOTE-ENN, SMOTE-ENN and ADASYN each to a tenth with
        class weights for the rest. Plain ("none") is always among them.
    arms : mapping of str to classifier, optional
        Further arms under names of their own. Default: "cascade", a `CascadeClassifier` with the learner as its second
        stage. An empty mapping leaves it out.
    **options
        As in `compare`, but for learners and treatments: every row is decided by expected cost. `decision` may be a
        `TierPolicy`, whose tiers are then cut for each arm and priced.

    Returns
    -------
    TradeOff

    Raises
    ------
    InputError
        As `compare`.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.decisions import CostMatrix
    >>> X = np.random.default_rng(0).normal(size=(2000, 2))
    >>> y = np.random.default_rng(1).random(2000) < 1 / (1 + np.exp(3 - X[:, 0]))
    >>> found = trade_off(
    ...     X, y, costs=CostMatrix(fp=1, fn=20), learner="logistic_regression", treatments=["class_weight"], arms={}
    ... )
    >>> found.champion
    'logistic_regression+none'
    """
    if isinstance(options.get("decision"), AlertBudget):
        raise InputError("Name the budget that recall is judged at as `alerts`; `decision` may be a TierPolicy.")
    _by_cost(options.get("decision"))
    arms_of = preset(learner, treatments, arms)
    comparison = compare(X, y, learners=arms_of, costs=costs, **options)
    return trade_off_of(comparison, alerts=alerts)


def preset(
    learner: str = "lightgbm", treatments: Sequence = TREATMENTS, arms: Mapping[str, Any] | None = None
) -> list[Arm]:
    """The arms of a trade-off, plain first."""
    others = {CASCADE: CascadeClassifier(judge=learner)} if arms is None else dict(arms)
    own = [make_arm((learner, t)) for t in ("none", *treatments)]
    return [*{a.name: a for a in own}.values(), *(_arm(name, made) for name, made in others.items())]


def _arm(name: str, made: Any) -> Arm:
    """A classifier as an arm under a name of its own; one of ours as its learner and treatment.

    Those are fitted, calibrated and decided by the comparison once, and compiled.
    """
    if not isinstance(made, RareClassifier) or (isinstance(made.estimator, str) and made.estimator == "auto"):
        return Arm(made, label=name)
    auto = isinstance(made.treatment, str) and made.treatment == "auto"
    return Arm(made.estimator, make_treatment("none" if auto else made.treatment), label=name)


def preset_options(options: Mapping[str, Any], costs: Any) -> tuple[dict[str, Any], AlertBudget | None]:
    """Options of `compare` for a trade-off, and the budget that recall is judged at, from those of the command line."""
    if costs is None:
        raise InputError(_NO_COSTS)
    decision, learner = options.get("decision"), options.get("learners", "auto")
    _by_cost(decision)
    if not isinstance(learner, str) or "," in learner:
        raise InputError(f"A trade-off is about one learner; got {learner!r}. Name one with `learners`, or none.")
    named = options.get("treatments", "auto")
    treatments = TREATMENTS if named == "auto" else listed(named, "treatments")
    arms = preset("lightgbm" if learner == "auto" else learner, treatments)
    alerts = decision if isinstance(decision, AlertBudget) else None
    kept = None if alerts is not None else decision
    return {**options, "decision": kept, "learners": arms, "treatments": "auto"}, alerts


def _by_cost(decision: Any) -> None:
    if decision is not None and not isinstance(decision, AlertBudget | TierPolicy):
        raise InputError(
            "A trade-off decides every row by expected cost. Only alert tiers (--tiers), which are cut by it, or an "
            "alert budget (--alert-budget), at which recall is judged, may be named beside it."
        )


def trade_off_of(comparison: Comparison, *, alerts: AlertBudget | None = None) -> TradeOff:
    """The trade-off among the arms that a comparison was asked for; see `trade_off`."""
    design = comparison.design
    if design.rows.costs is None:
        raise InputError(_NO_COSTS)
    results = [r for r in comparison.results if r.name in comparison.asked]
    plain = next((r for r in results if r.name == comparison.baseline), None)
    if plain is None:
        plain = next(
            (r for r in results if r.arm.treatment.label == "none" and isinstance(r.arm.learner, str)), results[0]
        )
    tested = np.flatnonzero(results[0].scores.oof.tested)
    rows = Judged.out_of_fold(design, level=comparison.level, folds=folds_of(design, results[0].scores)).take(tested)
    budget = AlertBudget(rate=TOP) if alerts is None else alerts.with_times(design.rows.times, design.rows.weight)
    timed = _timed_rows(comparison)
    made, lost = [], list[str]()
    with listening(), listen() as heard:
        for r in results:
            try:
                measured = _measured(comparison, r, timed)
            except FIT_ERRORS as error:
                lost.append(f"{r.name} could not be fitted on all rows ({type(error).__name__}: {error}).")
                continue
            made.append(replace(_judged(r, plain, rows, tested, budget, len(results) - 1), **measured))
    if not made:
        raise InputError(f"No arm of the trade-off could be fitted on all rows: {lost[0]}")
    made.sort(key=lambda a: (a.expected_cost.estimate, a.name))
    made = [replace(a, front=not any(_beats(b, a) for b in made)) for a in made]
    sure = [a for a in made if a.saving is not None and a.saving.low > 0]
    champion = sure[0].name if sure else plain.name
    reason = reason_of(made, plain.name, champion)
    nothing = plain.judgement.acted["cost_flag_none"]
    record = TradeOffRecord(
        plain=plain.name,
        champion=champion,
        budget=budget.phrase(),
        reason=reason,
        paragraph=[*paragraph_of(made, plain.name, champion, design.rows.costs, nothing), reason],
        warnings=[*lost, *dict.fromkeys(h.text for h in heard)],
        arms=made,
    )
    return TradeOff(record=record, comparison=comparison)


def _judged(
    r: ArmResult, plain: ArmResult, rows: Judged, tested: np.ndarray, budget: AlertBudget, rivals: int
) -> TradeRecord:
    """What an arm brings, from its scores out of fold; nothing measured yet."""
    z, how = r.logit[tested], rows.interval_options()
    best = decide(budget, rows, z).apply(sigmoid(z))
    saving = None
    if r is not plain:
        level = 1 - (1 - rows.level) / max(rivals, 1)
        spent = _saved(r, plain, rows, tested, level)
        saving = Interval(spent.estimate, spent.low, spent.high, spent.level, spent.method)
    return TradeRecord(
        name=r.name,
        average_precision=r.average_precision,
        recall=confidence_interval("recall", rows.y, best.astype(np.float64), threshold=0.5, **how),
        expected_cost=r.judgement.acted["expected_cost"],
        calibration_top=_calibration_top(rows, z),
        saving=saving,
        fit_seconds=float("nan"),
        p50=float("nan"),
        p99=float("nan"),
        tiers=r.judgement.tiers,
    )


def _saved(r: ArmResult, plain: ArmResult, rows: Judged, tested: np.ndarray, level: float) -> PairedInterval:
    """Money a row that an arm costs less than plain: by flags, or by what each row costs in its tier."""
    if r.judgement.tiers is None:
        acts = (_acted(a, rows, tested) for a in (plain, r))
        how = {**rows.interval_options(), "level": level}
        return paired_difference("expected_cost", rows.y, *acts, threshold=0.5, costs=rows.costs, **how)
    assert rows.costs is not None
    (first, might), (own, moved) = (
        a.judgement.decision.spent(rows.y, sigmoid(a.logit[tested]), rows.costs) for a in (plain, r)
    )
    return paired_loss_difference(
        rows.y,
        first,
        own,
        stake=np.maximum(might, moved),
        level=level,
        groups=rows.groups,
        sample_weight=rows.weight,
        pos_label=True,
    )


def _acted(r: ArmResult, rows: Judged, tested: np.ndarray) -> np.ndarray:
    """Decisions (n,) of an arm, 0 or 1."""
    decision, p = r.judgement.decision, sigmoid(r.logit[tested])
    return (decision.apply(p, rows.costs) if decision.per_row else decision.apply(p)).astype(np.float64)


def _calibration_top(rows: Judged, z: np.ndarray) -> Interval:
    """Observed over expected among the highest probabilities that hold the share `TOP` of the rows."""
    order = np.argsort(-z, kind="stable")
    weight = np.ones(z.size) if rows.weight is None else rows.weight
    held = np.searchsorted(np.cumsum(weight[order]), TOP * weight.sum(), side="left") + 1
    top = rows.take(np.sort(order[:held]))
    if not top.y.any():
        return Interval(0.0, 0.0, float("nan"), rows.level, "no event among them")
    return confidence_interval(
        "observed_to_expected", top.y, sigmoid(z[np.sort(order[:held])]), **top.interval_options()
    )


def _timed_rows(comparison: Comparison) -> tuple[list[dict[str, Any]], RowCosts | None]:
    """Development rows as mappings, spread evenly, and their costs where each row has its own."""
    rows, dev = comparison.design.rows, comparison.design.split.dev
    some = dev[evenly(dev.size, TIMED)]
    own = costs_at(rows.costs, some)
    return rows.features.take(some).to_pylist(), own if isinstance(own, RowCosts) else None


def _measured(
    comparison: Comparison, r: ArmResult, timed: tuple[Sequence[Mapping[str, Any]], RowCosts | None]
) -> dict[str, Any]:
    """The arm fitted on all rows: rows, seconds, microseconds of an answer and bytes."""
    wanted = Wanted(arm=r.arm, rule=r.judgement.decision.rule)
    members = members_of([a.scores for a in comparison.results]) if r.arm.is_blend else [r.scores]
    model = fit_champion(comparison.design, r, members, wanted)
    speed = ABOVE["speed"](model, *timed)
    arm, gate = model.model_.arm, model.model_.evidence.get("gate", {})
    if gate and gate["asked"] is not None and gate["recall"] < gate["asked"]:
        warnings.warn(
            f"{r.name}: {gate['events']:,} events cannot guarantee a gate recall of {gate['asked']:g}; its gate keeps "
            f"at least {gate['recall']:.3f} of them with confidence {gate['confidence']:g}.",
            ShortfallWarning,
            stacklevel=2,
        )
    return {
        "fit_rows": arm.rows,
        "fit_seconds": arm.seconds,
        "p50": speed.p50,
        "p99": speed.p99,
        "size": speed.size,
        "why_not": speed.why_not,
    }


def _beats(b: TradeRecord, a: TradeRecord) -> bool:
    """Whether b is no dearer and no slower than a, and one of the two better."""
    ours, theirs = (b.expected_cost.estimate, b.p50), (a.expected_cost.estimate, a.p50)
    return ours != theirs and ours[0] <= theirs[0] and ours[1] <= theirs[1]
