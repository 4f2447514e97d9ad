"""The imbalanced-learn collection: 27 sets in one archive at Zenodo, fetched once into scikit-learn's data folder."""

import io
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import numpy as np

from rareclass.errors import ReadError

URL = "https://zenodo.org/record/61452/files/benchmark-imbalanced-learn.tar.gz"
_TIMEOUT = 60  # seconds without an answer

# name and rows of the archive's 27 sets, in its order: file x{number}data.npz, labels -1 and 1
_LISTED = (
    "ecoli 336, optical_digits 5620, satimage 6435, pen_digits 10992, abalone 4177, sick_euthyroid 3163, "
    "spectrometer 531, car_eval_34 1728, isolet 7797, us_crime 1994, yeast_ml8 2417, scene 2407, libras_move 360, "
    "thyroid_sick 3772, coil_2000 9822, arrhythmia 452, solar_flare_m0 1389, oil 937, car_eval_4 1728, "
    "wine_quality 4898, letter_img 20000, yeast_me2 1484, webpage 34780, ozone_level 2536, mammography 11183, "
    "protein_homo 145751, abalone_19 4177"
)
ROWS = {name: int(rows) for name, rows in (entry.split() for entry in _LISTED.split(", "))}
"""Name to number of rows, in the order of the archive."""


def folder_of(data_home: str | None = None) -> Path:
    """The folder in which imbalanced-learn keeps the same archive, so that neither fetches it twice."""
    from sklearn.datasets import get_data_home

    return Path(get_data_home(data_home=data_home)) / "zenodo"


def file_of(name: str, folder: Path) -> Path:
    """Where the set lies once it was fetched."""
    return folder / f"x{[*ROWS].index(name) + 1}data.npz"


def read_set(name: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (n, d) and labels, -1 or 1, of a set; the archive is fetched if the set is not there."""
    file = file_of(name, folder)
    if not file.is_file():
        _unpack(_download(URL, name), folder, name)
    if not file.is_file():
        raise ReadError(f"The archive at {URL} does not hold {name!r} ({file.name}).")
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return arrays["data"], arrays["label"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ReadError(f"{str(file)!r} is damaged ({error}). Delete it and load the set again.") from None


def _download(url: str, name: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            return bytes(answer.read())
    except (OSError, ValueError) as error:
        raise no_network(name, url, error) from None


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


def no_network(name: str, place: str, error: BaseException) -> ReadError:
    """The error of a set that had to be fetched and could not be."""
    return ReadError(
        f"The data set {name!r} is not on this machine and cannot be fetched from {place} ({error}). "
        "Connect to a network once, or put the file somewhere and give its path."
    )
