"""The models of a service: read from their folders, and read again when a folder or a champion is replaced."""

import contextlib
import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rareclass.errors import BundleError, InputError, RareclassError, RegistryError
from rareclass.kernels.repeated import repeated
from rareclass.kernels.trees import FEW
from rareclass.scoring.champion import bundle_place
from rareclass.scoring.files import CARD, Folder, damaged
from rareclass.scoring.saved import UNFIT
from rareclass.scoring.scorer import Scorer
from rareclass.serving.errors import Refused
from rareclass.serving.kept import keep, last_kept

POLL = 0.5
"""Seconds between two looks at the folders."""
_WARMING = (1, FEW + 1)
"""Rows that a new scorer is warmed with: trees have a path for few rows and one for more."""
_UNUSABLE = (RareclassError, OSError, MemoryError, RuntimeError, ArithmeticError, *UNFIT)
"""Whatever is wrong with what lies in a folder, what is served stays."""
Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Served:
    """One version of a model; a request takes it once and uses it to its end.

    Attributes
    ----------
    name : str
        What it is served as.
    version : str
    folder : Path
        Of the bundle, in a registry too.
    scorer : Scorer
    target : str or None
    labels : tuple of str
        The usual label, the rare one.
    slice_column : str or None
    tiers : tuple of str
        Mildest first; empty where the model has none.
    card : mapping
        What its folder says of it: name, created, evidence (of the comparison), fit (evidence of the fit), recipe,
        reference, decision, tiers, text (the model card) ...
    """

    name: str
    version: str
    folder: Path
    scorer: Scorer
    target: str | None
    labels: tuple[str, str]
    slice_column: str | None
    tiers: tuple[str, ...]
    card: Mapping[str, Any]

    @functools.cached_property
    def column_set(self) -> frozenset[str]:
        return frozenset(self.scorer.columns)


def read_served(name: str, path: Path) -> Served:
    """The model of a folder, verified and warmed.

    Raises
    ------
    BundleError
        There is no bundle, it was altered or damaged, or it decides over many rows only.
    """
    folder = Folder(path)
    state = folder.state()
    scorer = Scorer.from_folder(folder, state)
    if scorer.cut.unservable is not None:
        raise BundleError(f"The bundle {path} cannot be served. {scorer.cut.unservable}")
    try:
        _warm(scorer)
        cuts, slices = scorer.cut.tiers, state.get("slices")
        said = {key: value for key, value in folder.manifest.items() if key != "files"}
        return Served(
            name=name,
            version=folder.version,
            folder=folder.path,
            scorer=scorer,
            target=folder.manifest["target"],
            labels=_labels(state),
            slice_column=str(slices["column"]) if slices else None,
            tiers=() if cuts is None else tuple(cuts.policy.names),
            card=said
            | {"decision": state["decision"], "tiers": state.get("tiers"), "fit": state["evidence"]}
            | {"text": folder.read(CARD).decode("utf-8", "replace") if folder.holds(CARD) else ""},
        )
    except UNFIT as error:
        raise damaged(path, error) from None


def _warm(scorer: Scorer) -> None:
    """Read texts, score and explain rows of zeros, so that no request waits for kernels."""
    repeated(b"", 0)
    for n in _WARMING:
        X = np.zeros((n, scorer.encoder.width))
        scorer.logit_of(X)
        with contextlib.suppress(InputError):  # a model without reasons
            scorer.explain_of(X, [[None] * len(scorer.columns)] * n)


def _labels(state: Mapping[str, Any]) -> tuple[str, str]:
    rare = state["pos_label"]
    usual = next((label for label in state["classes"] if label != rare), None)
    return _text(usual), _text(rare)


def _text(label: Any) -> str:
    if isinstance(label, dict):  # of a kind that JSON lacks: {"date": "2026-01-01"}
        (label,) = label.values()
    return str(label).lower() if isinstance(label, bool) else str(label)


