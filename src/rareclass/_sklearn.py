"""The single door to differences between scikit-learn versions. One reason a line."""

from typing import Any

# The only vocabulary in which an estimator can declare what its parameters accept, and the only source of the sentence
# "The 'p' parameter of Cls must be ... Got ... instead." that users and imbalanced-learn's tests know.
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

from rareclass.errors import InputError

__all__ = ["HasMethods", "Interval", "ParameterError", "StrOptions", "validate_parameters"]


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
