"""Edited nearest neighbours: once, repeated, and with a growing neighbourhood."""

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from rareclass._sklearn import Interval, StrOptions
from rareclass._types import Matrix, Rows, Strategy
from rareclass.kernels.editing import Editor, vote
from rareclass.sampler import Draw
from rareclass.sampler.strategy import resolve_strategy
from rareclass.under_sampling import neighbourhood
from rareclass.under_sampling.base import JOBS, ORDER, BaseCleaningSampler, by_class, smallest_class


class _ListEditor:
    """Editing with the neighbour lists of an estimator that the user gave (any metric, sparse data)."""

    def __init__(self, estimator: BaseEstimator, X: Rows, codes: np.ndarray) -> None:
        self.estimator, self.X, self.codes = estimator, X, codes
        self.alive = np.ones(codes.size, dtype=np.bool_)

    def edit(self, targets: list[int], k: int, kind: str) -> np.ndarray:
        rows = np.flatnonzero(self.alive)
        X, codes = self.X[rows], self.codes[rows]
        asked = np.flatnonzero(np.isin(codes, targets))
        near = neighbourhood.neighbours_of(self.estimator.fit(X), X, asked, k)
        if kind == "all":
            lost = (codes[near] != codes[asked][:, None]).any(axis=1)
        else:
            lost = vote(near, codes) != codes[asked]
        removed = rows[asked[lost]]
        self.alive[removed] = False
        return removed


@dataclass(eq=False, repr=False, kw_only=True)
class _Editing(BaseCleaningSampler):
    """What the three editing methods share: parameters of the neighbourhood and the editor that applies them."""

    _parameter_constraints = {
        **BaseCleaningSampler._parameter_constraints,
        "n_neighbors": neighbourhood.NEIGHBOURS,
        "kind_sel": [StrOptions({"all", "mode"})],
        "n_jobs": JOBS,
        "order": ORDER,
    }

    sampling_strategy: Strategy = "auto"
    n_neighbors: int | BaseEstimator = 3
    kind_sel: str = "all"
    n_jobs: int | None = None
    order: str = "class"

    def _editor(self, X: Rows, y: np.ndarray, *, once: bool = False) -> tuple[Any, int]:
        """The editor of these data and the number of neighbours, without the row itself."""
        self.nn_ = neighbourhood.neighbours_object(self.n_neighbors, extra=1, n_jobs=self.n_jobs)
        k = int(self.nn_.n_neighbors) - 1
        neighbourhood.enough_rows(y.size, k + 1, "n_neighbors", k, "in all")
        space = neighbourhood.space_of(X, self.nn_)
        if space is None:
            return _ListEditor(self.nn_, X, y), k
        return Editor(space, y, k, once=once, threads=neighbourhood.threads_of(self.n_jobs)), k

    def _targets_now(self, alive: np.ndarray, y: np.ndarray) -> list[int]:
        """Targeted classes among the rows left: words such as "majority" are read anew in each round."""
        counts = np.bincount(y[alive], minlength=len(self._labels))
        present = {self._label(code): int(number) for code, number in enumerate(counts) if number}
        labels = np.asarray(self._labels, dtype=object)[y[alive]]
        named = resolve_strategy(self.sampling_strategy, present, "clean-sampling", labels)
        return [code for code, number in enumerate(counts) if number and self._label(code) in named]

    def _result(self, alive: np.ndarray, y: np.ndarray) -> Draw:
        rows = {code: np.flatnonzero(alive & (y == code)) for code in range(int(y.max()) + 1)}
        return self._kept(by_class(y, rows, self.order), y)


