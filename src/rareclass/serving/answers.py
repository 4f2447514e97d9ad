"""One pass over the rows of a request: log-odds, probability, decision, tier and reasons, of one version of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rareclass.scoring.cut import Cut
from rareclass.scoring.reasons import Reason, for_rows
from rareclass.serving.asked import ALL, NONE
from rareclass.serving.errors import sentenced, wrong
from rareclass.serving.together import Scored, scored

if TYPE_CHECKING:
    from rareclass.serving.models import Served
    from rareclass.serving.requests import Request


@dataclass(slots=True, kw_only=True)
class Answers:
    """What a model says about the n rows of a request.

    Attributes
    ----------
    probability, logit : ndarray of shape (n,), float64
    alert : ndarray of shape (n,), bool
    tier : ndarray of shape (n,) or None
        Names; None for models without tiers.
    reasons : list or None
        Of each row its reasons, None for rows that were not explained; None where no row was to be.
    unknown : dict
        Number of values of each category that training never saw.
    slices : list of str or None, or None
        The slice of each row, None where it is missing; None where nothing says the slices.
    """

    probability: np.ndarray
    logit: np.ndarray
    alert: np.ndarray
    tier: np.ndarray | None
    reasons: list[list[Reason] | None] | None
    unknown: dict[str, int]
    slices: list[str | None] | None


def answer(served: "Served", request: "Request", *, threads: int = 1, known: Scored | None = None) -> Answers:
    """What the model says about the rows of a request, whose log-odds and probabilities may be known already.

    Stored thresholds decide: alert budgets and the capacities of tiers are kept on average. A decision by row takes the
    costs of the request.

    Raises
    ------
    Refused
        400: costs are lacking, or have no place; a model that takes no missing values got one; or there are no reasons,
        as the model is not compiled.
    """
    scorer, rows = served.scorer, request.rows
    with sentenced:
        logit, probability = scored(scorer, rows.matrix, threads=threads) if known is None else known
        alert, tier = _decided(scorer.cut, probability, request.costs)
        reasons = _reasons(served, request, alert, logit, threads)
    return Answers(
        probability=probability,
        logit=logit,
        alert=alert,
        tier=tier,
        reasons=reasons,
        unknown=rows.unknown,
        slices=_slices(served, request),
    )


def _decided(cut: Cut, probability: np.ndarray, costs: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Which rows are alerts, and the tier of each where there are tiers."""
    if probability.size == 0:
        return np.empty(0, dtype=bool), None if cut.tiers is None else np.empty(0, dtype=object)
    if cut.per_row:
        _refuse_lacking(costs)
    elif costs is not None:
        raise wrong("This model decides all rows by one threshold; leave `costs` out.")
    if cut.tiers is None:
        return cut.flag(probability, costs), None
    places = cut.tiers.places(probability, costs)
    return places > 0, cut.tiers.policy.named(places)


def _refuse_lacking(costs: Mapping[str, np.ndarray] | None) -> None:
    if costs is None or not {"fp", "fn"} <= costs.keys():
        raise wrong(
            "This model weighs each row by its own costs. Give those of these rows as `costs`, an object with fp and "
            "fn (and tp, tn): a number, or a list of one number a row."
        )


def _reasons(
    served: "Served", request: "Request", alert: np.ndarray, logit: np.ndarray, threads: int
) -> list[list[Reason] | None] | None:
    if request.explain == NONE:
        return None
    if served.scorer.why_no_reasons:  # said whether or not there is an alert among the rows
        raise wrong(f"There are no reasons: {served.scorer.why_no_reasons}. Leave `explain` and the output out.")
    chosen = np.arange(alert.size) if request.explain == ALL else np.flatnonzero(alert)
    if not chosen.size:
        return [None] * alert.size
    X = request.rows.matrix[chosen]
    given = served.scorer.explain_of(X, request.rows.values(chosen), threads=threads, known=logit[chosen])
    return for_rows(given, chosen, alert.size)


def _slices(served: "Served", request: "Request") -> list[str | None] | None:
    found = None if served.slice_column is None else request.rows.texts(served.slice_column)
    return [request.slice] * len(request.rows) if found is None and request.slice is not None else found
