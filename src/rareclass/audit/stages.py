"""Whether a stage of a cascade is judged on rows that it was fitted on: both stages are replaced by witnesses."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from rareclass.cascade.classifier import CascadeClassifier
from rareclass.cascade.two_stage import TwoStageLearner
from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding

ROWS, EVENTS = 1_200, 120


class Witness(ClassifierMixin, BaseEstimator):
    """Knows by their number, the first column, the rows that it was fitted on, and those of them that it scored."""

    gives_logit = True

    def __init__(self, seen: Any = None) -> None:
        self.seen = seen

    def __sklearn_clone__(self) -> Self:
        return type(self)(self.seen)  # all clones report to one list

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Self:
        self.classes_, self.known_ = np.array([0, 1]), X[:, 0].copy()
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        self.seen.append(int(np.isin(X[:, 0], self.known_).sum()))
        return X[:, 1]


def stage_findings(estimator: BaseEstimator) -> list[Finding]:
    """What is wrong with how the stages of a cascade are fitted; nothing for another estimator.

    The cascade's own learner is fitted on made rows, with witnesses in place of its gate and its judge.
    """
    learner = estimator.estimator if isinstance(estimator, CascadeClassifier) else estimator
    if not isinstance(learner, TwoStageLearner):
        return []
    rng = np.random.default_rng(0)
    z = np.sort(rng.normal(size=ROWS))
    y = rng.permutation(ROWS) < EVENTS
    X = np.column_stack([np.arange(float(ROWS)), z + 2 * y])
    seen: dict[str, list[int]] = {"gate": [], "judge": []}
    stages = {name: Witness(found) for name, found in seen.items()}
    watched = clone(learner).set_params(
        **stages, gate_recall=0.5, confidence=0.9, judge_cost=None, judge_treatment="none", random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        watched.fit(X, y)
    return [
        finding("stage-judges-itself", f"Of {ROWS:,} made rows the {name} scored {max(known):,} that it had seen.")
        for name, known in seen.items()
        if any(known)
    ]