class Models:
    """The models of a service by name, each replaced as a whole when its folder holds another version.

    A folder that holds nothing whole (damaged, half written, gone) leaves the model that is served as it is; what is
    wrong with it stands in `problems`.

    Parameters
    ----------
    folders : mapping
        Folders by name, of bundles or of registries, whose champion is served.
    kept : Path, optional
        Where the last version that was served is kept, for workers that start while the folder holds nothing whole.
    place : callable
        Where the bundle of such a folder lies; by default a registry's champion.
    heard : callable, optional
        Called with (name, version or None, problem or None) when a model was replaced, or a problem seen or gone.

    Attributes
    ----------
    problems : dict
        A sentence for each model whose folder cannot be taken up, for those who run the service.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        heard: Callable[[str, str | None, str | None], None] | None = None,
        *,
        kept: Path | None = None,
        place: Callable[[Path], Path] = bundle_place,
    ) -> None:
        self.folders, self.kept, self.place = dict(folders), kept, place
        self.problems: dict[str, str] = {}
        self._served: dict[str, Served] = {}
        self._tried: dict[str, Signature] = {}
        self._doubted: dict[str, Signature] = {}
        self._heard = heard or (lambda name, version, problem: None)
        self._reading, self._stop = threading.Lock(), threading.Event()

    @property
    def names(self) -> list[str]:
        return list(self.folders)

    @property
    def ready(self) -> bool:
        """Whether every model can be asked."""
        return len(self._served) == len(self.folders)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each model that can be asked."""
        return {name: served.version for name, served in self._served.items()}

    @property
    def told(self) -> dict[str, str]:
        """The problems as clients are told them: with the names of models where the paths of their folders stand."""
        return {name: said.replace(str(self.folders[name]), name) for name, said in dict(self.problems).items()}

    def get(self, name: str | None, version: str | None = None) -> Served:
        """The model of a name (None: the only one), of this version where one is given.

        Raises
        ------
        Refused
            404: there is no such model or version; 400: several models are served and none is named; 503: the model
            could not be read yet.
        """
        if name is None:
            if len(self.folders) > 1:
                raise Refused(400, f'Several models are served; name one of {_listed(self.folders)} as "model".')
            name = next(iter(self.folders))
        served = self._served.get(name)
        if served is None:
            if name in self.folders:
                raise Refused(503, f"The model {name!r} is not ready: {self.told.get(name, 'it is being read.')}")
            raise Refused(404, f"There is no model {name!r} here, but {_listed(self.folders)}.")
        if version is not None and version != served.version:
            raise Refused(404, f"The model {name!r} is served in version {served.version}, not {version!r}.")
        return served

    def read(self) -> None:
        """Read every folder, at the start; what cannot be read stands in `problems`."""
        for name, folder in self.folders.items():
            self._look(name, settled=True)
            last = None if self.kept is None or name in self._served else last_kept(self.kept, name)
            if last is not None:
                with contextlib.suppress(*_UNUSABLE):
                    self._take_up(replace(read_served(name, last), folder=folder))
                    self._heard(name, None, self.problems[name])

    def reload(self, name: str) -> Served:
        """Read a folder now.

        Raises
        ------
        Refused
            404: there is no such model; 400: the folder holds nothing whole, and the sentence says what is wrong.
        """
        if name not in self.folders:
            raise Refused(404, f"There is no model {name!r} here, but {_listed(self.folders)}.")
        self._tried.pop(name, None)
        self._look(name, settled=True)
        if name in self.problems:
            raise Refused(400, self.problems[name])
        return self.get(name)

    def watch(self) -> None:
        """Look at the folders every `POLL` seconds from now on, in a thread of its own, until `close`."""
        threading.Thread(target=self._watch, name="models", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(POLL):
            for name in self.folders:
                self._look(name)

    def _look(self, name: str, *, settled: bool = False) -> None:
        """Read a folder that changed since it was last read.

        Unless `settled`, one that is not whole gets a second look before it is called a problem.
        """
        with self._reading:
            now = self._signature(self.folders[name])
            if self._tried.get(name) == now:
                return
            try:
                found = read_served(name, self.place(self.folders[name]))
            except _UNUSABLE as error:
                if settled or self._doubted.get(name) == now:
                    self._tried[name] = now
                    self._complain(name, str(error) or type(error).__name__)
                else:
                    self._doubted[name] = now  # it may be half written
                return
            if self._signature(self.folders[name]) == now:
                self._tried[name] = now
            before = self._served.get(name)
            mended = self.problems.pop(name, None)
            if before is None or before.version != found.version:
                self._take_up(found)
                if self.kept is not None:
                    with contextlib.suppress(OSError):
                        keep(self.kept, name, found.version, found.folder)
            elif mended is not None:
                self._heard(name, found.version, None)

    def _signature(self, folder: Path) -> Signature:
        """What changes whenever a file of a bundle is written, moved or removed, or a registry has another champion."""
        try:
            with_stats = [(entry.name, entry.stat()) for entry in self.place(folder).iterdir()]
        except (OSError, RegistryError):
            return ()
        return tuple(sorted((name, s.st_mtime_ns, s.st_size, s.st_ino) for name, s in with_stats))

    def _take_up(self, found: Served) -> None:
        self._served[found.name] = found
        self._heard(found.name, found.version, None)

    def _complain(self, name: str, problem: str) -> None:
        if self.problems.get(name) != problem:
            self.problems[name] = problem
            self._heard(name, None, problem)


def _listed(names: Mapping[str, Path]) -> str:
    return ", ".join(map(repr, sorted(names)))
