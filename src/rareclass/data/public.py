"""Public data sets that are fetched by name: the imbalanced-learn collection (Zenodo) and a few of OpenML."""

import io
import tarfile
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rareclass.data.read import read_table
from rareclass.errors import ReadError

if TYPE_CHECKING:
    from rareclass.data.catalogue import CatalogueEntry

ZENODO_URL = "https://zenodo.org/record/61452/files/benchmark-imbalanced-learn.tar.gz"
_TIMEOUT = 60  # seconds without an answer


@dataclass(frozen=True)
class PublicData:
    """A public set: where it is (number in the Zenodo archive or OpenML id) and what is known about it."""

    name: str
    rows: int
    events: int | None
    origin: str
    number: int
    description: str
    target: str = "label"
    pos_label: Any = 1
    drop: tuple[str, ...] = ()


# name, rows and ratio of the archive's 27 sets, in its order: file x{number}data.npz, labels -1 and 1
_ZENODO = (
    "ecoli 336, optical_digits 5620, satimage 6435, pen_digits 10992, abalone 4177, sick_euthyroid 3163, "
    "spectrometer 531, car_eval_34 1728, isolet 7797, us_crime 1994, yeast_ml8 2417, scene 2407, libras_move 360, "
    "thyroid_sick 3772, coil_2000 9822, arrhythmia 452, solar_flare_m0 1389, oil 937, car_eval_4 1728, "
    "wine_quality 4898, letter_img 20000, yeast_me2 1484, webpage 34780, ozone_level 2536, mammography 11183, "
    "protein_homo 145751, abalone_19 4177"
)
_OPENML = (
    PublicData("creditcard", 284_807, 492, "openml", 1597, "card frauds of two days, full precision", "Class", "1"),
    PublicData(
        "bank-marketing", 45_211, 5_289, "openml", 1461, "calls of a bank; V12 (duration) leaks", "Class", "2", ("V12",)
    ),
    PublicData("sick", 3_772, 231, "openml", 38, "thyroid disease, mixed types, missing values", "Class", "sick"),
    PublicData("pc1", 1_109, 77, "openml", 1068, "software defects", "defects", "true"),
)


def _zenodo_sets() -> list[PublicData]:
    sets = []
    for number, entry in enumerate(_ZENODO.split(", "), start=1):
        name, rows = entry.split()
        sets.append(PublicData(name, int(rows), None, "zenodo", number, "imbalanced-learn benchmark collection"))
    return sets


PUBLIC = (*_zenodo_sets(), *_OPENML)


def fetch(wanted: PublicData) -> "CatalogueEntry":
    """Fetch a public set, or read it where an earlier fetch left it."""
    from rareclass.data.catalogue import CatalogueEntry

    table = _from_zenodo(wanted) if wanted.origin == "zenodo" else _from_openml(wanted)
    return CatalogueEntry(
        wanted.name,
        table,
        wanted.target,
        wanted.pos_label,
        wanted.drop,
        dict.fromkeys(wanted.drop, "leakage: known only afterwards"),
        notes=f"{wanted.description} ({wanted.origin} {wanted.number})",
    )


def _from_zenodo(wanted: PublicData) -> Any:
    from sklearn.datasets import get_data_home

    # the folder in which imbalanced-learn keeps the same archive, so that neither fetches it twice
    folder = Path(get_data_home()) / "zenodo"
    file = folder / f"x{wanted.number}data.npz"
    if not file.is_file():
        _unpack(_download(ZENODO_URL, wanted.name), folder, wanted.name)
    if not file.is_file():
        raise ReadError(f"The archive at {ZENODO_URL} does not hold {wanted.name!r} ({file.name}).")
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            matrix, label = np.asarray(arrays["data"], dtype=np.float64), np.asarray(arrays["label"]).ravel()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ReadError(f"{str(file)!r} is damaged ({error}). Delete it and load the set again.") from None
    columns = {f"x{i}": matrix[:, i] for i in range(matrix.shape[1])}
    return read_table({**columns, wanted.target: (label > 0).astype(np.int8)})


def _download(url: str, name: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            return bytes(answer.read())
    except (OSError, ValueError) as error:
        raise _no_network(name, url, error) from None


def _unpack(archive: bytes, folder: Path, name: str) -> None:
    """Write the archive's data files; each appears complete or not at all."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            folder.mkdir(parents=True, exist_ok=True)
            for member in tar.getmembers():
                content = tar.extractfile(member) if member.isfile() else None
                if content is None or not member.name.endswith(".npz"):
                    continue
                place = folder / Path(member.name).name
                part = place.with_suffix(".part")
                part.write_bytes(content.read())
                part.replace(place)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ReadError(f"The archive with {name!r} arrived damaged ({error}). Load the set again.") from None


def _from_openml(wanted: PublicData) -> Any:
    from sklearn.datasets import fetch_openml

    from rareclass._lazy import need

    need("pandas", extra="pandas")
    try:
        bunch = fetch_openml(data_id=wanted.number, as_frame=True, parser="auto", n_retries=1, delay=0.0)
    except (OSError, ValueError) as error:
        raise _no_network(wanted.name, "openml.org", error) from None
    return read_table(bunch.frame)


def _no_network(name: str, place: str, error: BaseException) -> ReadError:
    return ReadError(
        f"The data set {name!r} is not on this machine and cannot be fetched from {place} ({error}). "
        "Connect to a network once, or put the file somewhere and give its path."
    )
