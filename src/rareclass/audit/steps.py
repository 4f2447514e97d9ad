"""What can be read from a pipeline without fitting it: steps fitted elsewhere, and splits behind a sampler."""

from collections.abc import Iterator

from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin, VarianceThreshold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder
from sklearn.utils import get_tags

from rareclass._types import Flags, Labels, Rows
from rareclass.audit.reach import fitted_finding, is_fitted, reach_findings
from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding
from rareclass.sampler.containers import n_rows
from rareclass.sampler.steps import resamples

AUTO_STOPS_ABOVE = 10_000
"""Rows above which scikit-learn's histogram boosting stops early by itself."""


def parts_of(estimator: BaseEstimator) -> Iterator[tuple[str, BaseEstimator]]:
    """The estimator and all that it is made of, with their names."""
    yield "", estimator
    for name, value in sorted(estimator.get_params(deep=True).items()):
        if isinstance(value, BaseEstimator):
            yield name, value


def step_findings(estimator: BaseEstimator, X: Rows, y: Labels, event: Flags) -> list[Finding]:
    """Faults of a pipeline, or of any estimator, as it stands."""
    found = []
    for name, part in parts_of(estimator):
        where = f"Step {name!r}" if name else type(part).__name__
        kept = getattr(part, "estimator", None)
        frozen = type(part).__name__ == "FrozenEstimator" or "prefit" in (
            getattr(part, "cv", None), "prefit" if getattr(part, "prefit", False) is True else None
        )  # fmt: skip
        if frozen and is_fitted(kept):
            found.append(fitted_finding(kept, X, y, event, where))
        function = getattr(part, "func", None)
        if callable(function):
            found += reach_findings(function, X, y, event, where)
        if isinstance(part, Pipeline):
            found += chain_findings(part, n_rows(X))
    if hasattr(estimator, "best_score_") and len(estimator.cv_results_["params"]) > 1:
        tried = len(estimator.cv_results_["params"])
        evidence = f"best_score_ {estimator.best_score_:.4f} is the best of {tried} on the parts that chose it"
        found.append(finding("test-part-used-twice", evidence, type(estimator).__name__))
    return found


def chain_findings(chain: Pipeline, rows: int) -> Iterator[Finding]:
    """What goes wrong between the steps of one pipeline."""
    sampler = selector = None
    for name, step in chain.steps:
        if not isinstance(step, BaseEstimator):
            continue
        for inner, part in parts_of(step):
            where = f"Step {name!r}"
            what = type(part).__name__ + (f" ({inner})" if inner else "")
            if sampler is not None and splits_again(part):
                yield finding("validated-on-resampled-rows", f"{what} splits what {sampler!r} made", where)
            if sampler is not None and stops_early(part, rows):
                yield finding("early-stopping-on-resampled-rows", f"{what} stops on what {sampler!r} made", where)
            if selector is not None and chooses_by_splits(part):
                yield finding("selected-outside-inner-fold", f"{what} stands behind {selector!r}", where)
        if resamples(step):
            sampler = name
        elif selects_by_labels(step):
            selector = name


def splits_again(part: BaseEstimator) -> bool:
    """Whether fitting splits the rows it is given."""
    given = part.get_params(deep=False)
    if "cv" not in given or isinstance(part, TargetEncoder) or given["cv"] == "prefit":
        return False
    return not (getattr(part, "prefit", None) is True or isinstance(given["cv"], float))


def chooses_by_splits(part: BaseEstimator) -> bool:
    """Whether probabilities or a threshold come from inner splits."""
    return splits_again(part) and any(word in type(part).__name__ for word in ("Calibrat", "Threshold"))


def stops_early(part: BaseEstimator, rows: int) -> bool:
    """Whether fitting holds rows back to decide when to stop."""
    given = part.get_params(deep=False)
    if "early_stopping" in given:
        return given["early_stopping"] is True or (given["early_stopping"] == "auto" and rows > AUTO_STOPS_ABOVE)
    if type(part).__name__.startswith("GradientBoosting"):
        return given.get("n_iter_no_change") is not None
    return any(given.get(name) for name in ("early_stopping_rounds", "early_stopping_round", "od_wait"))


def selects_by_labels(step: BaseEstimator) -> bool:
    """Whether a transformer learns from the labels, and not on splits of its own."""
    if not hasattr(step, "transform") or isinstance(step, TargetEncoder | Pipeline):
        return False
    by_variance = isinstance(step, VarianceThreshold)
    return (isinstance(step, SelectorMixin) and not by_variance) or bool(get_tags(step).target_tags.required)
