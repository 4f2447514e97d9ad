"""`Pipeline` as imbalanced-learn has it: it refuses pipelines as steps, and warns where it is used before `fit`.

For code that relies on these two facts; `rareclass.compat.imblearn` gives this class. `rareclass.pipeline.Pipeline`
nests, and raises before `fit`.
"""

import warnings

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline as _Chain
from sklearn.pipeline import make_pipeline as _make_chain
from sklearn.utils.validation import check_is_fitted

from rareclass import pipeline
from rareclass._sklearn import checks_parameters


class Pipeline(pipeline.Pipeline):
    """`rareclass.pipeline.Pipeline` with two restrictions of imbalanced-learn's.

    Parameters
    ----------
    steps : list of (name, estimator)
        Pipelines are refused, but for the last step.
    transform_input, memory, verbose : see `rareclass.pipeline.Pipeline`

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from rareclass.compat.flat_pipeline import make_pipeline
    >>> from rareclass.under_sampling import TomekLinks
    >>> inner = make_pipeline(StandardScaler(), TomekLinks())
    >>> make_pipeline(inner, TomekLinks()).fit([[0.0], [1.0]], [0, 1])
    Traceback (most recent call last):
    rareclass.sampler.steps.StepError: All intermediate steps of the chain should not be Pipelines.
    """

    _refuses_pipelines = True

    def _plain(self) -> _Chain:
        plain = super()._plain()
        try:
            check_is_fitted(plain)
        except NotFittedError:
            warnings.warn(
                "This Pipeline instance is not fitted yet. Call 'fit' with appropriate arguments before using other "
                "methods such as transform, predict, etc.",
                FutureWarning,
                stacklevel=3,
            )
            return _Unchecked(plain.steps, transform_input=self.transform_input)
        return plain


class _Unchecked(_Chain):
    def __sklearn_is_fitted__(self) -> bool:
        return True


@checks_parameters(pipeline.MAKE)
def make_pipeline(
    *steps: BaseEstimator,
    memory: str | object | None = None,
    transform_input: list[str] | None = None,
    verbose: bool = False,
) -> Pipeline:
    """A `Pipeline` of the given steps, named after their classes in lower case."""
    named = _make_chain(*steps).steps
    return Pipeline(named, memory=memory, transform_input=transform_input, verbose=verbose)
