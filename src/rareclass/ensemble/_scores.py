"""From balanced scores to probabilities at the real prevalence, and the prediction methods that all ensembles share."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.utils.validation import check_is_fitted

from rareclass import _types
from rareclass.ensemble._correction import Correction, cross_fitted, fit_correction, judged_rows
from rareclass.ensemble._training import Training
from rareclass.errors import ShortfallWarning

# Fewer left-out rows of a class than this say nothing about it.
_UNSEEN = 5
# Log-odds stay finite where every member votes alike: no ensemble can tell a probability below this from nothing.
_SMALLEST = 1e-12


class RealPrevalence:
    """Prediction methods of a balanced ensemble.

    An author writes `_balanced(X) -> (n, K)`, the probabilities at the prior of the drawn samples, and sets
    `prior_shift_` (K,) = log(real class mass / drawn class mass) in `fit`; then Bayes' rule gives the rest::

        P(k | x, real) is proportional to P(k | x, drawn) * exp(prior_shift_[k])

    With ``corrected=True`` the shift is then checked on rows that the voters did not see, and moved: `correction_`.
    """

    gives_logit = True

    classes_: np.ndarray
    prior_shift_: np.ndarray
    correction_: Correction
    corrected: bool | str

    def _balanced(self, X: _types.Rows) -> np.ndarray:
        raise NotImplementedError

    def balanced_proba(self, X: _types.Rows) -> np.ndarray:
        """Class probabilities (n, K) at the prior of the drawn, balanced samples: imbalanced-learn's `predict_proba`.

        They rank rows as `predict_proba` does, and are far too high for the rare class when read as probabilities.
        """
        check_is_fitted(self)
        return self._balanced(X)

    def predict_proba(self, X: _types.Rows) -> np.ndarray:
        """Class probabilities (n, K), columns in the order of `classes_`.

        At the prevalence of the training data unless ``corrected=False``, which gives `balanced_proba`.
        """
        return self._real(self.balanced_proba(X))

    def _real(self, balanced: np.ndarray) -> np.ndarray:
        if self.corrected is False:
            return balanced
        fitted = self.correction_ if self.corrected is True else None
        return (Correction(shift=self.prior_shift_) if fitted is None else fitted)(balanced)

    def _fit_correction(
        self, training: Training, seed: int, members: int, drawn: np.ndarray, unseen: Callable | None = None
    ) -> None:
        """Set `correction_`, from out-of-bag votes ``unseen(rows) -> (balanced, voters)`` or else by cross-fitting.

        `drawn` (K,) is what a member draws of each class.
        """
        self.correction_ = Correction(shift=self.prior_shift_)
        if self.corrected is not True:
            return
        balanced = None
        if unseen is not None:
            rows, weight = judged_rows(training, seed, drawn, per_class=20_000, per_event=20)
            codes, source = training.codes[rows], "out-of-bag rows"
            votes, voters = unseen(rows)
            known = voters > 0
            # only if rows of all classes were left out often enough to stand for their class
            if np.bincount(codes[known], minlength=training.classes.size).min() >= _UNSEEN:
                codes, balanced = codes[known], votes[known]
                weight = _same_masses(weight, known, training.codes[rows])
        if balanced is None:
            rows, weight = judged_rows(training, seed, drawn, per_class=5_000, per_event=5)
            codes, source = training.codes[rows], "cross-fitted scores"
            balanced = cross_fitted(self, training, rows, seed, self._plain())
        if balanced is not None:
            self.correction_ = fit_correction(balanced, codes, weight, self.prior_shift_, members, source)

    def _set_out_of_bag(self, training: Training, balanced: np.ndarray, voters: np.ndarray) -> None:
        """Set `oob_decision_function_` and `oob_score_` from the votes (n, K) of members that did not draw a row."""
        known = voters > 0
        if not known.all():
            warnings.warn(
                f"Some inputs do not have OOB scores: {int((~known).sum())} of {training.n} rows were drawn by every "
                "member. Use more members, or bootstrap=True.",
                ShortfallWarning,
                stacklevel=3,
            )
        self.oob_decision_function_ = np.where(known[:, None], self._real(balanced), np.nan)
        truth = training.classes[training.codes[known]]
        guess = training.classes[balanced[known].argmax(axis=1)]
        metric = self.oob_score  # type: ignore[attr-defined]
        if callable(metric):
            self.oob_score_ = metric(truth, guess)
        else:
            self.oob_score_ = float((truth == guess).mean()) if known.any() else float("nan")

    def _plain(self) -> dict[str, Any]:
        """Parameters of the clones that are cross-fitted: nothing that only serves reporting or continuing."""
        off = {"oob_score": False, "warm_start": False, "verbose": 0}
        return {name: value for name, value in off.items() if name in self.get_params(deep=False)}  # type: ignore[attr-defined]

    def predict_log_proba(self, X: _types.Rows) -> np.ndarray:
        """Log of `predict_proba` (n, K); minus infinity where a probability is 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def decision_function(self, X: _types.Rows) -> np.ndarray:
        """Log-odds (nats) of `predict_proba`: (n,) for two classes, log-probabilities (n, K) for more; finite.

        Zero is even odds at the real prevalence. `predict` cuts elsewhere: where the balanced score is one half.
        """
        log = np.log(np.clip(self.predict_proba(X), _SMALLEST, 1.0))
        return log[:, 1] - log[:, 0] if log.shape[1] == 2 else log

    def predict(self, X: _types.Rows) -> np.ndarray:
        """The class with the largest balanced score (n,), as imbalanced-learn predicts.

        For two classes that flags every row whose real probability is above the training prevalence. It treats a
        missed event as (1 - prevalence) / prevalence times as bad as a false alarm; for your own costs or alert budget
        use `rareclass.decisions` on `predict_proba`.
        """
        best = self.balanced_proba(X).argmax(axis=1)  # says so where nothing is fitted
        return self.classes_.take(best)


def prior_shift(real: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """log(real share / drawn share) of each class (K,), centred so that drawing in proportion gives zeros."""
    drawn = np.maximum(drawn, np.finfo(float).tiny)
    return np.log(real / real.sum()) - np.log(drawn / drawn.sum())


def member_proba(member: Any, X: _types.Rows, n_classes: int) -> np.ndarray:
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


def _same_masses(weight: np.ndarray, known: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Weights of the known rows, scaled so that each class keeps its mass."""
    full = np.bincount(codes, weights=weight)
    part = np.bincount(codes[known], weights=weight[known], minlength=full.size)
    return weight[known] * (full / part)[codes[known]]
