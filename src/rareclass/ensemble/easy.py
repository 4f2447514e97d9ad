"""EasyEnsemble: boosted ensembles on many balanced samples."""

from sklearn.base import BaseEstimator
from sklearn.ensemble import AdaBoostClassifier

from rareclass import _types
from rareclass.ensemble.bagging import BalancedBaggingClassifier


class EasyEnsembleClassifier(BalancedBaggingClassifier):
    """Average of boosted ensembles, each trained on all rare rows and its own balanced draw of the others.

    Use it when a single under-sampled booster throws too many negatives away: together the members see
    `n_estimators` times as many. Do not use it with thousands of events, where a guarded booster on all rows ranks
    better and is calibrated. Its cost is `n_estimators` boosted fits on balanced samples.

    Parameters
    ----------
    n_estimators : int, default=10
    estimator : classifier or None, default=None
        None is scikit-learn's `AdaBoostClassifier` (50 stumps).
    warm_start : bool, default=False
    sampling_strategy : float, str, dict or callable, default="auto"
        Rows to draw of each class, imbalanced-learn's grammar for under-sampling.
    replacement : bool, default=False
    n_jobs : int or None, default=None
    random_state : int, RandomState, Generator or None, default=None
    verbose : int, default=0
    corrected : {True, "shift", False}, default=True
        What `predict_proba` returns. True: probabilities at the prevalence of the training data, by the exact shift of
        the prior and then a line fitted on scores cross-fitted in three parts.
        "shift": the exact shift only, which costs nothing. False: balanced scores, as imbalanced-learn returns them.
        `predict` cuts the balanced scores in all cases.

    Attributes
    ----------
    estimators_ : list of Pipeline, steps "sampler" and "classifier"
    classes_, n_classes_, n_features_in_, feature_names_in_, prior_shift_, estimators_samples_, estimators_features_

    References
    ----------
    X.-Y. Liu, J. Wu, Z.-H. Zhou, "Exploratory undersampling for class-imbalance learning", IEEE Transactions on
    Systems, Man, and Cybernetics B 39(2), 2009, algorithm 1. Differences from imbalanced-learn: members that are
    `AdaBoostClassifier` enter with the log-odds of their votes, not with scikit-learn's squashed vote share (which
    lies between 0.27 and 0.73 and is no probability at any prior).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = X[:, 0] + 0.5 * rng.normal(size=3000) > 2.3
    >>> model = EasyEnsembleClassifier(5, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (3000, 2)
    """

    _parameter_constraints: dict = {
        name: BalancedBaggingClassifier._parameter_constraints[name]
        for name in (
            "n_estimators estimator warm_start sampling_strategy replacement n_jobs random_state verbose corrected"
        ).split()
    }

    def __init__(
        self,
        n_estimators: int = 10,
        estimator: BaseEstimator | None = None,
        *,
        warm_start: bool = False,
        sampling_strategy: _types.Strategy = "auto",
        replacement: bool = False,
        n_jobs: int | None = None,
        random_state: _types.Seed = None,
        verbose: int = 0,
        corrected: bool | str = True,
    ) -> None:
        super().__init__(
            estimator=estimator,
            n_estimators=n_estimators,
            bootstrap=False,
            warm_start=warm_start,
            sampling_strategy=sampling_strategy,
            replacement=replacement,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
            corrected=corrected,
        )

    def _default_estimator(self) -> BaseEstimator:
        return AdaBoostClassifier()
