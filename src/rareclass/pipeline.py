"""`Pipeline`: transformers, samplers and a learner in a chain; samplers act while fitting and are skipped afterwards.

The class is scikit-learn's `Pipeline` with another way of fitting. Whatever happens after fitting is left to a plain
scikit-learn pipeline of the fitted steps without the samplers. It is one class in one file although it is long: its
methods are those of scikit-learn, each with its documentation and its routing. What is asked of a single step is in
`rareclass.sampler.steps`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sklearn
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline as _Chain
from sklearn.pipeline import make_pipeline as _make_chain
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_memory

from rareclass._sklearn import HasMethods, checks_parameters, validate_parameters
from rareclass._types import Labels, Rows
from rareclass.errors import InputError
from rareclass.sampler.containers import n_rows
from rareclass.sampler.steps import (
    StepError,
    check_step,
    fit_methods,
    fit_one,
    fit_transform_step,
    is_absent,
    is_per_row,
    resampled,
    resamples,
    without_samplers,
)

_FITS = ("fit", "fit_transform", "fit_predict", "fit_resample")
_USES = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
    "transform",
    "inverse_transform",
)


def _last_has(*names: str) -> Callable[[Any], bool]:
    """Availability of a method: the last step has it (one of the names)."""

    def check(self: Any) -> bool:
        last = self.steps[-1][1]
        if "transform" in names and is_absent(last):
            return True
        return any(hasattr(last, name) for name in names)

    return check


def _can_inverse(self: Any) -> bool:
    return all(
        is_absent(step) or hasattr(step, "inverse_transform") or (resamples(step) and not isinstance(step, _Chain))
        for _, step in self.steps
    )


def _can_resample(self: Any) -> bool:
    last = self.steps[-1][1]
    return resamples(last) or is_absent(last) or (resamples(self) and hasattr(last, "transform"))


class Pipeline(_Chain):
    """A chain of transformers and samplers, with a learner (or one of them) at its end.

    Samplers act in `fit`, `fit_transform`, `fit_predict` and `fit_resample`; new rows at prediction time pass them by
    unchanged. So cross-validation of the whole pipeline resamples the training rows of each fold only. Pipelines may
    be steps of pipelines, samplers included. Weights and other per-row metadata meant for a step behind a sampler are
    resampled with the rows, whether they are named ``step__parameter`` or routed (scikit-learn's metadata routing).

    Parameters
    ----------
    steps : list of (name, estimator)
        "passthrough" or None is a step that does nothing.
    transform_input : list of str or None, default=None
        Metadata that the transformers before a step transform too; needs metadata routing.
    memory : str, joblib.Memory or None, default=None
        Cache of fitted transformers and samplers. The steps are then cloned before fitting.
    verbose : bool, default=False
        Print the time of each step.

    Attributes
    ----------
    named_steps : Bunch
    classes_, n_features_in_, feature_names_in_

    Notes
    -----
    `fit_transform` gives the rows that the learner would have seen, resampled; `fit(X, y).transform(X)` gives those
    of `X`. A sampler of another package that neither has `resample_arrays` nor `sample_indices_` cannot pass weights
    on; the pipeline then raises instead of fitting with wrong ones.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from rareclass.pipeline import make_pipeline
    >>> from rareclass.under_sampling import RandomUnderSampler
    >>> X, y = np.arange(20.0)[:, None], np.r_[np.zeros(15, dtype=int), np.ones(5, dtype=int)]
    >>> weight = np.arange(1.0, 21.0)
    >>> model = make_pipeline(RandomUnderSampler(random_state=0), LogisticRegression())
    >>> model = model.fit(X, y, logisticregression__sample_weight=weight)
    >>> model.predict([[0.0], [19.0]]).tolist()
    [0, 1]
    """

    _refuses_pipelines = False

    # Fitting ----------------------------------------------------------------------------------------------------------

    def fit(self, X: Rows, y: Labels | None = None, **params: object) -> "Pipeline":
        """Fit the steps one after the other; samplers resample what the later ones see.

        Parameters
        ----------
        X : rows (n, ...), whatever the first step takes
        y : labels (n,)
        **params : metadata, routed or named ``step__parameter``
        """
        self._fit_all("fit", X, y, params)
        return self

    @available_if(_last_has("transform", "fit_transform"))
    def fit_transform(self, X: Rows, y: Labels | None = None, **params: object) -> Rows:
        """Fit, and return the (resampled) rows as the last step transforms them."""
        return self._fit_all("fit_transform", X, y, params)

    @available_if(_last_has("fit_predict"))
    def fit_predict(self, X: Rows, y: Labels | None = None, **params: object) -> Rows:
        """Fit, and return what the last step's `fit_predict` says about the (resampled) rows."""
        return self._fit_all("fit_predict", X, y, params)

    @available_if(_can_resample)
    def fit_resample(self, X: Rows, y: Labels | None = None, **params: object) -> tuple[Any, Any]:
        """Fit, and return the pair of rows and labels that comes out at the end."""
        return self._fit_all("fit_resample", X, y, params)

    def resample_arrays(self, *arrays: Rows) -> Rows:
        """Give other per-row arrays the rows of the last fit: through all samplers, in turn."""
        out = list(arrays)
        for name, step in self.steps:
            if not is_absent(step) and resamples(step):
                out = [resampled(step, array, name) for array in out]
        return out[0] if len(out) == 1 else tuple(out)

    def _fit_all(self, method: str, X: Rows, y: Labels | None, params: dict) -> Rows:
        validate_parameters(self)
        self._check_steps()
        pending = self._params_by_step(method, params)
        memory = check_memory(self.memory)
        cached = memory.cache(fit_one)
        self.steps: list[tuple[str, Any]] = list(self.steps)
        for place, (name, step) in enumerate(self.steps[:-1]):
            with self._timed(place):
                if is_absent(step):
                    continue
                given = step if getattr(memory, "location", None) is None else clone(step)
                before = X
                X, y, fitted = cached(given, X, y, pending.pop(name))
                # The cache may have given another, equal object.
                self.steps[place] = (name, fitted)
                if resamples(fitted):
                    self._resample_pending(fitted, name, pending, before)
                else:
                    self._transform_pending(fitted, pending)
        with self._timed(len(self.steps) - 1):
            return self._fit_last(method, X, y, pending[self.steps[-1][0]])

    def _fit_last(self, method: str, X: Rows, y: Labels | None, params: dict) -> Rows:
        name, last = self.steps[-1]
        if is_absent(last):
            return (X, y) if method == "fit_resample" else X
        if method == "fit_resample":
            X, y, fitted = fit_one(last, X, y, params)
            self.steps[-1] = (name, fitted)
            return X, y
        if method == "fit_predict":
            return last.fit_predict(X, y, **params.get("fit_predict", {}))
        if method == "fit_transform":
            return fit_transform_step(last, X, y, params)
        return last.fit(X, y, **params.get("fit", {}))

    def _check_steps(self) -> None:
        if not self.steps:
            raise InputError("The pipeline is empty. Please add steps.")
        names = [name for name, _ in self.steps]
        bad = [name for name in names if "__" in name or name in self.get_params(deep=False) or names.count(name) > 1]
        if bad:
            raise InputError(
                f"Estimator names must be unique, must not contain '__' and must not be names of parameters; got {bad}."
            )
        for name, step in self.steps[:-1]:
            if isinstance(step, _Chain) and self._refuses_pipelines:
                raise StepError("All intermediate steps of the chain should not be Pipelines.")
            check_step(name, step)
        last = self.steps[-1][1]
        if not is_absent(last) and not hasattr(last, "fit"):
            raise StepError(
                f"Last step of Pipeline should implement fit or be the string 'passthrough'. {last!r} doesn't."
            )

    @contextmanager
    def _timed(self, place: int) -> Iterator[None]:
        start = time.perf_counter()
        yield
        if self.verbose:
            said = f"(step {place + 1} of {len(self.steps)}) Processing {self.steps[place][0]}"
            took = f" total={time.perf_counter() - start:6.1f}s"
            print(f"[Pipeline] {'.' * max(1, 70 - len(said) - len(took) - 12)} {said},{took}")

    # Metadata ---------------------------------------------------------------------------------------------------------

    def _params_by_step(self, method: str, params: dict) -> dict[str, dict[str, dict]]:
        """{step: {method: {parameter: value}}} of the metadata given to a fitting method."""
        if sklearn.get_config()["enable_metadata_routing"]:
            routed = process_routing(self, method, **params) if params else {}
            return {name: {m: dict(v) for m, v in routed.get(name, {}).items()} for name, _ in self.steps}
        if self.transform_input is not None:
            raise InputError(
                "The `transform_input` parameter can only be set if metadata routing is enabled. You can enable "
                "metadata routing using `sklearn.set_config(enable_metadata_routing=True)`."
            )
        by_step: dict[str, dict[str, dict]] = {name: {m: {} for m in _FITS} for name, _ in self.steps}
        for full, value in params.items():
            name, _, parameter = full.partition("__")
            if not parameter or name not in by_step:
                raise InputError(
                    f"Pipeline.fit does not accept the {full} parameter. You can pass parameters to specific steps of "
                    "your pipeline using the stepname__parameter format, e.g. "
                    "`Pipeline.fit(X, y, logisticregression__sample_weight=sample_weight)`."
                )
            for m in _FITS:
                by_step[name][m][parameter] = value
        return by_step

    def _pending_values(self, pending: dict[str, dict[str, dict]]) -> Iterator[tuple[dict, str, Any, bool]]:
        """Places of all metadata still to be handed on, and whether `transform_input` names them."""
        named = set(self.transform_input or ())
        for by_method in pending.values():
            for values in by_method.values():
                for parameter, value in list(values.items()):
                    yield values, parameter, value, parameter in named

    def _resample_pending(
        self, sampler: BaseEstimator, name: str, pending: dict[str, dict[str, dict]], before: Rows
    ) -> None:
        """Per-row metadata of later steps follow the rows; `before` is what the sampler was given."""
        done: dict[int, Any] = {}
        for values, parameter, value, is_transformed in self._pending_values(pending):
            if not is_transformed and is_per_row(value, n_rows(before)):
                if id(value) not in done:
                    done[id(value)] = resampled(sampler, value, name)
                values[parameter] = done[id(value)]

    def _transform_pending(self, transformer: BaseEstimator, pending: dict[str, dict[str, dict]]) -> None:
        done: dict[int, Any] = {}
        for values, parameter, value, is_transformed in self._pending_values(pending):
            if is_transformed and value is not None:
                if id(value) not in done:
                    whole = isinstance(value, tuple)
                    out = tuple(transformer.transform(v) for v in value) if whole else transformer.transform(value)
                    done[id(value)] = out
                values[parameter] = done[id(value)]

    def get_metadata_routing(self) -> MetadataRouter:
        """Which step takes which metadata, in scikit-learn's terms."""
        router = MetadataRouter(owner=self)
        for name, step in self.steps[:-1]:
            if is_absent(step):
                continue
            mapping = MethodMapping()
            for caller in _FITS:
                for callee in fit_methods(step):
                    mapping.add(caller=caller, callee=callee)
            if hasattr(step, "transform"):
                for caller in _USES[:-1]:
                    mapping.add(caller=caller, callee="transform")
            if hasattr(step, "inverse_transform"):
                mapping.add(caller="inverse_transform", callee="inverse_transform")
            router.add(**{name: step}, method_mapping=mapping)
        name, last = self.steps[-1]
        if not is_absent(last):
            mapping = MethodMapping()
            for method in (*_USES, "fit", "fit_predict"):
                mapping.add(caller=method, callee=method)
            for caller in ("fit_transform", "fit_resample"):
                for callee in fit_methods(last):
                    mapping.add(caller=caller, callee=callee)
            router.add(**{name: last}, method_mapping=mapping)
        return router

    # After fitting ----------------------------------------------------------------------------------------------------

    def _plain(self) -> _Chain:
        """The same fitted steps without the samplers, as a scikit-learn pipeline."""
        if not self.steps:
            return _Chain(self.steps)
        steps = [(name, step if is_absent(step) else without_samplers(step)) for name, step in self.steps]
        return _Chain(steps, transform_input=self.transform_input)

    @available_if(_last_has("predict"))
    def predict(self, X: Rows, **params: object) -> Rows:
        """Transform new rows and predict. Samplers do nothing here."""
        return self._plain().predict(X, **params)

    @available_if(_last_has("predict_proba"))
    def predict_proba(self, X: Rows, **params: object) -> Rows:
        """Transform new rows and predict probabilities, as the learner sees them after resampling."""
        return self._plain().predict_proba(X, **params)

    @available_if(_last_has("predict_log_proba"))
    def predict_log_proba(self, X: Rows, **params: object) -> Rows:
        """Transform new rows and predict log-probabilities."""
        return self._plain().predict_log_proba(X, **params)

    @property
    def gives_logit(self) -> bool:
        """Whether `decision_function` is the log-odds of the second class: what the last step says of itself."""
        return bool(self.steps) and bool(getattr(self.steps[-1][1], "gives_logit", False))

    @available_if(_last_has("decision_function"))
    def decision_function(self, X: Rows, **params: object) -> Rows:
        """Transform new rows and give the learner's raw scores."""
        return self._plain().decision_function(X, **params)

    @available_if(_last_has("score_samples"))
    def score_samples(self, X: Rows) -> Rows:
        """Transform new rows and give the last step's `score_samples`."""
        return self._plain().score_samples(X)

    @available_if(_last_has("score"))
    def score(
        self, X: Rows, y: Labels | None = None, sample_weight: ArrayLike | None = None, **params: object
    ) -> float:
        """Transform new rows and score the learner on them."""
        return self._plain().score(X, y, sample_weight, **params)

    @available_if(_last_has("transform"))
    def transform(self, X: Rows, **params: object) -> Rows:
        """Transform new rows through all steps but the samplers."""
        return self._plain().transform(X, **params)

    @available_if(_can_inverse)
    def inverse_transform(self, X: Rows, **params: object) -> Rows:
        """Undo the transformers, last one first."""
        return self._plain().inverse_transform(X, **params)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Rows:
        """Names of the columns that the last transformer gives."""
        return self._plain().get_feature_names_out(input_features)

    def set_output(self, *, transform: str | None = None) -> "Pipeline":
        """Container of the transformers' output: "default", "pandas", "polars" or None (unchanged)."""
        for _, step in self.steps:
            transforms = hasattr(step, "transform") or hasattr(step, "fit_transform") or isinstance(step, _Chain)
            if transforms and hasattr(step, "set_output"):
                step.set_output(transform=transform)
        return self


MAKE = {"memory": [str, HasMethods(["cache"]), None], "transform_input": [list, None], "verbose": ["boolean"]}


@checks_parameters(MAKE)
def make_pipeline(
    *steps: BaseEstimator,
    memory: str | object | None = None,
    transform_input: list[str] | None = None,
    verbose: bool = False,
) -> Pipeline:
    """A `Pipeline` of the given steps, named after their classes in lower case.

    Parameters
    ----------
    *steps : estimators
    memory, transform_input, verbose : see `Pipeline`

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from rareclass.pipeline import make_pipeline
    >>> from rareclass.under_sampling import TomekLinks
    >>> [name for name, _ in make_pipeline(StandardScaler(), TomekLinks()).steps]
    ['standardscaler', 'tomeklinks']
    """
    named = _make_chain(*steps).steps
    return Pipeline(named, memory=memory, transform_input=transform_input, verbose=verbose)
