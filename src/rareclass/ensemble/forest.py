"""Balanced random forest: each tree on its own balanced draw."""

import numbers
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Tags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import validate_data

from rareclass import _check, _types
from rareclass._sklearn import StrOptions
from rareclass.ensemble._correction import unseen_votes
from rareclass.ensemble._draws import RandomDraws
from rareclass.ensemble._scores import RealPrevalence, prior_shift
from rareclass.ensemble._training import Training, any_to_add, draw_rows, read_training, rows_to_keep, seed_table
from rareclass.errors import InputError

_TREE_PARAMS = (
    "criterion max_depth min_samples_split min_samples_leaf min_weight_fraction_leaf max_features max_leaf_nodes "
    "min_impurity_decrease ccp_alpha monotonic_cst"
).split()
_BLOCK = 65_536


class BalancedRandomForestClassifier(RandomDraws, RealPrevalence, RandomForestClassifier):
    """Random forest in which every tree is grown on a balanced draw from the classes.

    Use it as a fast, hard-to-break ranker when positives are few and negatives plenty: a tree costs time in proportion
    to the events, not to the rows. Do not use it where thousands of events leave room for boosting, or where negatives
    carry fine structure that draws of a few dozen rows cannot show; `rareclass.learners.RareForestClassifier` keeps
    20,000 negatives for each tree and is the better default for probabilities.

    Probabilities are moved from the prior of the draws to that of the training data, which is exact for the posterior
    of the balanced data. Votes of fully grown trees only approximate that posterior, so for decisions by cost let
    out-of-fold calibration follow (`rareclass.calibration`), or use larger leaves.

    Parameters
    ----------
    n_estimators : int, default=100
    criterion, max_depth, min_samples_split, min_samples_leaf, min_weight_fraction_leaf, max_features, max_leaf_nodes, \
min_impurity_decrease, ccp_alpha, monotonic_cst
        Of each tree, as in scikit-learn's `DecisionTreeClassifier`; `max_features` defaults to "sqrt". A row drawn
        twice counts once for `min_samples_leaf` and twice for the impurity.
    bootstrap : bool, default=False
        Draw a bootstrap from the balanced draw, of `max_samples` rows.
    oob_score : bool or callable, default=False
        Score every row by the trees that did not draw it; a callable is a metric ``f(y, y_pred)``. Works with every
        setting that leaves rows out; a row that each tree drew gets NaN, with a warning.
    sampling_strategy : float, str, dict or callable, default="all"
        Rows to draw of each class, imbalanced-learn's grammar for under-sampling.
    replacement : bool, default=True
        Draw with replacement.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    random_state : int, RandomState, Generator or None, default=None
    verbose : int, default=0
    warm_start : bool, default=False
        Keep the trees of the last fit and add to them.
    class_weight : dict, "balanced", "balanced_subsample" or None, default=None
        Further weights; they are undone in `predict_proba` like the draw.
    max_samples : int, float or None, default=None
        Size of the bootstrap (needs ``bootstrap=True``).
    corrected : {True, "shift", False}, default=True
        What `predict_proba` returns. True: probabilities at the prevalence of the training data, by the exact shift of
        the prior and then a line fitted on out-of-bag rows (cross-fitted where there are none).
        "shift": the exact shift only, which costs nothing. False: balanced scores, as imbalanced-learn returns them.
        `predict` cuts the balanced scores in all cases.

    Attributes
    ----------
    estimators_ : list of DecisionTreeClassifier
        Their labels are class codes 0..K-1.
    classes_, n_classes_, n_features_in_, feature_names_in_, feature_importances_
    prior_shift_ : ndarray (K,)
        Log of real over drawn class share.
    correction_ : Correction
        What `predict_proba` applies; `correction_.how` says it in words.
    samplers_, pipelines_ : lists, made on access
        The under-sampler of each tree, and sampler and tree as a pipeline; nothing is stored twice.
    oob_decision_function_ : ndarray (n, K)
        Out-of-bag `predict_proba`, at the same prevalence.
    oob_score_ : float
        Accuracy of the out-of-bag `predict`, or what the callable returns.

    Raises
    ------
    InputError
        Parameters or data cannot be used; the message says what to change.

    References
    ----------
    C. Chen, A. Liaw, L. Breiman, "Using random forest to learn imbalanced data", report 666, UC Berkeley, 2004.
    Differences from imbalanced-learn: a row is out-of-bag only when a tree drew it zero times, and all undrawn rows
    are (theirs counts a row drawn twice as out-of-bag: noise labels score an AUC of 0.95); draws are integer weights.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.5 * rng.normal(size=5000) > 2.5
    >>> model = BalancedRandomForestClassifier(random_state=0, min_samples_leaf=5).fit(X, y)
    >>> bool(model.balanced_proba(X)[:, 1].mean() > 5 * y.mean())
    True
    >>> bool(model.predict_proba(X)[:, 1].mean() < 2 * y.mean())
    True
    """

    estimators_: list[DecisionTreeClassifier]
    _drawn: np.ndarray
    _parameter_constraints: dict = {
        **RandomForestClassifier._parameter_constraints,
        "bootstrap": ["boolean"],
        "oob_score": ["boolean", callable],
        "random_state": ["random_state", np.random.Generator],
        "sampling_strategy": [numbers.Real, str, dict, callable],
        "replacement": ["boolean"],
        "corrected": ["boolean", StrOptions({"shift"})],
    }

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: str = "gini",
        max_depth: int | None = None,
        min_samples_split: Any = 2,
        min_samples_leaf: Any = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: Any = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = False,
        oob_score: bool | Callable = False,
        sampling_strategy: _types.Strategy = "all",
        replacement: bool = True,
        n_jobs: int | None = None,
        random_state: _types.Seed = None,
        verbose: int = 0,
        warm_start: bool = False,
        class_weight: Mapping[Any, float] | str | None = None,
        ccp_alpha: float = 0.0,
        max_samples: Any = None,
        monotonic_cst: Any = None,
        corrected: bool | str = True,
    ) -> None:
        super().__init__(
            n_estimators=n_estimators,
            criterion=criterion,
            max_depth=max_depth,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            min_weight_fraction_leaf=min_weight_fraction_leaf,
            max_features=max_features,
            max_leaf_nodes=max_leaf_nodes,
            min_impurity_decrease=min_impurity_decrease,
            bootstrap=bootstrap,
            oob_score=oob_score,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
            warm_start=warm_start,
            class_weight=class_weight,
            ccp_alpha=ccp_alpha,
            max_samples=max_samples,
            monotonic_cst=monotonic_cst,
        )
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.corrected = corrected

    def fit(self, X: _types.Rows, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : array-like or sparse matrix (n, d)
            Numbers, held as float32; NaN is a value of its own in dense data.
        y : array-like (n,)
        sample_weight : array-like (n,), optional
            Non-negative. Weighs drawn rows inside the trees and sets the real prevalence; rows of weight zero are
            never drawn.

        Returns
        -------
        self
        """
        training = read_training(self, X, y, sample_weight, dtype=np.float32, finite="allow-nan")
        if self.max_samples is not None and not self.bootstrap:
            raise InputError(
                "`max_samples` sets the size of the bootstrap; give it with bootstrap=True or leave it out."
            )
        start = self._kept_trees()
        if not any_to_add(start, self.n_estimators):
            return self
        rows = training.rows_of_classes()
        labels = training.classes[training.codes]
        targets = rows_to_keep(self.sampling_strategy, rows, training.classes, labels)
        seeds = seed_table(_check.random_generator(self.random_state), self.n_estimators, 3)
        grown = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")(
            delayed(self._grow)(training, labels, rows, targets, seed) for seed in seeds[start:]
        )
        self._seeds = seeds[:, 0].tolist()
        self.estimators_ = [*self.estimators_, *(tree for tree, _ in grown)]
        self._drawn = self._drawn + sum(mass for _, mass in grown)
        self.n_outputs_ = 1
        self.estimator_ = DecisionTreeClassifier(**self._tree_params())
        self.prior_shift_ = prior_shift(training.class_mass(), self._drawn)
        bags = [np.unique(self._drawn_rows(rows, targets, seed)) for seed in seeds]

        def unseen(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return unseen_votes(
                self.n_classes_, part, training.n, bags, lambda i, out: self._vote(self.estimators_[i], training.X[out])
            )

        each = np.array([targets.get(code, part.size) for code, part in enumerate(rows)])
        self._fit_correction(training, int(seeds[0, 0]), self.n_estimators, each, unseen)
        if self.oob_score:
            self._set_out_of_bag(training, *unseen(np.arange(training.n)))
        return self

    def _kept_trees(self) -> int:
        if not (self.warm_start and hasattr(self, "estimators_")):
            self.estimators_ = []
            self._drawn = np.zeros(self.n_classes_)
        return len(self.estimators_)

    def _tree_params(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _TREE_PARAMS}

    def _drawn_rows(self, rows: list[np.ndarray], targets: dict[int, int], seed: np.ndarray) -> np.ndarray:
        drawn = draw_rows(rows, targets, int(seed[0]), self.replacement)
        if self.bootstrap:
            drawn = np.random.default_rng(seed[1]).choice(drawn, size=self._bootstrap_size(drawn.size))
        return drawn

    def _grow(
        self, training: Training, labels: np.ndarray, rows: list[np.ndarray], targets: dict[int, int], seed: np.ndarray
    ) -> tuple[DecisionTreeClassifier, np.ndarray]:
        """One tree, and the class mass (K,) it was grown on."""
        bag, times = np.unique(self._drawn_rows(rows, targets, seed), return_counts=True)
        mass = times.astype(float)
        if training.weight is not None:
            mass *= training.weight[bag]
        if self.class_weight == "balanced_subsample":
            mass *= compute_sample_weight("balanced", np.repeat(labels[bag], times))[np.cumsum(times) - 1]
        elif self.class_weight is not None:
            mass *= compute_sample_weight(self.class_weight, labels)[bag]
        codes = training.codes[bag]
        tree = DecisionTreeClassifier(**self._tree_params(), random_state=int(seed[2]))
        tree.fit(training.X[bag], codes, sample_weight=mass)
        return tree, np.bincount(codes, weights=mass, minlength=training.classes.size)

    def _bootstrap_size(self, drawn: int) -> int:
        if self.max_samples is None:
            return drawn
        if isinstance(self.max_samples, numbers.Integral):
            return min(int(self.max_samples), drawn)
        return max(round(drawn * self.max_samples), 1)

    def _balanced(self, X: _types.Rows) -> np.ndarray:
        X = validate_data(self, X, dtype=np.float32, accept_sparse="csr", ensure_all_finite="allow-nan", reset=False)
        blocks = [X[start : start + _BLOCK] for start in range(0, X.shape[0], _BLOCK)]
        parts = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")(
            delayed(self._mean_vote)(block) for block in blocks
        )
        return np.concatenate(parts)

    def _vote(self, tree: DecisionTreeClassifier, X: _types.Rows) -> np.ndarray:
        """Leaf shares (n, K); `tree` may not have seen every class."""
        out = np.zeros((X.shape[0], self.n_classes_))
        out[:, tree.classes_] = tree.predict_proba(X, check_input=False)
        return out

    def _mean_vote(self, X: _types.Rows) -> np.ndarray:
        total = np.zeros((X.shape[0], self.n_classes_))
        for tree in self.estimators_:
            total += self._vote(tree, X)
        return total / len(self.estimators_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = False
        tags.target_tags.multi_output = False
        tags.input_tags.allow_nan = True
        return tags
