"""Steps of a pipeline: whether a step resamples, how it is fitted, and how per-row arrays follow it."""

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline as _Chain

from rareclass._types import Labels, Rows
from rareclass.errors import InputError
from rareclass.sampler.containers import n_rows, take


class StepError(InputError, TypeError):
    """A step that cannot stand where it stands; imbalanced-learn and scikit-learn raise TypeError here."""


def is_absent(step: BaseEstimator) -> bool:
    """True for a step that does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")


def resamples(step: BaseEstimator) -> bool:
    """True when a step changes the rows while fitting: a sampler, or a pipeline that holds one."""
    if isinstance(step, _Chain):
        return any(resamples(inner) for _, inner in step.steps)
    return hasattr(step, "fit_resample")


def without_samplers(step: BaseEstimator) -> BaseEstimator | str:
    """What a fitted step does to new rows."""
    if isinstance(step, _Chain) and resamples(step):
        inner = [(name, without_samplers(s)) for name, s in step.steps]
        inner = [(name, s) for name, s in inner if not is_absent(s)]
        return _Chain(inner) if inner else "passthrough"
    return "passthrough" if hasattr(step, "fit_resample") and not hasattr(step, "transform") else step


def fit_methods(step: BaseEstimator) -> list[str]:
    """The methods by which an intermediate step is fitted."""
    if resamples(step):
        return ["fit_resample"]
    return ["fit_transform"] if hasattr(step, "fit_transform") else ["fit", "transform"]


def fit_transform_step(step: BaseEstimator, X: Rows, y: Labels | None, params: dict) -> Rows:
    """Fit a step and transform the rows it was fitted on."""
    if hasattr(step, "fit_transform"):
        return step.fit_transform(X, y, **params.get("fit_transform", {}))
    return step.fit(X, y, **params.get("fit", {})).transform(X, **params.get("transform", {}))


def fit_one(step: BaseEstimator, X: Rows, y: Labels | None, params: dict) -> tuple[Rows, Labels | None, BaseEstimator]:
    """Rows and labels behind an intermediate step, and the fitted step."""
    if resamples(step):
        X, y = step.fit_resample(X, y, **params.get("fit_resample", {}))[:2]
    else:
        X = fit_transform_step(step, X, y, params)
    return X, y, step


def is_per_row(value: object, rows: int) -> bool:
    """Whether a value holds something for each of the rows."""
    if isinstance(value, str | bytes | dict) or not (hasattr(value, "__len__") or hasattr(value, "shape")):
        return False
    return n_rows(value) == rows


def resampled(sampler: BaseEstimator, array: Rows, name: str) -> Rows:
    """An array's values for the rows that a fitted sampler gave."""
    if hasattr(sampler, "resample_arrays"):
        return sampler.resample_arrays(array)
    if hasattr(sampler, "sample_indices_"):
        return take(array, sampler.sample_indices_)
    raise InputError(
        f"Step {name!r} ({type(sampler).__name__}) changes the rows but cannot say from which rows its output comes; "
        "weights and other metadata of later steps could not follow. Use a sampler of rareclass, or drop the metadata."
    )


def check_step(name: str, step: BaseEstimator) -> None:
    """Raise unless an intermediate step transforms or resamples, not both; pipelines check their own steps."""
    if is_absent(step) or isinstance(step, _Chain):
        return
    fits = hasattr(step, "fit") or hasattr(step, "fit_transform")
    transforms, draws = fits and hasattr(step, "transform"), hasattr(step, "fit_resample")
    if transforms == draws:
        both = "implements both" if draws else "doesn't"
        raise StepError(
            "All intermediate steps of the chain should be estimators that implement fit and transform or "
            f"fit_resample (but not both), or be a string 'passthrough'. {name!r} ({type(step).__name__}) {both}."
        )
