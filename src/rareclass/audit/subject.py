"""What is audited, with its rows: a pipeline and its splitter, a function, two tables, or the folder of a run."""

import importlib
import inspect
import os
import sys
import warnings
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import check_cv

from rareclass import _check
from rareclass._lazy import available
from rareclass._types import Label, PerRow, Rows
from rareclass.audit.answers import Target
from rareclass.audit.evaluations import CHANCE, evaluation_findings
from rareclass.audit.predictors import predictor_findings, row_by_row, takes
from rareclass.audit.probes import Asked, probe_rows, units_of
from rareclass.audit.reach import reach_findings
from rareclass.audit.runs import audit_run
from rareclass.audit.stages import stage_findings
from rareclass.audit.steps import step_findings
from rareclass.crossfit import raw_logit
from rareclass.data.duplicates import duplicate_groups, twins
from rareclass.data.problem import Roles, read_problem
from rareclass.data.read import read_table
from rareclass.errors import InputError
from rareclass.evaluation.faults import worst_first
from rareclass.evaluation.leakage import audit, encoded
from rareclass.evaluation.results import Finding
from rareclass.sampler.containers import n_rows, take

PROTOCOLS = {2: "evaluate(X, y)", 3: "fit_predict(X_train, y_train, X_test)", 4: "fit_predict(..., X_test, y_test)"}


@dataclass(frozen=True)
class Subject:
    """What is audited, and the rows that it is audited on.

    Parameters
    ----------
    what : pipeline, function, pair of tables or path
        A scikit-learn or imbalanced-learn estimator; `evaluate(X, y)`, `fit_predict(X_train, y_train, X_test)` or the
        same with `y_test`; (train, test); the folder of a run.
    X : rows of shape (n, d)
    y : array-like of shape (n,)
    cv : int, splitter or iterable of (train, test), optional
        How the pipeline is judged. Without it only the pipeline and the columns are looked at.
    groups, times : array-like of shape (n,), optional
        Functions that have parameters of these names are given them.
    prevalence : float in (0, 1), optional
        Real share of events.
    metric : str, optional
        What `evaluate` returns, where that is a number: "roc_auc", "average_precision", "balanced_accuracy" or
        "matthews_corrcoef".
    target, group, time : str, optional
        Columns of (train, test) tables.
    pos_label : label, optional
        The event; by default the rarer label.
    random_state : int, default=0

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(600, 3)), rng.random(600) < 0.2
    >>> audit_subject(Subject(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=5))
    []
    >>> Z = StandardScaler().fit_transform(X)  # before the split
    >>> [f.code for f in audit_subject(Subject(LogisticRegression(), Z, y, cv=5))]
    ['fitted-before-split']
    """

    what: Any
    X: Rows = None
    y: Any = None
    _: KW_ONLY
    cv: Any = None
    groups: PerRow | None = None
    times: PerRow | None = None
    prevalence: float | None = None
    metric: str | None = None
    target: str | None = None
    group: str | None = None
    time: str | None = None
    pos_label: Label = None
    random_state: int = 0


def audit_subject(subject: Subject) -> list[Finding]:
    """Look for the mistakes that make an evaluation of rare events too good.

    What each kind of subject can reveal stands in `docs/audit.md`. A pipeline is read, its splits are checked, and a
    copy is fitted once on a fifth of the rows. A function is called 4 to 7 times (`fit_predict`), or 5 to 50
    times, 97 at the most (`evaluate`), on at most 800 rows.

    Returns
    -------
    list of Finding
        Errors first; empty when nothing was found.

    Raises
    ------
    InputError
        The subject is no pipeline, function, pair of tables or run, or its rows and splits do not match.

    Examples
    --------
    >>> import numpy as np
    >>> def fit_predict(X_train, y_train, X_test):
    ...     middle = np.vstack([X_train, X_test]).mean(axis=0)  # of the test rows too
    ...     return (X_test - middle) @ np.cov(X_train - middle, y_train, rowvar=False)[:-1, -1]
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(300, 2)), rng.random(300) < 0.2
    >>> [f.code for f in audit_subject(Subject(fit_predict, X, y))]
    ['predictions-depend-on-test-rows']
    """
    what = subject.what
    if isinstance(what, str | os.PathLike):
        return audit_run(what)
    if isinstance(what, tuple | list):
        return worst_first(_tables(subject))
    estimator = hasattr(what, "fit") and hasattr(what, "get_params") and not isinstance(what, type)
    if not estimator and (not callable(what) or isinstance(what, type)):
        raise InputError(
            f"An audit takes a pipeline, a function, two tables or the folder of a run; got {type(what).__name__}."
        )
    if subject.X is None or subject.y is None:
        raise InputError("A pipeline or function is audited on rows: give X and y (--table FILE --target COLUMN).")
    _check.same_length(X=range(n_rows(subject.X)), y=subject.y, groups=subject.groups, times=subject.times)
    return worst_first(_pipeline(subject) if estimator else _function(subject))


