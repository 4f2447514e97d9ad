"""The single door to differences between scikit-learn versions. One reason a line."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

# Metadata routing knows a fixed list of methods. Samplers add one, as imbalanced-learn does, under the same name, so
# that the samplers and pipelines of both packages can be mixed; the test keeps the list free of repetitions.
from sklearn.utils import _metadata_requests

# The only vocabulary in which an estimator can declare what its parameters accept, and the only source of the sentence
# "The 'p' parameter of Cls must be ... Got ... instead." that users and imbalanced-learn's tests know.
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions, validate_parameter_constraints

from rareclass.errors import InputError

__all__ = [
    "METHODS",
    "HasMethods",
    "HistogramTrees",
    "Interval",
    "ParameterError",
    "StrOptions",
    "checks_parameters",
    "histogram_trees",
    "validate_parameters",
]

METHODS = _metadata_requests.METHODS
for _methods in (_metadata_requests.SIMPLE_METHODS, METHODS):
    if "fit_resample" not in _methods:
        _methods.append("fit_resample")


class ParameterError(InputError, TypeError):
    """A parameter of an estimator has a value or a type that it does not accept."""


def validate_parameters(estimator: Any) -> None:
    """Check `estimator.get_params()` against its `_parameter_constraints`; raise `ParameterError` in one sentence."""
    try:
        validate_parameter_constraints(
            estimator._parameter_constraints, estimator.get_params(deep=False), caller_name=type(estimator).__name__
        )
    except (TypeError, ValueError) as error:
        raise ParameterError(str(error)) from None


def checks_parameters(constraints: Mapping[str, Any]) -> Callable[[Callable], Callable]:
    """Decorate a function so that its arguments are checked against `constraints`, as those of estimators are."""

    def decorate(function: Callable) -> Callable:
        signature = inspect.signature(function)
        variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        named = [name for name, parameter in signature.parameters.items() if parameter.kind not in variable]

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = {name: bound.arguments[name] for name in named}
            try:
                validate_parameter_constraints(constraints, given, caller_name=function.__name__)
            except (TypeError, ValueError) as error:
                raise ParameterError(str(error)) from None
            return function(*args, **kwargs)

        checked._skl_parameter_constraints = constraints  # type: ignore[attr-defined]
        return checked

    return decorate


class HistogramTrees(NamedTuple):
    """What a fitted HistGradientBoosting model scores with."""

    start: np.ndarray  # (K,) score before the first tree
    trees: list[tuple[np.ndarray, np.ndarray]]  # nodes of each tree, and the sets of its categorical splits
    columns: np.ndarray  # (d,) column of the matrix behind each feature of the nodes
    levels: dict[int, np.ndarray]  # of each categorical column: the known codes, in the order of the sets' bits


def histogram_trees(model: Any) -> HistogramTrees:
    """The trees of a HistGradientBoosting model, which scikit-learn shows nowhere in public."""
    # the nodes: there is no other way to what was learnt but to score with it
    predictors = [tree for stage in model._predictors for tree in stage]
    # the constant of `decision_function`
    start = np.ravel(model._baseline_prediction).astype(np.float64)
    # categories come first and are numbered anew before they reach the trees
    preprocessor = model._preprocessor
    columns, levels = np.arange(model.n_features_in_), {}
    if preprocessor is not None:
        coded = np.flatnonzero(model.is_categorical_)
        columns = np.concatenate([coded, np.flatnonzero(~model.is_categorical_)])
        known = preprocessor.named_transformers_["encoder"].categories_
        # NaN is the last known category where training had missing values; as a code it stays missing
        levels = {int(j): np.asarray(v, dtype=np.float64)[~np.isnan(v)] for j, v in zip(coded, known, strict=True)}
    return HistogramTrees(start, [(p.nodes, p.raw_left_cat_bitsets) for p in predictors], columns, levels)
