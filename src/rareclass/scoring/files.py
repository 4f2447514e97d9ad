"""A bundle's folder: read and verified with the standard library and NumPy only; nothing in it runs."""

import hashlib
import io
import json
import math
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from rareclass.errors import BundleError, InputError
from rareclass.scoring.champion import bundle_place
from rareclass.scoring.saved import UNFIT, refuse_odd, why
from rareclass.scoring.tensors import as_tensors, tensors_of

FORMAT = 2
READABLE = (1, FORMAT)
"""A bundle of format 1, or one of format 2 that knows of no scorer, holds a learner only."""
MANIFEST, MODEL, SCORER = "manifest.json", "model.json", "scorer.npz"
LEARNER, GIVEN, REFERENCE, TENSORS = "learner.skops", "given.skops", "reference.npz", "tensors.safetensors"
CARD = "card.md"
KNOWN = frozenset({MODEL, SCORER, LEARNER, GIVEN, REFERENCE, TENSORS, CARD})
"""Files of format 2 beside the manifest. All but `MODEL` may be absent."""
PARTS = ("tiers", "slices", "stages")
"""Parts of `MODEL` that may be absent or null: shifts by slice; tiers stand in the decision, stages in the scorer."""
READ = ("slices",)
"""Those of them that this version scores with."""
SAID: dict[str, Any] = {"name": str, "target": str | None, "evidence": dict, "reference": dict, "recipe": dict}
"""What a manifest says beside format, versions and files, and of which kind it is."""
_UNREADABLE = (*UNFIT, OSError, EOFError, MemoryError, NotImplementedError, SyntaxError, zipfile.BadZipFile, zlib.error)
_MOST_BYTES = 2**31
_MOST_ARRAYS = 20_000


