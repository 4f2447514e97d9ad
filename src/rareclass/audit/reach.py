"""What a function reaches beside its arguments: fitted objects, labels, and shares of events by level.

A function that is handed the training rows may still use a scaler, a model or a table of means that was computed
before, from all rows. Nothing is called here but `fit` of copies of what was found.
"""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from rareclass._types import Labels, Rows
from rareclass.crossfit import raw_logit
from rareclass.errors import InputError
from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding
from rareclass.metrics.ranking import roc_auc_score
from rareclass.sampler.containers import is_frame, n_rows, take

DEPTH = 3
UNFIT = (ValueError, TypeError, KeyError, AttributeError, IndexError)


def is_fitted(thing: object) -> bool:
    """Whether an estimator carries what `fit` leaves."""
    if not isinstance(thing, BaseEstimator) or not get_tags(thing).requires_fit:
        return False
    try:
        check_is_fitted(thing)
    except (NotFittedError, TypeError):
        return False
    return True


def saw_all_rows(estimator: BaseEstimator, X: Rows, y: Labels) -> bool | None:
    """Whether a fitted estimator equals its copy that is fitted on all rows; None: cannot be told."""
    for rows in _own_columns(estimator, X):
        try:
            again = clone(estimator).fit(rows, y)
            learned = _learned(again)
            if learned:
                return all(
                    np.shape(v) == np.shape(w := getattr(estimator, k))
                    and bool(np.allclose(v, w, rtol=1e-7, atol=1e-10, equal_nan=True))
                    for k, v in learned.items()
                )
            some = take(rows, np.arange(min(n_rows(rows), 200)))
            how = next(m for m in ("predict_proba", "decision_function", "transform", "predict") if hasattr(again, m))
            ours, theirs = getattr(again, how)(some), getattr(estimator, how)(some)
            return bool(np.allclose(_dense(ours), _dense(theirs), rtol=1e-7, atol=1e-10, equal_nan=True))
        except UNFIT:
            continue
    seen = np.max(getattr(estimator, "n_samples_seen_", -1))
    return True if seen == n_rows(X) else None


