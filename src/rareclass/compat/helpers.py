"""Small helpers that imbalanced-learn exports and writers of samplers may use. rareclass itself does not need them."""

import functools
import inspect
import platform
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import NoReturn, TypeVar

from sklearn.base import BaseEstimator

from rareclass.errors import InputError

random_state_docstring = """random_state : int, RandomState, Generator or None, default=None
        Seed or generator; None is unpredictable.
    """.rstrip()

n_jobs_docstring = """n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.
    """.rstrip()

T = TypeVar("T")


class Substitution:
    """Decorator that fills ``{name}`` places in a docstring.

    Parameters
    ----------
    *args, **kwargs : texts, by position or by name, not both
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        if args and kwargs:
            raise AssertionError("Only positional or keyword arguments are allowed, not both.")
        self.args, self.kwargs = args, kwargs

    def __call__(self, obj: T) -> T:
        """The object, its docstring filled in."""
        if obj.__doc__:
            obj.__doc__ = obj.__doc__.format(*self.args, **self.kwargs)
        return obj


def raise_isinstance_error(variable_name: str, possible_type: object, variable: object) -> NoReturn:
    """Raise the sentence "... has to be one of ...", for a variable of a wrong type."""
    raise InputError(f"{variable_name} has to be one of {possible_type}. Got {type(variable)} instead.")


def deprecate_parameter(
    sampler: BaseEstimator, version_deprecation: str, param_deprecated: str, new_param: str | None = None
) -> None:
    """Warn that a parameter that is set is deprecated, and hand its value to the new one.

    Parameters
    ----------
    sampler : object with the parameter as attribute
    version_deprecation : str, "x.y"
    param_deprecated : str
    new_param : str or None
    """
    if getattr(sampler, param_deprecated) is None:
        return
    major, minor = version_deprecation.split(".")
    said = (
        f"'{param_deprecated}' is deprecated from {version_deprecation} and will be removed in "
        f"{major}.{int(minor) + 2} for the estimator {type(sampler)}."
    )
    if new_param is not None:
        said += f" Use '{new_param}' instead."
        setattr(sampler, new_param, getattr(sampler, param_deprecated))
    warnings.warn(said, FutureWarning, stacklevel=2)


def deprecate_positional_args(function: Callable) -> Callable:
    """Accept keyword-only arguments by position too, with a FutureWarning that says how to pass them."""
    parameters = inspect.signature(function).parameters.values()
    positional = [p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    keyword = [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]

    @functools.wraps(function)
    def forgiving(*args: object, **kwargs: object) -> object:
        extra = dict(zip(keyword, args[len(positional) :]))
        if extra:
            said = ", ".join(f"{name}={value}" for name, value in extra.items())
            warnings.warn(f"Pass {said} as keyword args.", FutureWarning, stacklevel=2)
        kwargs.update(extra)
        return function(*args[: len(positional)], **kwargs)

    return forgiving


def is_neighbors_object(estimator: BaseEstimator) -> bool:
    """True for objects with `kneighbors` and `kneighbors_graph`."""
    return hasattr(estimator, "kneighbors") and hasattr(estimator, "kneighbors_graph")


def dependency_versions() -> dict[str, str | None]:
    """Versions of the packages that matter for a bug report; None where one is missing."""
    names = (
        "rareclass imbalanced-learn pip setuptools numpy scipy scikit-learn numba Cython pandas keras tensorflow joblib"
    )
    found: dict[str, str | None] = {}
    for name in (*names.split(), "keras", "tensorflow", "joblib"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def show_versions(github: bool = False) -> None:
    """Print Python, machine and package versions, as text or as a GitHub details block."""
    system = {"python": sys.version.replace("\n", " "), "executable": sys.executable, "machine": platform.platform()}
    packages = dependency_versions()
    if not github:
        print("\nSystem:", *(f"{k:>11}: {v}" for k, v in system.items()), sep="\n")
        print("\nPython dependencies:", *(f"{k:>16}: {v}" for k, v in packages.items()), sep="\n")
        return
    listed = ["\n".join(f"* {k:<10}: `{v}`" for k, v in part.items()) for part in (system, packages)]
    print(
        "<details><summary>System, Dependency Information</summary>\n\n**System Information**\n\n"
        f"{listed[0]}\n\n**Python Dependencies**\n\n{listed[1]}\n\n</details>"
    )


def all_estimators(type_filter: str | list[str] | None = None) -> list[tuple[str, type]]:
    """Names and classes of all public samplers, ensembles and pipelines, sorted; "sampler" leaves samplers only."""
    from importlib import import_module

    from rareclass.sampler import is_sampler

    wanted = [type_filter] if isinstance(type_filter, str) else type_filter
    if wanted is not None and set(wanted) - {"sampler"}:
        raise InputError(f"Parameter type_filter must be 'sampler' or None, got {type_filter!r}.")
    found: dict[str, type] = {}
    for room in ("over_sampling", "under_sampling", "combine", "ensemble", "pipeline", "function_sampler"):
        module = import_module(f"rareclass.{room}")
        names = getattr(module, "__all__", None) or ["Pipeline" if room == "pipeline" else "FunctionSampler"]
        for name in names:
            value = getattr(module, name)
            if isinstance(value, type) and hasattr(value, "get_params"):
                found[name] = value
    if wanted is not None:
        found = {name: value for name, value in found.items() if is_sampler(value)}
    return sorted(found.items())