class Folder:
    """A bundle on disk whose manifest was read; every file is verified when it is read.

    Parameters
    ----------
    path : str or path
        Of a bundle, or of a registry, whose champion is read.

    Attributes
    ----------
    path : Path
        Where the bundle lies.
    manifest : dict
    version : str
        First 12 hex digits of the manifest's sha256.

    Raises
    ------
    BundleError
        There is no bundle, its format is another one, or its manifest is incomplete or names foreign files.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        try:
            self.path = bundle_place(Path(path))
        except TypeError:
            raise InputError(f"A bundle is named by its folder, a text or Path; got {type(path).__name__}.") from None
        if not (self.path / MANIFEST).exists() and (self.path / "champion" / MANIFEST).exists():
            raise BundleError(
                f"This is no bundle but the folder of a run: {self.path}. Did you mean {self.path}/champion?"
            )
        raw = _bytes(self.path / MANIFEST, "This is no bundle")
        self.manifest = _parsed(raw, self.path / MANIFEST, "This is no bundle")
        self.version = version_of(raw)
        if self.manifest.get("format") not in READABLE or isinstance(self.manifest["format"], bool):
            raise BundleError(
                f"The bundle {self.path} has format {self.manifest.get('format')!r}; this version reads format "
                f"{FORMAT} and earlier ones. Use the version of rareclass that wrote it, or train it again."
            )
        missing = [name for name in (*SAID, "files") if name not in self.manifest]
        if missing or not isinstance(self.manifest["files"], dict):
            lack = missing[0] if missing else "files"
            raise BundleError(f"The bundle {self.path} is incomplete: its manifest lacks {lack!r}. Save it again.")
        for name, kind in {**SAID, "scorer": dict}.items():
            if not isinstance(self.manifest.get(name, {}), kind):
                raise damaged(self.path, InputError(f"Its manifest says {name!r} otherwise than a manifest does."))
        foreign = sorted(self.manifest["files"].keys() - KNOWN)
        if foreign:
            raise BundleError(
                f"The bundle {self.path} names the file {foreign[0]!r}, which this version does not know. Use the "
                "version of rareclass that wrote it."
            )

    @property
    def scorer(self) -> dict[str, Any]:
        """What the manifest says of the scorer: ``exact``, and ``why_not`` where it is not."""
        if "scorer" in self.manifest:
            return dict(self.manifest["scorer"])
        return {"exact": False, "why_not": "the bundle was written before models were compiled"}

    def holds(self, name: str) -> bool:
        """Whether the manifest names this file."""
        return name in self.manifest["files"]

    def read(self, name: str) -> bytes:
        """The content of a file, which must match its checksum."""
        said = self.manifest["files"].get(name)
        if said is None or not os.path.lexists(self.path / name):
            raise BundleError(f"The bundle {self.path} is incomplete: {name} is missing. Save it again.")
        raw = _bytes(self.path / name, f"The bundle {self.path} is incomplete")
        if digest(raw) != said:
            raise BundleError(f"The bundle {self.path} was altered: {name} does not match its checksum. Do not use it.")
        return raw

    def copy_to(self, place: Path, names: Iterable[str]) -> None:
        """Copy the manifest, and these files verified, into an existing folder."""
        shutil.copyfile(self.path / MANIFEST, place / MANIFEST)
        for name in names:
            (place / name).write_bytes(self.read(name))

    def state(self) -> dict[str, Any]:
        """The content of `MODEL`; refused where it holds a part that this version cannot score with."""
        found = _parsed(self.read(MODEL), self.path / MODEL, "The bundle is incomplete")
        unknown = [part for part in PARTS if found.get(part) and part not in READ]
        if unknown:
            raise BundleError(
                f"The bundle {self.path} holds {unknown[0]}, which this version cannot score with. Use the version of "
                "rareclass that wrote it."
            )
        return found

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of an .npz file."""
        return read_arrays(self.read(name), self.path / name)

    def scorer_arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the compiled model."""
        if not self.holds(TENSORS):
            return self.arrays(SCORER)
        try:
            return tensors_of(self.read(TENSORS))
        except InputError as error:
            raise damaged(self.path, error) from None


def read_arrays(raw: bytes, path: Path) -> dict[str, np.ndarray]:
    """Arrays by name of the content of an .npz file, whose size is looked at before anything is unpacked.

    Raises
    ------
    BundleError
        It is no .npz file, unpacks to more than 2 GiB or 20,000 arrays, or holds objects.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            inside = archive.infolist()
            if len(inside) > _MOST_ARRAYS or sum(part.file_size for part in inside) > _MOST_BYTES:
                raise InputError("It unpacks to more than a scorer can be.")
            if len({part.filename for part in inside}) < len(inside):
                raise InputError("It holds two parts of one name.")
            for part in inside:
                with archive.open(part) as file:
                    _refuse_header(file, part.file_size)
        with np.load(io.BytesIO(raw), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except _UNREADABLE as error:
        raise BundleError(f"{path} cannot be read ({why(error)}). Do not use it.") from None


def _refuse_header(file: IO[bytes], size: int) -> None:
    """Raise where an array of `size` bytes says that it holds objects, or more or less than it does."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise InputError("It holds an array of an unknown format.")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise InputError("Object arrays are not read.")
    if file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise InputError("It holds an array of another size than it says.")


def damaged(path: Path, error: BaseException) -> BundleError:
    """What to say of a bundle whose parts are not as they were written."""
    return BundleError(f"The bundle {path} is damaged: {why(error)}. Save it again.")


def write_arrays(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Write arrays as a compressed .npz file."""
    path.write_bytes(packed(arrays))


def write_scorer(arrays: Mapping[str, np.ndarray], folder: Path, member: Any) -> None:
    """Write the arrays of a compiled model: those of a network in the form that its own tools read."""
    if getattr(member, "in_tensors", False):
        (folder / TENSORS).write_bytes(as_tensors(arrays))
    else:
        write_arrays(arrays, folder / SCORER)


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The content of a compressed .npz file."""
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **arrays)
    return written.getvalue()


def digest(raw: bytes) -> dict[str, Any]:
    """What a manifest says of a file."""
    return {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}


def version_of(manifest: bytes) -> str:
    """The version of a bundle with this manifest."""
    return hashlib.sha256(manifest).hexdigest()[:12]


def _bytes(path: Path, what: str) -> bytes:
    if not os.path.lexists(path):
        raise BundleError(f"{what}: {path} does not exist.")
    if not os.path.isfile(path):  # a pipe would be waited for
        raise BundleError(f"{what}: {path} is no regular file.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{what}: {path} cannot be read ({error}).") from None


def _parsed(raw: bytes, path: Path, what: str) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"))
        refuse_odd(found)
    except json.JSONDecodeError as error:
        raise BundleError(f"{what}: {path} is no JSON ({error}).") from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{what}: {path} cannot be read: {why(error)}.") from None
    return found if isinstance(found, dict) else {}