class EditedNearestNeighbours(_Editing):
    """Remove rows whose nearest neighbours belong to another class (Wilson's rule).

    Use it to clean the border and label noise; it removes what the rule names and does not balance. With "all" it also
    removes many honest rows where classes overlap. The cost grows with n times the rows of the other classes, not with
    n squared, as long as the targeted class is large and its enemies few.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes to clean: "majority", "not minority" (= "auto"), "not majority", "all", or a list of labels.
    n_neighbors : int or estimator, default=3
        Neighbours to look at, at least 1. An object with `kneighbors` must be asked for one more, because it finds the
        row itself; Euclidean ones are answered by the exact kernels, others by the object.
    kind_sel : {"all", "mode"}, default="all"
        "all": a row stays if all neighbours are of its class; "mode": if most are (ties: the label that sorts first).
    n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.
    order : {"class", "input"}, default="class"
        Output by class and ascending in a class, as imbalanced-learn gives it, or as in the data.

    Attributes
    ----------
    sampling_strategy_ : dict
        Its keys are the targeted classes; the values are not used.
    sample_indices_ : ndarray (n_out,)
    nn_ : estimator
        What `n_neighbors` stands for, not fitted where the exact kernels did the work.
    n_features_in_, feature_names_in_

    Notes
    -----
    Distances are the float64 sums of squared differences of the values given; a row is not its own neighbour, and of
    rows at the same distance the lower one counts as nearer.

    References
    ----------
    D. L. Wilson, "Asymptotic properties of nearest neighbor rules using edited data", IEEE Transactions on Systems,
    Man, and Cybernetics 2 (1972), 408-421.

    Examples
    --------
    >>> from rareclass.under_sampling import EditedNearestNeighbours
    >>> X = [[0.0], [0.1], [0.2], [0.3], [5.0], [5.1], [5.2]]
    >>> y = ["no", "no", "no", "no", "no", "yes", "yes"]
    >>> sampler = EditedNearestNeighbours(n_neighbors=1)
    >>> sampler.fit_resample(X, y)[1]
    ['no', 'no', 'no', 'no', 'yes', 'yes']
    >>> sampler.sample_indices_.tolist()
    [0, 1, 2, 3, 5, 6]
    """

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        return self._result(self._stays(X, y, targets), y)

    def _stays(self, X: Rows, y: np.ndarray, targets: dict[int, int]) -> np.ndarray:
        """Boolean mask (n,) of the rows that the rule leaves."""
        editor, k = self._editor(X, y, once=True)
        editor.edit(list(targets), k, self.kind_sel)
        return editor.alive


class _Repeated(_Editing):
    """Rounds of editing until a rule says stop."""

    def _one_round(
        self, editor: Editor | _ListEditor, k: int, y: np.ndarray, original: np.ndarray
    ) -> tuple[int, bool, bool]:
        """Edit once; rows removed, whether another class fell below the rare one, whether a class vanished."""
        removed = editor.edit(self._targets_now(editor.alive, y), k, self.kind_sel)
        counts = np.bincount(y[editor.alive], minlength=original.size)
        rare = smallest_class(y)
        others = np.delete(counts, rare)
        return removed.size, bool((others[others > 0] < original[rare]).any()), bool((counts == 0).any())

    def _single(self) -> EditedNearestNeighbours:
        return EditedNearestNeighbours(
            sampling_strategy=self.sampling_strategy,
            n_neighbors=self.n_neighbors,
            kind_sel=self.kind_sel,
            n_jobs=self.n_jobs,
        )


