"""From balanced scores to probabilities at the real prevalence, and the prediction methods that all ensembles share."""

from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.utils.validation import check_is_fitted

# Log-odds stay finite where every member votes alike: no ensemble can tell a probability below this from nothing.
_SMALLEST = 1e-12


class RealPrevalence:
    """Prediction methods of a balanced ensemble.

    An author writes `_balanced(X) -> (n, K)`, the probabilities at the prior of the drawn samples, and sets
    `prior_shift_` (K,) = log(real class mass / drawn class mass) in `fit`; then Bayes' rule gives the rest::

        P(k | x, real) is proportional to P(k | x, drawn) * exp(prior_shift_[k])
    """

    classes_: np.ndarray
    prior_shift_: np.ndarray
    corrected: bool

    def _balanced(self, X: Any) -> np.ndarray:
        raise NotImplementedError

    def _shift(self, X: Any) -> np.ndarray:
        """Log of real over drawn class mass: (K,), or (n, K) where the sampling depends on the row."""
        return self.prior_shift_

    def balanced_proba(self, X: Any) -> np.ndarray:
        """Class probabilities (n, K) at the prior of the drawn, balanced samples: imbalanced-learn's `predict_proba`.

        They rank rows as `predict_proba` does, and are far too high for the rare class when read as probabilities.
        """
        check_is_fitted(self)
        return self._balanced(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities (n, K), columns in the order of `classes_`.

        At the prevalence of the training data when ``corrected=True`` (the default), else `balanced_proba`.
        """
        balanced = self.balanced_proba(X)
        return to_real_prevalence(balanced, self._shift(X)) if self.corrected else balanced

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Log of `predict_proba` (n, K); minus infinity where a probability is 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds (nats) of `predict_proba`: (n,) for two classes, log-probabilities (n, K) for more; finite.

        Zero is even odds at the real prevalence. `predict` cuts elsewhere: where the balanced score is one half.
        """
        probability = np.clip(self.predict_proba(X), _SMALLEST, 1.0)
        log = np.log(probability)
        return log[:, 1] - log[:, 0] if log.shape[1] == 2 else log

    def predict(self, X: Any) -> np.ndarray:
        """The class with the largest balanced score (n,), as imbalanced-learn predicts.

        For two classes that flags every row whose real probability is above the training prevalence. It treats a
        missed event as (1 - prevalence) / prevalence times as bad as a false alarm; for your own costs or alert budget
        use `rareclass.decisions` on `predict_proba`.
        """
        return self.classes_.take(self.balanced_proba(X).argmax(axis=1))


def to_real_prevalence(balanced: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Probabilities (n, K) after moving the log-odds by `shift`, (K,) or (n, K)."""
    scaled = balanced * np.exp(shift - shift.max(axis=-1, keepdims=True))
    total = scaled.sum(axis=1, keepdims=True)
    return np.divide(scaled, total, out=balanced.copy(), where=total > 0)


def prior_shift(real: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """log(real share / drawn share) of each class (K,), centred so that drawing in proportion gives zeros."""
    drawn = np.maximum(drawn, np.finfo(float).tiny)
    return np.log(real / real.sum()) - np.log(drawn / drawn.sum())


def member_proba(member: Any, X: Any, n_classes: int) -> np.ndarray:
    """Probabilities (n, K) of a member trained on class codes; 0 for classes it never saw, votes where it has none.

    scikit-learn's AdaBoost reports a squashed vote share. Its log-odds are the weighted votes themselves (Zhu et al.
    2009, equation 12 with the step (K - 1)^2 / K of its proof; Friedman et al. 2000 for two classes).
    """
    fitted = member[-1] if hasattr(member, "steps") else member
    codes = np.asarray(fitted.classes_ if hasattr(fitted, "classes_") else member.classes_).astype(np.intp)
    out = np.zeros((X.shape[0], n_classes))
    if type(fitted) is AdaBoostClassifier and codes.size > 1:
        out[:, codes] = _boosted_votes(member.decision_function(X), float(fitted.estimator_weights_.sum()))
    elif hasattr(member, "predict_proba"):
        out[:, codes] = member.predict_proba(X)
    else:
        out[np.arange(out.shape[0]), np.asarray(member.predict(X)).astype(np.intp)] = 1.0
    return out


def _boosted_votes(decision: np.ndarray, total: float) -> np.ndarray:
    if decision.ndim == 1:
        decision = np.column_stack([-decision, decision]) / 2
    size = decision.shape[1]
    return softmax(decision * (total * (size - 1) / size))


def softmax(score: np.ndarray) -> np.ndarray:
    """Rows of exponentials that sum to one, without overflow."""
    e = np.exp(score - score.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
