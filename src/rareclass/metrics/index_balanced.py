"""The index of balanced accuracy: a metric of labels that rewards classifiers for favouring the positive class."""

import functools
import numbers
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np

from rareclass._sklearn import checks_parameters
from rareclass.metrics._inputs import positive_value
from rareclass.metrics.imbalance import sensitivity_specificity_support


@checks_parameters({"alpha": [numbers.Real], "squared": ["boolean"]})
def make_index_balanced_accuracy(*, alpha: float = 0.1, squared: bool = True) -> Callable[..., Any]:
    """Decorator that turns a metric of labels into its index of balanced accuracy.

    IBA = (1 + alpha * (sensitivity - specificity)) * metric, the metric squared first by default: it rewards
    classifiers that favour the positive class.

    Parameters
    ----------
    alpha : float, default 0.1
        Weight of the dominance sensitivity - specificity.
    squared : bool, default True

    Returns
    -------
    callable
        Takes and returns what the metric does.

    Raises
    ------
    TypeError
        When called, for metrics of scores: dominance needs decisions.

    Notes
    -----
    Garcia, Sanchez, Mollineda (2012), Knowledge-Based Systems 25:13.

    Examples
    --------
    >>> from rareclass.metrics import geometric_mean_score
    >>> iba = make_index_balanced_accuracy(alpha=0.1, squared=True)(geometric_mean_score)
    >>> iba([1, 0, 0, 1, 0, 1], [0, 0, 1, 1, 0, 1], average=None).round(4).tolist()
    [0.4444, 0.4444]
    """
    accepted = set(signature(sensitivity_specificity_support).parameters)

    def decorate(scoring_func: Callable[..., Any]) -> Callable[..., Any]:
        parameters = signature(scoring_func).parameters
        name = getattr(scoring_func, "__name__", repr(scoring_func))

        @functools.wraps(scoring_func)
        def compute_score(*args: Any, **kwargs: Any) -> Any:
            if {"y_score", "y_prob", "y_proba", "y2"} & set(parameters):
                raise TypeError(f"{name} is a metric of scores; the index of balanced accuracy needs one of `y_pred`.")
            bound = signature(scoring_func).bind(*args, **kwargs)
            bound.apply_defaults()
            score = scoring_func(*bound.args, **bound.kwargs)
            chosen = {k: v for k, v in bound.arguments.items() if k in accepted}
            if "average" not in parameters or name in ("accuracy_score", "jaccard_score"):
                chosen["average"] = "binary"
                if chosen.get("pos_label") is None:
                    chosen["pos_label"] = positive_value(chosen["y_true"])[1] if "pos_label" in parameters else 1
            elif chosen["average"] == "multiclass":
                chosen["average"] = "macro"
            if chosen.get("zero_division", "warn") is None:
                del chosen["zero_division"]
            sensitivity, specificity, _ = sensitivity_specificity_support(**chosen)
            base = np.power(score, 2) if squared else score
            return (1.0 + alpha * (sensitivity - specificity)) * base

        return compute_score

    return decorate