@dataclass(eq=False, repr=False, kw_only=True)
class RepeatedEditedNearestNeighbours(_Repeated):
    """Edit again and again until nothing changes.

    Stops when a round removes nothing, when a class falls below the size of the rare one, when a class vanishes, or
    after `max_iter` rounds. Use it for strong cleaning; look at what is left, because it can remove most of the border.
    Costs little more than one edit: rounds continue from the neighbours already proven.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes to clean; words are read anew in each round.
    n_neighbors : int or estimator, default=3
        See `EditedNearestNeighbours`.
    max_iter : int, default=100
        Largest number of rounds, at least 1.
    kind_sel : {"all", "mode"}, default="all"
    n_jobs : int or None, default=None
    order : {"class", "input"}, default="class"

    Attributes
    ----------
    sampling_strategy_ : dict
    sample_indices_ : ndarray (n_out,)
    n_iter_ : int
        Rounds made.
    nn_, enn_ : what `n_neighbors` stands for, and one round as an estimator; neither is fitted.
    n_features_in_, feature_names_in_

    References
    ----------
    I. Tomek, "An experiment with the edited nearest-neighbor rule", IEEE Transactions on Systems, Man, and Cybernetics
    6 (1976), 448-452.

    Examples
    --------
    >>> from rareclass.under_sampling import RepeatedEditedNearestNeighbours
    >>> X = [[0.0], [0.1], [0.2], [0.3], [3.0], [3.9], [5.0], [5.1], [5.2]]
    >>> sampler = RepeatedEditedNearestNeighbours(n_neighbors=2)
    >>> X_res, y_res = sampler.fit_resample(X, [0, 0, 0, 0, 0, 0, 0, 1, 1])
    >>> sampler.sample_indices_.tolist(), sampler.n_iter_
    ([0, 1, 2, 3, 7, 8], 3)
    """

    _parameter_constraints = {
        **_Editing._parameter_constraints,
        "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
    }

    max_iter: int = 100

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        editor, k = self._editor(X, y)
        self.enn_ = self._single()
        original = np.bincount(y)
        for n_iter in range(1, self.max_iter + 1):
            self.n_iter_ = n_iter
            neighbourhood.enough_rows(int(editor.alive.sum()), k + 1, "n_neighbors", k, f"left in round {n_iter}")
            removed, is_small, is_gone = self._one_round(editor, k, y, original)
            if not removed or is_small or is_gone:
                break
        return self._result(editor.alive, y)


@dataclass(eq=False, repr=False, kw_only=True)
class AllKNN(_Repeated):
    """Edit with 1, then 2, ... up to `n_neighbors` neighbours.

    Each round works on what the last one left. It stops early when a class vanishes or, unless `allow_minority`, falls
    below the size of the rare one.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes to clean; words are read anew in each round.
    n_neighbors : int or estimator, default=3
        Largest neighbourhood. See `EditedNearestNeighbours`.
    kind_sel : {"all", "mode"}, default="all"
    allow_minority : bool, default=False
        Go on even if a class becomes smaller than the rare one.
    n_jobs : int or None, default=None
    order : {"class", "input"}, default="class"

    Attributes
    ----------
    sampling_strategy_ : dict
    sample_indices_ : ndarray (n_out,)
    nn_, enn_ : what `n_neighbors` stands for, and one round as an estimator; neither is fitted.
    n_features_in_, feature_names_in_

    References
    ----------
    I. Tomek, "An experiment with the edited nearest-neighbor rule", IEEE Transactions on Systems, Man, and Cybernetics
    6 (1976), 448-452.

    Examples
    --------
    >>> from rareclass.under_sampling import AllKNN
    >>> X = [[0.0], [0.1], [0.2], [0.3], [5.0], [5.1], [5.2]]
    >>> sampler = AllKNN(n_neighbors=2)
    >>> X_res, y_res = sampler.fit_resample(X, [0, 0, 0, 0, 0, 1, 1])
    >>> sampler.sample_indices_.tolist()
    [0, 1, 2, 3, 5, 6]
    """

    _parameter_constraints = {**_Editing._parameter_constraints, "allow_minority": ["boolean"]}

    allow_minority: bool = False

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        editor, most = self._editor(X, y)
        self.enn_ = self._single()
        original = np.bincount(y)
        for k in range(1, most + 1):
            neighbourhood.enough_rows(int(editor.alive.sum()), k + 1, "n_neighbors", most, f"left in round {k}")
            _, is_small, is_gone = self._one_round(editor, k, y, original)
            if is_gone or (is_small and not self.allow_minority):
                break
        return self._result(editor.alive, y)
