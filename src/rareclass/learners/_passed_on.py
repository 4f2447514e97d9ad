"""Parameters of a wrapped booster that are passed on unchanged, visible to `get_params`, `set_params` and `clone`."""

from typing import Any, Self


class PassedOn:
    """Mixin for learners whose constructor takes ``**kwargs`` of the wrapped booster and stores them as `kwargs`."""

    kwargs: dict[str, Any]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the learner and those that are passed on."""
        return {**super().get_params(deep=deep), **self.kwargs}  # type: ignore[misc]

    def set_params(self, **params: Any) -> Self:
        """Set parameters; names that the learner does not know are passed on to the booster."""
        own = super().get_params(deep=False)  # type: ignore[misc]
        super().set_params(**{k: v for k, v in params.items() if k.partition("__")[0] in own})  # type: ignore[misc]
        self.kwargs = {**self.kwargs, **{k: v for k, v in params.items() if k.partition("__")[0] not in own}}
        return self
