"""The registry: the versions of a model, which of them is the champion, and all that was done and why."""

import contextlib
import datetime
import difflib
import errno
import getpass
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rareclass._json import to_plain
from rareclass.artifact.atomic import flush, partial_directory, settle_directory
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.lock import locked
from rareclass.errors import BundleError, RegistryError
from rareclass.scoring.champion import ADDED, BUNDLES, JOURNAL, PROMOTED, REMOVED, ROLLED_BACK, champions, read_journal
from rareclass.scoring.files import MANIFEST, Folder

LOCK, RETRAIN_LOCK = "lock", "retrain.lock"
_OURS = frozenset({JOURNAL, BUNDLES, LOCK, RETRAIN_LOCK})
_WHY = {
    errno.ENOSPC: "its disk is full. Free some space and try again",
    errno.EDQUOT: "its disk quota is used up. Free some space and try again",
    errno.EROFS: "its disk is read-only",
    errno.EACCES: "it may not be written to by this user",
    errno.EPERM: "it may not be written to by this user",
}


class Registry:
    """A folder of bundles, one of which is the champion.

    ``bundles/VERSION/`` are bundles, named by their content; ``journal.jsonl`` says, one line an entry, what was done,
    when, by whom and why. A promotion is one line, so whatever stops a process (a kill, a full disk) leaves the old
    champion or the new one. Who only reads needs no lock and writes nothing; writers wait for one another. Leftovers of
    killed writers are removed by the next one.

    `Bundle.load`, and every command that takes a bundle, take the folder of a registry and mean its champion.

    Parameters
    ----------
    folder : str or path
        It is made when the first bundle is added.
    patience : float, default=30.0
        Seconds to wait for another process that writes.

    Raises
    ------
    RegistryError
        The folder holds something else.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from rareclass import RareClassifier
    >>> from rareclass.artifact import Bundle
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> model = RareClassifier(estimator="logistic_regression").fit(X, X[:, 0] > 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     registry = Registry(folder)
    ...     print(registry.champion())
    ...     version = registry.add(Bundle(model))
    ...     registry.promote(version, "the first one")
    ...     print(registry.champion().version == version, [entry["what"] for entry in registry.history()])
    None
    True ['added', 'promoted']
    """

    def __init__(self, folder: str | os.PathLike, *, patience: float = 30.0) -> None:
        self.folder, self.patience = Path(folder).absolute(), patience
        self._refuse_other()

    @property
    def champion_version(self) -> str | None:
        """Version of the champion; None where nothing was promoted yet."""
        return next(reversed(champions(self.history())), None)

    def champion(self) -> Bundle | None:
        """The champion, verified; None where nothing was promoted yet."""
        version = self.champion_version
        return None if version is None else Bundle.load(self._place(version))

    def load(self, version: str) -> Bundle:
        """The bundle of a version, verified.

        Raises
        ------
        RegistryError
            There is no such version.
        BundleError
            It was altered, or is damaged.
        """
        self._refuse_unknown(version)
        return Bundle.load(self._place(version))

    def versions(self) -> list[str]:
        """All versions that are held, in the order in which they were added."""
        added = dict.fromkeys(entry["version"] for entry in self.history() if entry["what"] == ADDED)
        return [version for version in added if (self._place(version) / MANIFEST).exists()]

    def history(self) -> list[dict[str, Any]]:
        """What was done, oldest first.

        Each entry has ``what`` ("added", "promoted", "rolled back", "removed", or what `note` was told), ``when`` (ISO
        8601, UTC), ``version``, ``before`` (the champion until then, or None), ``why``, ``by``, ``pid`` and
        ``figures``.
        """
        return read_journal(self.folder / JOURNAL)[0]

    def add(self, bundle: Bundle | str | os.PathLike, why: str = "") -> str:
        """Hold a bundle; whoever adds what is held already changes nothing.

        Parameters
        ----------
        bundle : Bundle, or path of its folder
            A bundle that lies in a folder as it is (it was loaded or saved) is copied, and keeps its version.
        why : str, default=""

        Returns
        -------
        str
            Its version.
        """
        stored = bundle.stored if isinstance(bundle, Bundle) else Path(bundle)
        version = None if stored is None else Bundle.load(stored).version
        with self._writing() as entries:
            if version is None or not self._whole(version):
                with partial_directory(self.folder / BUNDLES / "new") as work:
                    if stored is None:
                        assert isinstance(bundle, Bundle)
                        bundle.write_into(work)
                    else:
                        source = Folder(stored)
                        source.copy_to(work, source.manifest["files"])
                    version = Folder(work).version
                    settle_directory(work, self._place(version))
            if isinstance(bundle, Bundle) and stored is None:
                bundle.lies_in(self._place(version))
            if not any(entry["what"] == ADDED and entry["version"] == version for entry in entries):
                self._append(entries, ADDED, version, why)
        return version

    def promote(
        self, version: str, why: str = "", *, over: str | None = None, figures: Mapping[str, Any] | None = None
    ) -> None:
        """Make a version the champion; nothing happens where it is so already.

        Parameters
        ----------
        version : str
        why : str, default=""
        over : str, optional
            The champion that it was judged against: another one, promoted meanwhile, stays.
        figures : mapping, optional
            Of the judgement.

        Raises
        ------
        RegistryError
            There is no such version, or the champion is another one than `over`.
        """
        with self._writing() as entries:
            self.load(version)
            now = next(reversed(champions(entries)), None)
            if over is not None and now != over:
                raise RegistryError(
                    f"The champion of {self.folder} is {now} by now, not {over}, which {version} was judged against. "
                    "Judge it again."
                )
            if version != now:
                self._append(entries, PROMOTED, version, why, figures)

    def rollback(self, why: str = "") -> str:
        """Make the champion before the present one champion again; returns its version.

        Raises
        ------
        RegistryError
            There was none before.
        """
        with self._writing() as entries:
            stack = champions(entries)
            if len(stack) < 2:
                has = "only one champion so far" if stack else "no champion yet"
                raise RegistryError(f"The registry {self.folder} had {has}, so there is none to go back to.")
            self.load(stack[-2])
            self._append(entries, ROLLED_BACK, stack[-2], why)
            return stack[-2]

    def note(self, what: str, version: str, why: str, figures: Mapping[str, Any] | None = None) -> None:
        """Write into the journal what happened to a version without making it the champion ("refused" ...)."""
        with self._writing() as entries:
            self._append(entries, what, version, why, figures)

    def prune(self, keep: int = 10) -> list[str]:
        """Remove the oldest versions but for `keep`, the champion and the one before it; returns what was removed."""
        with self._writing() as entries:
            held = self.versions()
            away = [v for v in held[: max(len(held) - keep, 0)] if v not in champions(entries)[-2:]]
            for version in away:
                self._append(entries, REMOVED, version, f"{keep} versions are kept")
                self._place(version).rename(self._place(f".{version}"))
                shutil.rmtree(self._place(f".{version}"))
        return away

    @contextlib.contextmanager
    def retraining(self) -> Iterator[None]:
        """Be the only one who retrains; promotions and the way back stay open to others meanwhile."""
        with contextlib.ExitStack() as held:
            with self._explained():
                what = f"The retraining of {self.folder}"
                held.enter_context(locked(self.folder / RETRAIN_LOCK, what, patience=self.patience))
            yield

    def _place(self, version: str) -> Path:
        return self.folder / BUNDLES / version

    def _whole(self, version: str) -> bool:
        try:
            return Bundle.load(self._place(version)).version == version
        except BundleError:
            return False

    def _refuse_other(self) -> None:
        """Raise where the folder is none of ours."""
        if self.folder.is_file():
            raise RegistryError(f"{self.folder} is a file; a registry is a folder.")
        held = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        if MANIFEST in held:
            raise RegistryError(
                f"{self.folder} is a bundle, not a registry. Promote it into one: rareclass promote REGISTRY "
                f"{self.folder}."
            )
        if held - _OURS and JOURNAL not in held:
            raise RegistryError(
                f"{self.folder} is no registry: it holds {min(held - _OURS)!r}. Name another folder, or an empty one."
            )

    def _refuse_unknown(self, version: str) -> None:
        held = self.versions()
        if version in held:
            return
        if not held:
            raise RegistryError(f"The registry {self.folder} holds no version yet. Add a bundle first.")
        near = difflib.get_close_matches(version, held, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"The newest are {', '.join(held[:-4:-1])}."
        raise RegistryError(f"The registry {self.folder} holds no version {version!r}. {hint}")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what the system refuses in a sentence."""
        try:
            yield
        except OSError as error:
            why = _WHY.get(error.errno or 0, f"{error.strerror or error} ({error.filename or ''})".replace(" ()", ""))
            raise RegistryError(f"The registry {self.folder} was left as it was: {why}.") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[list[dict[str, Any]]]:
        """Be the only writer, find what killed ones left cleared up, and yield the journal."""
        with self._explained():
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / LOCK, f"The registry {self.folder}", patience=self.patience):
                journal = self.folder / JOURNAL
                entries, end = read_journal(journal)
                if journal.exists() and journal.stat().st_size > end:
                    os.truncate(journal, end)
                for left in (self.folder / BUNDLES).glob(".*"):
                    shutil.rmtree(left, ignore_errors=True)
                yield entries

    def _append(
        self, entries: list[dict[str, Any]], what: str, version: str, why: str, figures: Mapping[str, Any] | None = None
    ) -> None:
        """Write an entry; a line that cannot be written whole is taken back."""
        entry = {
            "what": what,
            "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "version": version,
            "before": next(reversed(champions(entries)), None),
            "why": why,
            "by": _user(),
            "pid": os.getpid(),
            "figures": to_plain(figures or {}),
        }
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        file = os.open(self.folder / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with contextlib.ExitStack() as last, contextlib.ExitStack() as undo:
            last.callback(os.close, file)
            undo.callback(os.ftruncate, file, os.fstat(file).st_size)
            while line:
                line = line[os.write(file, line) :]
            os.fsync(file)
            undo.pop_all()
        flush(self.folder)
        entries.append(entry)


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return None
