"""Make data imbalanced, and fetch the 27 benchmark sets of the imbalanced-learning literature."""

import tarfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from rareclass import _check
from rareclass._sklearn import checks_parameters
from rareclass.errors import InputError
from rareclass.sampler import check_sampling_strategy, check_target_type
from rareclass.under_sampling.random import RandomUnderSampler

_URL = "https://zenodo.org/record/61452/files/benchmark-imbalanced-learn.tar.gz"
_NAMES = (
    "ecoli optical_digits satimage pen_digits abalone sick_euthyroid spectrometer car_eval_34 isolet us_crime "
    "yeast_ml8 scene libras_move thyroid_sick coil_2000 arrhythmia solar_flare_m0 oil car_eval_4 wine_quality "
    "letter_img yeast_me2 webpage ozone_level mammography protein_homo abalone_19"
).split()


@checks_parameters(
    {
        "X": ["array-like"],
        "y": ["array-like"],
        "sampling_strategy": [Mapping, callable, None],
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["boolean"],
    }
)
def make_imbalance(
    X: Any,
    y: Any,
    *,
    sampling_strategy: Mapping | Callable | None = None,
    random_state: Any = None,
    verbose: bool = False,
    **kwargs: Any,
) -> tuple[Any, Any]:
    """Thin out classes at random, for experiments with a known degree of imbalance.

    Parameters
    ----------
    X : array or frame (n, d)
    y : labels (n,)
    sampling_strategy : mapping {label: rows to keep} or callable(y, **kwargs) -> mapping
        Required, although imbalanced-learn's signature gives it a default.
    random_state : int, Generator, RandomState or None, default=None
    verbose : bool, default=False
        Print the class counts before and after.
    **kwargs : arguments of a callable `sampling_strategy`

    Returns
    -------
    X_resampled, y_resampled : in the containers of the input, by class

    Raises
    ------
    InputError
        `sampling_strategy` is missing, names an absent class or asks for more rows than there are.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import load_iris
    >>> from rareclass.datasets import make_imbalance
    >>> X, y = load_iris(return_X_y=True)
    >>> X_res, y_res = make_imbalance(X, y, sampling_strategy={0: 10, 1: 20, 2: 30}, random_state=0)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 10), (1, 20), (2, 30)]
    """
    if sampling_strategy is None:
        raise InputError("`sampling_strategy` is None; give a mapping {class: rows to keep} or a callable.")
    flat = check_target_type(y)
    numbers = check_sampling_strategy(sampling_strategy, flat, "under-sampling", **kwargs)
    if verbose:
        print(f"The original target distribution in the dataset is: {Counter(flat.tolist())}")
    sampler = RandomUnderSampler(sampling_strategy=numbers, random_state=random_state)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    if verbose:
        print(f"Make the dataset imbalanced: {Counter(check_target_type(y_resampled).tolist())}")
    return X_resampled, y_resampled


@checks_parameters(
    {
        "data_home": [None, str],
        "filter_data": [None, tuple],
        "download_if_missing": ["boolean"],
        "random_state": ["random_state", np.random.Generator],
        "shuffle": ["boolean"],
        "verbose": ["boolean"],
    }
)
def fetch_datasets(
    *,
    data_home: str | None = None,
    filter_data: tuple | None = None,
    download_if_missing: bool = True,
    random_state: Any = None,
    shuffle: bool = False,
    verbose: bool = False,
) -> "OrderedDict[str, Bunch]":
    """Load the benchmark of 27 imbalanced data sets, downloaded once from Zenodo (record 61452, 25 MB).

    Parameters
    ----------
    data_home : str or None, default=None
        Folder for the files; None is scikit-learn's data folder.
    filter_data : tuple of names or numbers 1 to 27, or None, default=None
        Which sets; None is all.
    download_if_missing : bool, default=True
        With False, an OSError says which set is not there.
    random_state : int, Generator, RandomState or None, default=None
    shuffle : bool, default=False
        Shuffle the rows.
    verbose : bool, default=False

    Returns
    -------
    OrderedDict {name: Bunch(data, target, DESCR)}
        Labels are 1 (rare) and -1.

    References
    ----------
    Z. Ding, "Diversified ensemble classifiers for highly imbalanced data learning and their application in
    bioinformatics", dissertation, Georgia State University (2011).
    """
    folder = Path(get_data_home(data_home=data_home)) / "zenodo"
    rng = _check.random_generator(random_state)
    found: OrderedDict[str, Bunch] = OrderedDict()
    for name in _chosen(filter_data):
        path = folder / f"x{_NAMES.index(name) + 1}data.npz"
        if not path.is_file():
            if not download_if_missing:
                raise OSError(f"Data not found and `download_if_missing` is False: {name}")
            _download(folder, verbose)
        with np.load(path, allow_pickle=False) as stored:
            X, y = stored["data"], stored["label"]
        if shuffle:
            order = rng.permutation(X.shape[0])
            X, y = X[order], y[order]
        found[name] = Bunch(data=X, target=y, DESCR=name)
    return found


def _chosen(filter_data: Iterable | None) -> list[str]:
    if filter_data is None:
        return list(_NAMES)
    names = []
    for wanted in filter_data:
        if isinstance(wanted, str):
            if wanted not in _NAMES:
                raise InputError(f"{wanted} is not a dataset available. The available datasets are {_NAMES}.")
            names.append(wanted)
        elif isinstance(wanted, int):
            if not 1 <= wanted <= len(_NAMES):
                raise InputError(
                    f"The dataset with the ID={wanted} is not an available dataset. The IDs are 1 to {len(_NAMES)}."
                )
            names.append(_NAMES[wanted - 1])
        else:
            raise InputError(f"The value in the tuple should be str or int. Got {type(wanted)} instead.")
    return names


def _download(folder: Path, verbose: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if verbose:
        print(f"Downloading {_URL}")
    with urlopen(_URL) as answer, tarfile.open(fileobj=BytesIO(answer.read())) as archive:
        archive.extractall(path=folder, filter="data")
