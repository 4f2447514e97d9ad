"""Pure scoring: a bundle and rows in, probabilities and decisions out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rareclass._types import Rows
from rareclass.artifact.bundle import Bundle
from rareclass.data.read import read_table
from rareclass.decisions.ranking import Grouping
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.threads import thread_count


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
    """

    probability: np.ndarray
    alert: np.ndarray
    label: np.ndarray
    unknown: dict[str, int]


def score(
    bundle: Bundle, rows: Rows, *, costs: Mapping[str, ArrayLike] | None = None, grouping: Grouping = Grouping()
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
    encoded = bundle.scorer.encoded(read_table(rows))
    probability = sigmoid(bundle.scorer.logit_of(encoded.matrix, threads=thread_count()))
    alert = bundle.model.flag(probability, costs=costs, grouping=grouping)
    return Scored(probability, alert, bundle.model.labels_of(alert), dict(encoded.unknown_counts))
