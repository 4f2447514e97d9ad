"""The trees of balanced ensembles whose members are decision trees, or boosted ones."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from rareclass.ensemble.bagging import BalancedBaggingClassifier
from rareclass.ensemble.forest import BalancedRandomForestClassifier
from rareclass.ensemble.rus_boost import RUSBoostClassifier
from rareclass.ensemble.self_paced import SelfPacedEnsembleClassifier
from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.readers._grown import Grown, assemble
from rareclass.scoring.readers.forests import grown_tree
from rareclass.scoring.votes import BalancedVotes


def from_ensemble(ensemble: Any) -> BalancedVotes:
    """The votes of a fitted balanced ensemble of two classes, and the way back to the real prevalence.

    Raises
    ------
    InputError
        It has more classes, or members that are no trees.
    """
    if ensemble.n_classes_ != 2:
        raise InputError(f"{type(ensemble).__name__} was fitted on more than two classes; it keeps the slow path.")
    if isinstance(ensemble, RUSBoostClassifier):
        weights, members = ensemble.estimator_weights_, [_bare(member) for member in ensemble.estimators_]
        used = [_leaves(m, w * _margins(m)) for m, w in zip(members, weights, strict=True) if w > 0]
        trees, logistic = [assemble(used, ensemble.n_features_in_)], True
    elif isinstance(ensemble, BalancedBaggingClassifier):
        columns = ensemble.estimators_features_
        trees, logistic = _bag([_bare(m) for m in ensemble.estimators_], columns, ensemble.n_features_in_)
    elif isinstance(ensemble, BalancedRandomForestClassifier | SelfPacedEnsembleClassifier):
        trees, logistic = _bag([_bare(m) for m in ensemble.estimators_], None, ensemble.n_features_in_)
    else:
        raise InputError(f"{type(ensemble).__name__} is no balanced ensemble; it keeps the slow path.")
    if ensemble.corrected is False:
        return BalancedVotes(tuple(trees), logistic, np.zeros(2), 1.0, 0.0)
    fitted = ensemble.corrected is True
    shift = ensemble.correction_.shift if fitted else ensemble.prior_shift_
    slope, pseudo = (ensemble.correction_.slope, ensemble.correction_.pseudo) if fitted else (1.0, 0.0)
    return BalancedVotes(tuple(trees), logistic, np.asarray(shift, dtype=np.float64), float(slope), float(pseudo))


def _bare(member: Any) -> Any:
    return member[-1] if hasattr(member, "steps") else member


def _bag(members: Sequence[Any], columns: Sequence[np.ndarray] | None, n_features: int) -> tuple[list[FlatTrees], bool]:
    """Trees whose scores are shares of votes, or (True) log-odds of them, to be averaged."""
    columns = [np.arange(n_features)] * len(members) if columns is None else columns
    if all(type(member) is AdaBoostClassifier for member in members):
        return [_boosted(m, c, n_features) for m, c in zip(members, columns, strict=True)], True
    grown = [_leaves(m, _share(m, 1), c) for m, c in zip(members, columns, strict=True)]
    return [assemble(grown, n_features, divisor=float(len(grown)))], False


def _boosted(member: AdaBoostClassifier, columns: np.ndarray, n_features: int) -> FlatTrees:
    """AdaBoost's weighted votes, whose sum is the log-odds of its share of votes."""
    if len(member.classes_) != 2:
        raise InputError("A member of the ensemble saw one class only; it keeps the slow path.")
    grown = []
    for tree, weight in zip(member.estimators_, member.estimator_weights_):
        said = np.asarray(_tree_only(tree).classes_)[tree.tree_.value[:, 0, :].argmax(axis=1)]
        grown.append(_leaves(tree, np.where(said == member.classes_[1], weight, -weight), columns))
    return assemble(grown, n_features)


def _leaves(tree: Any, value: np.ndarray, columns: np.ndarray | None = None) -> Grown:
    grown = grown_tree(_tree_only(tree).tree_, value)
    if columns is None:
        return grown
    return replace(grown, feature=np.where(grown.feature >= 0, columns[np.maximum(grown.feature, 0)], -1))


def _tree_only(tree: Any) -> DecisionTreeClassifier:
    if not isinstance(tree, DecisionTreeClassifier):
        raise InputError(f"the ensemble holds a {type(tree).__name__}, which is no tree; it keeps the slow path")
    return tree


def _share(tree: Any, code: int) -> np.ndarray:
    """Share of a class code in each node (m,), 0 where the tree never saw it."""
    known = np.flatnonzero(np.asarray(_tree_only(tree).classes_).astype(np.int64) == code)
    return np.asarray(tree.tree_.value[:, 0, known].sum(axis=1))


def _margins(tree: Any) -> np.ndarray:
    return _share(tree, 1) - _share(tree, 0)
