"""What a rule decided: the threshold, what it is expected to bring, why, and how it is applied."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.decisions.costs import CostsLike, costs_of_rows
from rareclass.decisions.moving import PrevalenceLimits, surely_moved
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.saved import RULES, decision_fields, decision_to_dict
from rareclass.errors import CostError, InputError
from rareclass.metrics.costs import cost_columns
from rareclass.metrics.curve import ThresholdCurve


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A cut and what it is expected to bring on rows like those it was chosen on.

    A row is flagged iff its score >= `threshold`. All rates were measured on the rows that the threshold was chosen
    on, so they are a little too good (least for `MinimumCost`, whose threshold follows from the costs); take
    intervals from rows that were held back.

    Attributes
    ----------
    rule : DecisionRule
    threshold : float
        On the scale of the scores given; +inf flags none. With costs by row the threshold of the mean costs, which
        `apply` does not use; NaN where they leave none.
    expected_cost : float or None
        Mean cost per row, None where no costs are known.
    alert_rate, recall, precision, false_positive_rate : float
        Share of rows flagged, of positives flagged, of alerts that are positive, of negatives flagged. NaN where
        undefined.
    prevalence, rows, events : float
        Of the rows it was chosen on.
    value : float
        What the rule optimises or bounds: the metric, the rate, the cost or the number of alerts.
    interval : (float, float) or None
        Where the threshold falls when the rows are drawn again (bootstrap within each class), at `level`.
    level : float
    why : str
        One sentence for the user.
    shift : float
        Log-odds by which the prevalence has moved since (`at_prevalence`); used by decisions with costs by row.

    Examples
    --------
    >>> from rareclass.decisions import MinimumCost, CostMatrix, best_threshold
    >>> chosen = best_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], MinimumCost(CostMatrix(fp=1, fn=4)))
    >>> chosen.threshold, chosen.apply([0.1, 0.2]).tolist()
    (0.2, [False, True])
    """

    rule: Any  # a DecisionRule; its module imports this one
    threshold: float
    expected_cost: float | None = None
    alert_rate: float = float("nan")
    recall: float = float("nan")
    precision: float = float("nan")
    false_positive_rate: float = float("nan")
    prevalence: float = float("nan")
    rows: float = float("nan")
    events: float = float("nan")
    value: float = float("nan")
    interval: tuple[float, float] | None = None
    level: float = 0.95
    why: str = ""
    shift: float = 0.0

    @property
    def per_row(self) -> bool:
        """Whether every row is decided by its own costs."""
        return self.rule.per_row

    def apply(
        self,
        y_proba: ArrayLike,
        costs: CostsLike | None = None,
        *,
        periods: ArrayLike | None = None,
        entities: ArrayLike | None = None,
        keys: ArrayLike | None = None,
    ) -> np.ndarray:
        """Which rows are flagged.

        Parameters
        ----------
        y_proba : array-like of shape (n,)
            Scores on the scale that the decision was made on: calibrated probabilities for `MinimumCost`.
        costs : RowCosts or mapping, optional
            Costs of these rows, for decisions with costs by row.
        periods : array-like of shape (n,), optional
            Period (day, run, group) of each row, for alert budgets: the best rows of each are flagged, exactly as
            many as the budget allows. One label for all puts the rows into one period. Without periods every row is
            compared with `threshold`, so that rows one by one, in batches and as a whole are flagged alike.
        entities : array-like of shape (n,), optional
            Entity of each row, for budgets that count entities.
        keys : array-like of shape (n,), optional
            Row identifiers that settle ties within periods, so that the answer does not depend on the order of
            rows. Without them earlier rows win.

        Returns
        -------
        ndarray of shape (n,), bool

        Raises
        ------
        InputError
            NaN scores; costs missing where they are needed, or given where they would be ignored.
        """
        score = _check.number_array(y_proba, "y_proba", allow_infinite=True)
        grouping = Grouping(periods, entities, keys)
        if self.per_row:
            return self._apply_costs(score, costs, grouping)
        if costs is not None:
            raise CostError(
                "This decision uses one threshold for all rows; the costs given here would have no effect. Leave them "
                "out, or decide anew for them: `decision.at_costs(costs)`."
            )
        return np.asarray(self.rule.flag(score, self.threshold, grouping))

    def _apply_costs(self, proba: np.ndarray, costs: CostsLike | None, grouping: Grouping) -> np.ndarray:
        if costs is None:
            raise CostError(
                "This decision weighs each row by its own costs, which were not given: pass those of these rows as "
                "`costs` (--cost-columns on the command line)."
            )
        own = costs_of_rows(costs, proba.size)
        _check_probability(proba)
        return np.asarray(self.rule.flag_by_costs(proba, own, self.shift, grouping))

    def priced(self, y_proba: np.ndarray, costs: CostsLike) -> CostsLike:
        """Costs by which its outcomes on rows (n,) with these probabilities are priced: `costs`, or those in tiers."""
        found: CostsLike = self.rule.priced(y_proba, costs)
        return found

    def spent(self, y: np.ndarray, y_proba: np.ndarray, costs: CostsLike) -> tuple[np.ndarray, np.ndarray]:
        """What rows (n,) with Boolean labels `y` cost by it, and by how much the other answer would change that."""
        flagged = self.apply(y_proba, costs if self.per_row else None)
        priced = cost_columns(self.priced(y_proba, costs), y.size)
        return priced.loss(y, flagged), np.abs(np.where(y, priced.fn - priced.tp, priced.fp - priced.tn))

    def at_prevalence(self, prevalence: float | PrevalenceLimits, *, curve: ThresholdCurve | None = None) -> "Decision":
        """The decision for the same, unshifted scores where the share of positives has become `prevalence`.

        An estimate with its limits (of `rareclass.calibration.estimate_prevalence`) moves nothing while the limits
        hold the prevalence that the decision was made at, and less than all the way where they nearly do: following
        the noise of an estimate costs more than staying. A number is taken as known.

        Nothing is refitted: rows of each class are taken to score as before. For `MinimumCost` the threshold moves
        by the change of log-odds; equivalently, keep it and move the probabilities with
        `rareclass.calibration.prior_shift` (do not do both). Recall and false-positive floors and caps keep their
        threshold. Every other rule chooses again on `curve`, reweighted to the new prevalence.

        Parameters
        ----------
        prevalence : float in (0, 1), or an estimate with `estimate`, `low` and `high`
        curve : ThresholdCurve, optional
            Of the rows that the decision was chosen on.

        Raises
        ------
        InputError
            The rule depends on the prevalence and no curve is given.
        """
        if isinstance(prevalence, PrevalenceLimits):
            new = surely_moved(self.prevalence, prevalence)
            if new == self.prevalence:
                limits = f"{prevalence.estimate:.4g} [{prevalence.low:.4g}, {prevalence.high:.4g}]"
                kept = f"The estimated prevalence, {limits}, holds that of the decision, {new:.4g}: it stays."
                return replace(self, why=f"{self.why} {kept}")
        else:
            new = _check.fraction(prevalence, "prevalence", closed="neither")
        return self.rule.move_prevalence(self, new, curve)

    def at_costs(self, costs: CostsLike, *, curve: ThresholdCurve | None = None) -> "Decision":
        """The decision of least expected cost for other costs, on the same calibrated probabilities.

        Parameters
        ----------
        costs : CostMatrix, RowCosts or mapping
        curve : ThresholdCurve, optional
            Of the rows that the decision was chosen on; without it the rates at the new threshold are unknown (NaN).
        """
        rule = RULES["minimum_cost"](costs)
        moved: Decision = rule.decide_at(curve, prevalence=self.prevalence, shift=self.shift)
        return moved

    def with_interval(self, interval: tuple[float, float] | None, level: float) -> "Decision":
        """The same with a threshold interval."""
        return replace(self, interval=interval, level=level)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: NaN becomes null, infinity the string "inf" or "-inf"."""
        return decision_to_dict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "Decision":
        """Rebuild a decision from the values of `to_dict`. Costs by row are not stored; `apply` asks for them."""
        return cls(**decision_fields(state))


def _check_probability(proba: np.ndarray) -> None:
    if proba.size and (proba.min() < 0 or proba.max() > 1):
        raise InputError(
            f"Costs need calibrated probabilities in [0, 1]; got scores from {proba.min():g} to {proba.max():g}."
        )
