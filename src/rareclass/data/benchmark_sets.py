"""The 27 benchmark sets of the imbalanced-learning literature, as arrays."""

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from sklearn.utils import Bunch

from rareclass import _check
from rareclass._sklearn import checks_parameters
from rareclass._types import Seed
from rareclass.data import zenodo
from rareclass.errors import InputError

_NAMES = [*zenodo.ROWS]


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
    random_state: Seed = None,
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
    folder = zenodo.folder_of(data_home)
    rng = _check.random_generator(random_state)
    found: OrderedDict[str, Bunch] = OrderedDict()
    for name in _chosen(filter_data):
        if not zenodo.file_of(name, folder).is_file():
            if not download_if_missing:
                raise OSError(f"Data not found and `download_if_missing` is False: {name}")
            if verbose:
                print(f"Downloading {zenodo.URL}")
        X, y = zenodo.read_set(name, folder)
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
