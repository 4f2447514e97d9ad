"""Parameters of a wrapped booster that are passed on unchanged, and class weights that are undone."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.learners._context import Rows
from rareclass.learners._dialect import Dialect


class PassedOn:
    """Mixin for learners whose constructor takes ``**kwargs`` of the wrapped booster and stores them as `kwargs`."""

    kwargs: dict[str, Any]
    model_: Any

    @property
    def feature_importances_(self) -> np.ndarray:
        """Importance of each column, as the library counts it."""
        return np.asarray(self.model_.feature_importances_)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the learner and those that are passed on."""
        return {**super().get_params(deep=deep), **self.kwargs}  # type: ignore[misc]

    def set_params(self, **params: Any) -> Self:
        """Set parameters; names that the learner does not know are passed on to the booster.

        A parameter that was passed on under another name is replaced.
        """
        own = super().get_params(deep=False)  # type: ignore[misc]
        super().set_params(**{k: v for k, v in params.items() if k.partition("__")[0] in own})  # type: ignore[misc]
        aliases = self._dialect().aliases if self.kwargs else {}
        replaced = {aliases.get(k, k) for k in params}
        kept = {k: v for k, v in self.kwargs.items() if aliases.get(k, k) not in replaced}
        self.kwargs = {**kept, **{k: v for k, v in params.items() if k.partition("__")[0] not in own}}
        return self

    def _dialect(self) -> Dialect:
        raise NotImplementedError


def class_ratio(
    class_weight: Mapping[Any, float] | str | None, scale_pos_weight: float, rows: Rows, classes: np.ndarray
) -> float:
    """Weight of a positive row over that of a negative one, from `class_weight` times `scale_pos_weight`.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping of label to weight
    scale_pos_weight : number > 0
    rows : Rows
    classes : ndarray of shape (2,)
    """
    ratio = _check.fraction(scale_pos_weight, "scale_pos_weight", high=np.inf, closed="neither")
    if class_weight is None:
        return ratio
    if isinstance(class_weight, str):
        _check.one_of(class_weight, "class_weight", ("balanced",))
        return ratio * float(rows.weights[~rows.y].sum() / rows.weights[rows.y].sum())
    try:
        negative, positive = (float(class_weight.get(label, 1.0)) for label in classes.tolist())
    except (AttributeError, TypeError, ValueError):
        raise InputError(f"`class_weight` must be None, 'balanced' or a mapping; got {class_weight!r}.") from None
    if not (positive > 0 and negative > 0 and np.isfinite(positive / negative)):
        raise InputError(f"`class_weight` must hold finite weights above zero; got {class_weight!r}.")
    return ratio * positive / negative
