"""How a library names its parameters, and which of them a guarded booster cannot honour."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any, NamedTuple

from rareclass.errors import InputError


def spread(table: Mapping[str, str]) -> dict[str, str]:
    """A table of one key for several words, turned round: each word with its key."""
    return {word: key for key, words in table.items() for word in words.split()}


def is_off(value: Any) -> bool:
    """Whether a value is False or 0, and not None."""
    return isinstance(value, bool | int | float) and not value


class Setting(NamedTuple):
    """A parameter that the user set: the name that was typed, and the value."""

    typed: str
    value: Any

    @property
    def off(self) -> bool:
        """Whether the value switches the parameter off."""
        return is_off(self.value)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The names of a library's parameters, and those that a guarded booster refuses."""

    known: frozenset[str] = frozenset()  # every name that the library takes; empty where it does not say
    aliases: Mapping[str, str] = field(default_factory=dict)  # other names of a parameter, with the learner's name
    refused: Mapping[str, str] = field(default_factory=dict)  # why, and what to do instead
    of_values: frozenset[str] = frozenset()  # they speak of the features' own values, which event bins replace
    stopping: frozenset[str] = frozenset()  # they ask for rows to stop on
    options: frozenset[str] = frozenset()  # keywords of the library's `fit` that are passed on
    options_of_eval: frozenset[str] = frozenset()  # likewise, where rows to judge on are given

    def settings(self, learner: Any) -> dict[str, Setting]:
        """What the user set, by the learner's names: neither a default, nor "auto", nor (by another name) None.

        Raises
        ------
        InputError
            Names that the library does not know, and one parameter under two names with two values.
        """
        title = type(learner).__name__
        parameters = signature(type(learner)).parameters.items()
        defaults = {k: p.default for k, p in parameters if p.kind is not Parameter.VAR_KEYWORD}
        found = {k: Setting(k, getattr(learner, k)) for k in defaults if not _same(getattr(learner, k), defaults[k])}
        for typed, value in getattr(learner, "kwargs", {}).items():
            own = self.aliases.get(typed, typed)
            if self.known and typed not in self.known and own not in defaults:
                near = get_close_matches(typed, sorted(self.known | set(defaults)), n=1)
                hint = f"Did you mean `{near[0]}`?" if near else "Leave it out."
                raise InputError(f"{title} and its library know no parameter `{typed}`. {hint}")
            if value is None or _same(value, "auto"):
                continue
            if own in found and not _same(found[own].value, value):
                raise InputError(
                    f"`{found[own].typed}` and `{typed}` are one parameter; got {found[own].value!r} and {value!r}. "
                    "Give one of them."
                )
            found[own] = Setting(typed, value)
        return found

    def check(self, title: str, settings: Mapping[str, Setting], *, binned: bool, stops: bool) -> None:
        """Raise for the first parameter that a learner called `title` cannot honour."""
        for own, setting in settings.items():
            typed = setting.typed
            if setting.off:
                continue
            if own in self.refused:
                raise InputError(f"{title} cannot honour `{typed}`: {self.refused[own]}.")
            if binned and own in self.of_values:
                raise InputError(
                    f"`{typed}` speaks of the features' own values, which event bins replace by the numbers of bins. "
                    "Set event_bins=False beside it."
                )
            if not stops and own in self.stopping:
                raise InputError(
                    f"`{typed}` needs rows to stop on: call fit(X, y, eval_set=[(X_stop, y_stop)]), or leave it out: "
                    "the number of trees is then chosen out of fold."
                )

    def check_options(self, title: str, options: Mapping[str, Any], *, judged: bool) -> None:
        """Raise for the first keyword of `fit` that would not be honoured."""
        for name in options:
            if name in self.options_of_eval and not judged:
                raise InputError(f"`{name}` acts on rows to judge on: give `eval_set` beside it, or leave it out.")
            if name not in self.options | self.options_of_eval:
                own = self.aliases.get(name, name)
                taken = own in self.known or own in ("categorical_features", "n_jobs", "random_state")
                way = f"Give `{own}` to the constructor" if taken and own not in self.refused else "Leave it out"
                raise InputError(f"The fit of {title} does not take `{name}`. {way}.")


def by_position(value: Any, names: Sequence[str], parameter: str) -> Any:
    """A value by names of columns as one by their numbers: mappings become tuples, names in lists become numbers."""
    if isinstance(value, Mapping):
        unknown = [name for name in value if name not in names]
        if unknown:
            raise InputError(f"`{parameter}` names columns that `X` does not have: {unknown}. Known: {list(names)}.")
        return tuple(value.get(name, 0) for name in names)
    if isinstance(value, list | tuple | set):
        inside = [by_position(item, names, parameter) for item in value]
        return type(value)(inside)
    if isinstance(value, str):
        if value not in names:
            raise InputError(f"`{parameter}` names a column that `X` does not have: {value!r}. Known: {list(names)}.")
        return names.index(value)
    return value


def _same(value: Any, other: Any) -> bool:
    plain = isinstance(value, bool | int | float | str) and type(value) is type(other)
    return value is other or (plain and value == other)


@contextmanager
def library_refusals(library: str, *errors: type[Exception]) -> Iterator[None]:
    """What a library refuses by its own errors, as an `InputError`."""
    try:
        yield
    except errors as error:
        said = " ".join(str(error).split())
        raise InputError(f"{library} refuses these data or parameters: {said[:300]}") from error
