"""Pure scoring: a bundle and rows in, probabilities and decisions out."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Rows
from rareclass.artifact.bundle import Bundle
from rareclass.data.read import read_table
from rareclass.decisions.ranking import Grouping
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.threads import thread_count
from rareclass.scoring.reasons import Reason, ReasonRules, for_rows
from rareclass.scoring.scorer import Scorer


@dataclass(frozen=True)
class Scored:
    """What a bundle says about rows.

    Attributes
    ----------
    probability : ndarray of shape (n,)
        P(event) at the real prevalence.
    alert : ndarray of shape (n,), bool
        Whether the row is flagged by the bundle's decision.
    label : ndarray of shape (n,)
        Predicted label, as it is written in the training data.
    unknown : dict
        Number of values of each column that training never saw.
    tier : ndarray of shape (n,) or None
        Name of the alert tier, of bundles with tiers.
    reasons : list or None
        Of each row the reasons of its score, None where none were asked for.
    """

    probability: np.ndarray
    alert: np.ndarray
    label: np.ndarray
    unknown: dict[str, int]
    _: KW_ONLY
    reasons: list[list[Reason] | None] | None = None
    tier: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which reasons are asked for.

    Parameters
    ----------
    k : int >= 1, default=4
        At most so many for a row.
    rules : ReasonRules, optional
        How they are grouped and worded; by default as the bundle says.
    alerts_only : bool, default=False
    """

    k: int = 4
    rules: ReasonRules | None = None
    alerts_only: bool = False

    def __post_init__(self) -> None:
        _check.whole_number(self.k, "explain", low=1)


def score(
    bundle: Bundle,
    rows: Rows,
    *,
    costs: Mapping[str, ArrayLike] | None = None,
    grouping: Grouping = Grouping(),
    asked: Asked | None = None,
) -> Scored:
    """Score rows with a bundle.

    Parameters
    ----------
    bundle : Bundle
    rows : table, frame or dict of columns
    costs : mapping of arrays (n,), optional
        Costs of these rows, where the decision is by row.
    grouping : Grouping(periods, entities, keys), optional
        For alert budgets: exactly the best rows of each period, as `Decision.apply` says.
    asked : Asked, optional
        Which reasons to give.

    Raises
    ------
    SchemaError
        When a column that the model was trained on is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import RareClassifier
    >>> from rareclass.artifact import Bundle
    >>> from rareclass.serving import score
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> model = RareClassifier(estimator="logistic_regression").fit(X, X[:, 0] > 1)
    >>> score(Bundle(model), X[:3]).probability.shape
    (3,)
    """
    table = read_table(rows)
    encoded = bundle.scorer.encoded(table)
    logit = bundle.scorer.logit_of(encoded.matrix, threads=thread_count())
    probability = sigmoid(logit)
    tiers, tier = bundle.model.model_.tiers, None
    if tiers is None:
        alert = bundle.model.flag(probability, costs=costs, grouping=grouping)
    else:
        places = tiers.places(probability, costs, grouping)
        alert, tier = places > 0, tiers.policy.named(places)
    reasons = None if asked is None else _reasons(bundle.scorer, table, encoded.matrix, logit, alert, asked)
    label, unknown = bundle.model.labels_of(alert), dict(encoded.unknown_counts)
    return Scored(probability, alert, label, unknown, reasons=reasons, tier=tier)


def _reasons(
    scorer: Scorer, table: pa.Table, X: np.ndarray, logit: np.ndarray, alert: np.ndarray, asked: Asked
) -> list[list[Reason] | None]:
    """The reasons of each row of a table, whose encoded matrix is `X`, with these log-odds."""
    chosen = np.flatnonzero(alert) if asked.alerts_only else np.arange(alert.size)
    values = scorer.values(table.take(chosen), X[chosen])
    given = scorer.explain_of(
        X[chosen], values, asked.k, rules=asked.rules, threads=thread_count(), known=logit[chosen]
    )
    return for_rows(given, chosen, alert.size)
