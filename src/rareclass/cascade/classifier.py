"""The two-stage classifier."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from rareclass import _check
from rareclass.crossfit import take_rows
from rareclass.data.read import read_table
from rareclass.errors import TargetError, TooFewEventsError
from rareclass.fitting.classifier import RareClassifier
from rareclass.kernels.intervals import clopper_pearson
from rareclass.kernels.logits import sigmoid


@dataclass(eq=False, repr=False)
class CascadeClassifier(ClassifierMixin, BaseEstimator):
    """A cheap gate that lets most rows go, and a careful model for the rest.

    When to use: millions of rows of which few deserve an expensive look. When not: when one model is fast enough; the
    gate can only lose events. For two classes.

    Parameters
    ----------
    gate, judge : str or classifier, default="logistic_regression" and "auto"
        First and second stage, as in `RareClassifier`.
    gate_recall : float in (0, 1), default=0.98
        The gate keeps at least this share of the events with confidence `confidence`.
    confidence : float in (0, 1), default=0.95
        One-sided Clopper-Pearson confidence of `gate_recall`, from out-of-fold scores.
    tiers : sequence of float in (0, 1), default=(0.05, 0.5)
        Probabilities at which the alert tiers 1, 2, ... begin.
    random_state : int, default=0
    n_jobs : int, default=1

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, only for frames
    gate_threshold_ : float
        Log-odds of the gate below which a row is let go.
    gate_recall_ : float
        The lower bound of the gate's recall that was reached.
    passed_ : float
        Share of the training rows that passed the gate.
    gated_probability_ : float
        Event rate among the rows that the gate lets go: their probability.

    Notes
    -----
    The second stage is fitted on rows that pass the gate out of fold, so it sees what it will see later. Rows below
    the gate get their own event rate, smoothed by half an event, so that probabilities keep summing to the events.
    A gate that lets only a few negatives through leaves the second stage nothing to learn from; its threshold is then
    lowered until as many negatives as events pass, ten at least.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = rng.random(3000) < 1 / (1 + np.exp(5 - 3 * X[:, 0]))
    >>> c = CascadeClassifier(judge="logistic_regression", gate_recall=0.9).fit(X, y)
    >>> bool(c.gate_recall_ >= 0.9 and c.passed_ < 0.9)
    True
    """

    gate: Any = "logistic_regression"
    judge: Any = "auto"
    _: KW_ONLY
    gate_recall: float = 0.98
    confidence: float = 0.95
    tiers: Any = (0.05, 0.5)
    random_state: int = 0
    n_jobs: int = 1

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the gate, place its threshold, fit the second stage on what passes.

        Raises
        ------
        TooFewEventsError
            When no threshold can guarantee the recall; the message says how many events it takes.
        """
        wanted = _check.fraction(self.gate_recall, "gate_recall", closed="neither")
        confidence = _check.fraction(self.confidence, "confidence", closed="neither")
        steps = [_check.fraction(t, "tiers", closed="neither") for t in self.tiers]
        self.tiers_ = np.array(sorted(steps))
        how: dict[str, Any] = {"random_state": self.random_state, "n_jobs": self.n_jobs}
        self.gate_ = RareClassifier(self.gate, **how).fit(X, y)
        self.classes_ = self.gate_.classes_
        if len(self.classes_) > 2:
            raise TargetError(
                "Only binary classification is supported. The type of the target is multiclass: `y` holds "
                f"{len(self.classes_)} classes."
            )
        self.n_features_in_ = self.gate_.n_features_in_
        if hasattr(self.gate_, "feature_names_in_"):
            self.feature_names_in_ = self.gate_.feature_names_in_
        truth = self.gate_.model_.oof_y
        score = self.gate_.model_.oof_logit
        if np.isnan(score).any():
            raise TooFewEventsError(
                f"The gate is placed by out-of-fold scores, for which {int(truth.sum())} event(s) are too few once "
                "equal rows are kept together. Use RareClassifier."
            )
        self.gate_threshold_, self.gate_recall_ = _place_gate(score, truth, wanted, confidence)
        through = score >= self.gate_threshold_
        self.passed_ = float(through.mean())
        gone = truth[~through]
        self.gated_probability_ = float((gone.sum() + 0.5) / (gone.size + 1.0)) if gone.size else 0.0
        rows = np.flatnonzero(through)
        self.judge_ = RareClassifier(self.judge, pos_label=self.gate_.model_.pos_label, **how).fit(
            take_rows(_rows_of(X), rows), np.ravel(np.asarray(y))[rows]
        )
        return self

    def positive_probability(self, X: Any) -> np.ndarray:
        """Probability (n,) of the event at the real prevalence."""
        check_is_fitted(self, "judge_")
        score = self.gate_.positive_logit(X)
        p = np.full(score.size, self.gated_probability_)
        through = np.flatnonzero(score >= self.gate_threshold_)
        if through.size:
            p[through] = sigmoid(self.judge_.positive_logit(take_rows(_rows_of(X), through)))
        return p

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, 2), columns in the order of `classes_`."""
        check_is_fitted(self, "judge_")
        p = self.positive_probability(X)
        both = np.column_stack([1 - p, p])
        return both if self.classes_[1] == self.gate_.model_.pos_label else both[:, ::-1]

    def predict(self, X: Any) -> np.ndarray:
        """Labels (n,): the event where its probability is at least one half."""
        check_is_fitted(self, "judge_")
        at = 1 if self.classes_[1] == self.gate_.model_.pos_label else 0
        return self.classes_[np.where(self.positive_probability(X) >= 0.5, at, 1 - at)]

    def tier(self, X: Any) -> np.ndarray:
        """Alert tier (n,) of each row: 0 = no alert, then one for each of `tiers` that is reached."""
        return np.searchsorted(self.tiers_, self.positive_probability(X), side="right")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


def _rows_of(X: Any) -> Any:
    """X in a form from which rows can be taken: frames as they are, everything else as an array."""
    if hasattr(X, "iloc") or hasattr(X, "column_names"):
        return X
    return read_table(X) if hasattr(X, "columns") or isinstance(X, dict) else np.asarray(X)


def _place_gate(score: np.ndarray, y: np.ndarray, wanted: float, confidence: float) -> tuple[float, float]:
    """Highest threshold whose recall has a lower bound of at least `wanted`, and that bound.

    No higher than what lets as many negatives as events through, ten at least: the second stage learns from them.
    """
    events = np.sort(score[y])
    n = events.size
    missed = np.arange(n)
    low = np.asarray(clopper_pearson(n - missed, np.full(n, n), confidence, side="lower")[0])
    ok = np.flatnonzero(low >= wanted)
    if not ok.size:
        needed = int(np.ceil(np.log(1 - confidence) / np.log(wanted)))
        raise TooFewEventsError(
            f"{n} events cannot guarantee a gate recall of {wanted:g} with confidence {confidence:g}; "
            f"{needed} events are needed. Lower `gate_recall`."
        )
    negatives = np.sort(score[~y])[::-1]
    enough = negatives[min(max(n, 10), negatives.size) - 1]
    threshold = min(float(events[int(ok.max())]), float(enough))
    return threshold, float(low[int(np.searchsorted(events, threshold, side="left"))])
