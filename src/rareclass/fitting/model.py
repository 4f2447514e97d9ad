"""The unit that is deployed: encoder, fitted arm, calibration and decision for one rare class."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema
from rareclass.decisions.costs import CostMatrix
from rareclass.decisions.decision import Decision
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tier_rates import TierTable
from rareclass.decisions.tier_rule import ByTiers
from rareclass.decisions.tiers import TierCuts
from rareclass.errors import UndefinedWarning
from rareclass.fitting.arm import FittedArm
from rareclass.fitting.as_fitted import say_over_corrected
from rareclass.fitting.policy import say_tried
from rareclass.fitting.sample import RowSample
from rareclass.fitting.slices import Slices
from rareclass.kernels.logits import sigmoid
from rareclass.uncertainty.interval import confidence_interval

POLICY = (
    "Why this model: nothing beats the data as they are surely enough to be a default (evidence 'balancing-elor', "
    "'smote-threshold'), and with few events no one knows beforehand which learner ranks best; so several guarded "
    "ones are blended, with weights from their scores out of fold: those that did best together on families of public "
    "tables that had no say in the choice (docs/figures.md)."
)
MOST_DRIVERS = 5
EQUAL_COSTS = CostMatrix(fp=1.0, fn=1.0)


@dataclass(frozen=True, kw_only=True)
class FittedModel:
    """Everything that turns a row into a calibrated probability and a decision.

    Attributes
    ----------
    schema : Schema
    encoder : TableEncoder
    arm : FittedArm
    calibrator : Calibrator
    decision : Decision
    rule : DecisionRule or None
        The rule that chose the decision; None when nothing was asked for.
    pos_label : label
    classes : tuple
        All labels of the training data.
    evidence : dict
        Rows, events, observed/expected and Brier skill out of fold, sum of weights and weighted prevalence where rows
        have weights; what drives the model, where that was measured.
    calibration_uncertainty : CalibrationUncertainty or None
        How far level and slope of the calibration may be wrong; None where nothing was held out to calibrate on.
    slices : Slices or None
        Shifts by slice; None where none were asked for.
    oof_logit : ndarray of shape (n,)
        Calibrated out-of-fold log-odds, NaN where never tested; empty after loading.
    oof_deployed : ndarray of shape (n,)
        In order of time, these scores by the calibration that is deployed: what the model says of such rows, where
        `oof_logit` is what it may be judged by, and leaves the first part uncalibrated. Else empty, as after loading.
    oof_y : ndarray of shape (n,), bool
        The labels of these rows; empty after loading.
    oof_row : ndarray of shape (n,), int
        Which rows of the table that was fitted on these are (all but those of weight zero); empty after loading.
    sample : RowSample or None
        A few of these rows, on which it is measured what drives the model; None after loading.
    """

    schema: Schema
    encoder: TableEncoder
    arm: FittedArm
    calibrator: Any
    decision: Decision
    rule: DecisionRule | None
    pos_label: Any
    classes: tuple[Any, ...]
    evidence: dict[str, Any]
    calibration_uncertainty: CalibrationUncertainty | None = None
    slices: Slices | None = None
    oof_logit: np.ndarray = field(default_factory=lambda: np.empty(0))
    oof_deployed: np.ndarray = field(default_factory=lambda: np.empty(0))
    oof_y: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))
    oof_row: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    sample: RowSample | None = None

    @property
    def tiers(self) -> TierCuts | None:
        """Alert tiers, where the decision is by tiers: then every tier but the first is flagged."""
        return self.decision.rule.cuts if isinstance(self.decision.rule, ByTiers) else None

    def logit(self, table: pa.Table) -> tuple[np.ndarray, dict[str, int]]:
        """Calibrated log-odds (n,) of the event, and the number of values of each column that training never saw.

        Raises
        ------
        SchemaError
            When a column is missing or holds another kind of values.
        """
        self.schema.check(table)
        encoded = self.encoder.transform(table)
        return self.logit_of(encoded.matrix), encoded.unknown_counts

    def logit_of(self, X: np.ndarray) -> np.ndarray:
        """Calibrated log-odds (n,) of encoded rows (n, d)."""
        found = np.asarray(self.calibrator.predict_logit(self.arm.logit(X)))
        return found if self.slices is None else self.slices.apply(found, X)

    def summary(self) -> str:
        """What was done to the training data, how it was undone, and how well calibrated the result is."""
        e, f = self.evidence, self.arm
        how = [f"shift {f.shift:+.3f} log-odds"] if f.shift else []
        how += [] if f.exact else ["not exact"]
        extra = f" ({', '.join(how)})" if how else ""
        lines = [f"Model: {f.name}, {f.note}.", f"Way back: {f.restoration}{extra}."]
        if f.arm.is_blend:
            lines.insert(1, f"{POLICY} Their fits on all rows took {f.seconds:.3g} s together.")
        tried = say_tried(e.get("tried", ()), e.get("not_tried", ""))
        lines += [line for line in (tried, say_over_corrected(e.get("over_corrected"))) if line]
        if e.get("rows"):
            why = getattr(self.calibrator, "why_", "").partition(": ")[2]
            moved = (
                f" Before it, the scores of the fit on all rows are moved by {f.level:+.3f} log-odds: on new rows it "
            )
            weighted = f", weighted (sum of weights {e['weight']:,.0f})" if "weight" in e else ""
            level = f"{moved}then expects as many events as the fits of the folds did." if f.level else ""
            lines += [
                f"Calibration: {type(self.calibrator).__name__}, from {e['rows']:,} out-of-fold rows with "
                f"{e['events']:,} events{weighted}." + (f" Chosen on scores with {why}" if why else "") + level,
                f"Out of fold: {_said('observed/expected', e, 'observed_to_expected')}, "
                f"{_said('calibration slope', e, 'calibration_slope')}, {_said('Brier skill', e, 'brier_skill')} "
                "(95 % intervals; 1, 1 and above 0 are right).",
            ]
        else:
            lines.append(
                "Calibration: none, too few events or groups to hold any out; "
                "probabilities are as the learner gave them."
            )
        if self.slices is not None:
            lines.append(f"Slices: {self.slices.said}")
        return "\n".join([*lines, *_drivers(e.get("drivers")), f"Decision: {self.decision.why}", *_tiers(e)])


def equal_costs_decision() -> Decision:
    """Flag from a probability of one half on: what is done when nothing was asked for."""
    return MinimumCost(EQUAL_COSTS).decide_at(None, prevalence=float("nan"), shift=0.0)


def calibration_evidence(
    y: np.ndarray, logit: np.ndarray, weight: np.ndarray | None, groups: np.ndarray | None = None
) -> dict[str, Any]:
    """Observed over expected, calibration slope and Brier skill, with 95 % intervals, of calibrated log-odds held out.

    With `groups` the intervals count groups, not rows.
    None where a number has no value: the slope of equal or of perfectly separating probabilities.
    """
    p = sigmoid(logit)
    how: dict[str, Any] = {"sample_weight": weight, "groups": groups}
    found = (_with_limits(name, y, p, how) for name in ("observed_to_expected", "calibration_slope", "brier_skill"))
    return {"rows": int(y.size), "events": int(y.sum())} | {k: v for part in found for k, v in part.items()}


def _with_limits(metric: str, y: np.ndarray, p: np.ndarray, how: Mapping[str, Any]) -> dict[str, float | None]:
    """Estimate and 95 % limits under the metric's name; None where they do not exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedWarning)
        found = confidence_interval(metric, y, p, **how)
    numbers = {metric: found.estimate, f"{metric}_low": found.low, f"{metric}_high": found.high}
    return {k: float(v) if np.isfinite(v) else None for k, v in numbers.items()}