def _learned(estimator: BaseEstimator) -> dict[str, np.ndarray]:
    """The arrays of numbers that `fit` left."""
    public = {k: v for k, v in vars(estimator).items() if k.endswith("_") and not k.startswith("_")}
    return {k: v for k, v in public.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f" and v.size}


def memorises(model: BaseEstimator, X: Rows, y: Labels, event: np.ndarray) -> str:
    """The ROC AUC of a fitted model where it is better than its copies by as much as only fitted rows are; else empty.

    Two copies are fitted on one half each and score the other.
    """
    half = np.zeros(event.size, dtype=bool)
    for rows in (np.flatnonzero(event), np.flatnonzero(~event)):
        half[rows[::2]] = True
    order = np.asarray(y)
    try:
        honest = np.empty(event.size)
        for inside in (half, ~half):
            a, b = np.flatnonzero(inside), np.flatnonzero(~inside)
            honest[b] = raw_logit(clone(model).fit(take(X, a), order[a]), take(X, b))
        ours = raw_logit(model, X)
    except (*UNFIT, InputError):
        return ""
    fair, told = roc_auc_score(event, honest), roc_auc_score(event, ours)
    spread = np.sqrt(max(fair * (1 - fair), 0.01) / event.sum())
    return f"ROC AUC {told:.3f} on these rows, {fair:.3f} from copies" if told - fair > 4 * spread else ""


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _own_columns(estimator: BaseEstimator, X: Rows) -> Iterator[Rows]:
    """The columns that an estimator may have been fitted on."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None and is_frame(X):
        yield X[list(names)]
    yield X
    if is_frame(X) and hasattr(X, "select_dtypes"):
        yield X.select_dtypes("number")
        yield X.select_dtypes("number").to_numpy()


def fitted_finding(estimator: BaseEstimator, X: Rows, y: Labels, event: np.ndarray, where: str) -> Finding:
    """What it means that a fitted object comes from outside the fold."""
    name, code = type(estimator).__name__, "fitted-outside-the-fold"
    if not hasattr(estimator, "transform"):
        code = "model-fitted-outside"
    all_rows = saw_all_rows(estimator, X, y)
    if all_rows:
        return finding(code, f"{name} equals its copy that is fitted on all {n_rows(X):,} rows", where)
    if code == "model-fitted-outside" and (how := memorises(estimator, X, y, event)):
        return finding(code, f"{name}: {how} that are fitted on one half each", where)
    return finding("fitted-elsewhere", f"{name} is fitted already", where)


def reach_findings(function: Callable, X: Rows, y: Labels, event: np.ndarray, where: str) -> list[Finding]:
    """What `function` reaches that knows the rows it will be judged by.

    Parameters
    ----------
    function : callable
        Also a bound method, a `functools.partial` or an object with `__call__`.
    X, y : rows and labels
    event : Boolean array of shape (n,)
        The labels, encoded.
    where : str
        Opens the sentences.
    """
    found = []
    for name, thing in reached(function):
        at = f"{where}, {name}"
        if is_fitted(thing):
            found.append(fitted_finding(thing, X, y, event, at))
        elif _equals_labels(thing, y, event):
            found.append(finding("labels-within-reach", f"{name} holds the labels of all {event.size:,} rows", at))
        elif column := _holds_shares(thing, X, event):
            evidence = f"{name} maps the levels of {column!r} to their shares of events among all rows"
            found.append(finding("encoded-before-split", evidence, at))
    return found


def reached(function: Callable, depth: int = DEPTH) -> Iterator[tuple[str, Any]]:
    """Names and values that a function uses beside its arguments and does not fit itself."""
    if isinstance(function, functools.partial):
        yield from ((f"argument {i}", v) for i, v in enumerate(function.args))
        yield from function.keywords.items()
        function = function.func
    owner = getattr(function, "__self__", None)
    if owner is not None and not inspect.ismodule(owner):
        yield from [(type(owner).__name__, owner)] if isinstance(owner, BaseEstimator) else vars(owner).items()
    if not inspect.isfunction(function) and not inspect.ismethod(function):
        called = type(function).__call__
        if not inspect.isfunction(called):
            return
        yield from getattr(function, "__dict__", {}).items()
        function = called
    plain = inspect.unwrap(getattr(function, "__func__", function))
    seen = inspect.getclosurevars(plain)
    defaults = inspect.signature(plain).parameters.values()
    outside = {**seen.globals, **seen.nonlocals}
    outside |= {p.name: p.default for p in defaults if p.default is not inspect.Parameter.empty}
    refitted = _fitted_inside(plain)
    for name, value in outside.items():
        if inspect.isfunction(value) and depth > 0 and value.__module__ == plain.__module__:
            yield from reached(value, depth - 1)
        elif name not in refitted:
            yield name, value


def _fitted_inside(function: Callable) -> set[str]:
    """Names that the function fits or copies before it uses them: ``name.fit(...)``, ``clone(name)``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr.startswith("fit"):
            names |= {n.id for n in ast.walk(node.func.value) if isinstance(n, ast.Name)}
        copies = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if copies in ("clone", "deepcopy", "cross_validate", "cross_val_score", "cross_val_predict"):
            names |= {n.id for a in node.args for n in ast.walk(a) if isinstance(n, ast.Name)}
    return names


def _equals_labels(thing: Any, y: Labels, event: np.ndarray) -> bool:
    listed = isinstance(thing, np.ndarray | list | tuple) or (hasattr(thing, "iloc") and not isinstance(thing, type))
    if not listed or len(thing) != event.size:
        return False
    try:
        values = np.asarray(thing)
        return values.ndim == 1 and bool(np.array_equal(values, np.asarray(y)) or np.array_equal(values, event))
    except UNFIT:
        return False


def _holds_shares(thing: Any, X: Rows, event: np.ndarray) -> str:
    """The column whose levels `thing` maps to shares of events among all rows, or the empty text."""
    if isinstance(thing, type) or not (isinstance(thing, Mapping) or hasattr(thing, "iloc")) or not is_frame(X):
        return ""
    try:
        shares = {str(k): float(v) for k, v in thing.items()}
        for name in X.columns:
            levels, code = np.unique(np.asarray(X[name], dtype=str), return_inverse=True)
            means = np.bincount(code, event) / np.bincount(code)
            told = [abs(shares[k] - m) for k, m in zip(levels, means, strict=True) if k in shares]
            if len(told) >= 3 and len(told) == len(levels) and max(told) < 1e-9:
                return str(name)
    except UNFIT:
        return ""
    return ""