def _pipeline(subject: Subject) -> list[Finding]:
    what, X, target = subject.what, subject.X, Target.of(subject.y, subject.pos_label)
    found = step_findings(what, X, subject.y, target.event) + stage_findings(what)
    splits = None
    if subject.cv is not None:
        with warnings.catch_warnings():
            # scikit-learn's word on small classes and unused groups; the findings say it
            warnings.simplefilter("ignore", UserWarning)
            splits = list(check_cv(subject.cv, subject.y, classifier=True).split(X, subject.y, subject.groups))
    found += _rows(subject, splits)
    return found + _row_by_row(what, X, target, subject.random_state)


def _row_by_row(estimator: BaseEstimator, X: Rows, target: Target, seed: int) -> list[Finding]:
    """Fit a copy once on few rows: whether the score of a row rests on the rows beside it."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(probe_rows(target.event, None, rng))[: max(target.event.size // 5, 60)]
    train, test = rows[: rows.size // 2], rows[rows.size // 2 :]
    asked = Asked(lambda: clone(estimator).fit(take(X, train), target.take(train).y))
    if not target.event[train].any() or (model := asked.call("a fit on few rows")) is None:
        return asked.found
    asked.function = lambda rows: raw_logit(model, take(X, rows))
    row_by_row(lambda rows: asked.call("scores of few rows", rows), asked, test, _far(read_table(X)))
    return asked.found


def _far(table: pa.Table) -> np.ndarray:
    """How far each row is from the middle of the table, in standard deviations of its columns, squared."""
    matrix = np.nan_to_num(encoded(table).matrix)
    return np.asarray((((matrix - matrix.mean(axis=0)) / np.maximum(matrix.std(axis=0), 1e-12)) ** 2).sum(axis=1))


def _function(subject: Subject) -> list[Finding]:
    what, target = subject.what, Target.of(subject.y, subject.pos_label)
    if takes(what) not in PROTOCOLS:
        raise InputError(f"A function under audit is one of {'; '.join(PROTOCOLS.values())}.")
    _check.one_of(subject.metric, "metric", (None, *CHANCE))
    name = getattr(what, "__name__", type(what).__name__)
    found = reach_findings(what, subject.X, subject.y, target.event, name)
    return found + _rows(subject, None) + _probed(subject, target)


def _rows(subject: Subject, splits: list | None) -> list[Finding]:
    return audit(
        subject.X,
        subject.y,
        splits=splits,
        groups=subject.groups,
        times=subject.times,
        prevalence=subject.prevalence,
        pos_label=subject.pos_label,
    )


def _probed(subject: Subject, target: Target) -> list[Finding]:
    """Call the function on what an honest one does not notice."""
    table = read_table(subject.X)
    groups = None if subject.groups is None else np.asarray(subject.groups)
    units, seed = units_of(twins(duplicate_groups(table), target.event), groups), subject.random_state
    if takes(subject.what) == 2:
        given = inspect.signature(subject.what).parameters
        beside = {k: v for k, v in (("groups", groups), ("times", subject.times)) if v is not None}
        beside = {k: np.asarray(v) for k, v in beside.items() if k in given}
        return evaluation_findings(
            subject.what, subject.X, target, units, metric=subject.metric, beside=beside, seed=seed
        )
    return predictor_findings(subject.what, subject.X, target, units, _far(table), seed=seed)


def _tables(subject: Subject) -> list[Finding]:
    """Both tables as one, split as they are."""
    if len(subject.what) != 2:
        raise InputError(f"Two tables are audited as (train, test); got {len(subject.what)}.")
    parts = [read_table(part) for part in subject.what]
    if subject.target is None:
        raise InputError("Name the column of the tables that holds the labels: target= (--target COLUMN).")
    both = set(parts[0].column_names) ^ set(parts[1].column_names)
    if both:
        raise InputError(f"The two tables have different columns: {', '.join(sorted(both)[:8])}. Give them the same.")
    whole = pa.concat_tables([parts[0], parts[1].select(parts[0].column_names)], promote_options="permissive")
    problem = read_problem(whole, subject.target, Roles(groups=subject.group, time=subject.time))
    train = np.arange(whole.num_rows) < parts[0].num_rows
    rows = replace(subject, X=problem.features, y=problem.y, groups=problem.groups, times=problem.times)
    return _rows(rows, [(train, ~train)])


def frame_of(table: pa.Table) -> Rows:
    """A table as estimators take it: a pandas frame where pandas is installed, else a matrix."""
    return table.to_pandas() if available("pandas") is None else encoded(table).matrix


def subject_named(name: str) -> Any:
    """The object of ``module:object``, imported from the working directory too, which runs the module's code.

    Raises
    ------
    InputError
        There is no such module or object, or importing it fails.
    """
    module, _, path = name.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever the code of the user raises
        raise InputError(f"The module {module!r} cannot be imported: {type(error).__name__}: {error}.") from error
    finally:
        sys.path.remove(os.getcwd())
    for part in path.split("."):
        if not hasattr(found, part):
            known = [k for k in vars(found) if not k.startswith("_")] if hasattr(found, "__dict__") else []
            raise InputError(f"{module!r} holds no {path!r}; it holds {', '.join(known[:12])}.")
        found = getattr(found, part)
    return found