def _said(name: str, e: dict[str, Any], key: str) -> str:
    """An estimate of the evidence with its limits, in words."""
    value, low, high = (e.get(k) for k in (key, f"{key}_low", f"{key}_high"))
    if value is None:
        return f"{name} undefined"
    return f"{name} {value:.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def _tiers(e: Mapping[str, Any]) -> list[str]:
    """What each alert tier holds out of fold, as a table; nothing where there are no tiers."""
    return [f"Tiers out of fold, with 95 % intervals:\n{TierTable.from_dict(e['tiers'])}"] if e.get("tiers") else []


def _drivers(found: Mapping[str, Any] | None) -> list[str]:
    """What drives the model (`DriversRecord.evidence`), in a line; none where it was not measured."""
    if not found or not found["columns"]:
        return []
    named = [
        f"{c['name']} {_said('', {'v': e['estimate'], 'v_low': e['low'], 'v_high': e['high']}, 'v').strip()}"
        for c in found["columns"][:MOST_DRIVERS]
        for e in [c["events"]]
    ]
    mean = "weighted mean" if found.get("weighted") else "mean"
    return [
        f"What drives it: {'; '.join(named)} ({mean} absolute contribution to the log-odds of {found['events']:,} "
        f"events of the {found['part']}, 95 % intervals; no causes)."
    ]
