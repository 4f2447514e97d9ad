"""`Sampler`: the base of all resamplers. A sampler decides (`_draw`); everything else happens here, once.

It is long because of that: reading, counting, provenance and writing are the steps of one `fit_resample`.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import validate_data

from rareclass import _check
from rareclass._sklearn import validate_parameters
from rareclass._types import Label, Labels, Matrix, Rows, Strategy
from rareclass.errors import InputError, NoOpWarning, ShortfallWarning
from rareclass.kernels.matrix import copy_rows
from rareclass.kernels.random import seed_from
from rareclass.sampler.containers import is_frame, is_pandas
from rareclass.sampler.counts import class_counts
from rareclass.sampler.draw import Draw
from rareclass.sampler.provenance import resample_array
from rareclass.sampler.scaling import column_scale
from rareclass.sampler.strategy import at_least_two, resolve_strategy
from rareclass.sampler.tables import Table, read_table
from rareclass.sampler.tags import SamplerMixin, sampler_tags
from rareclass.sampler.target import Target, check_target_type, read_target

_PROVENANCE = ("sample_indices_", "synthetic_mask_", "parents_", "interpolation_weight_", "inclusion_probability_")


class _Ready(NamedTuple):
    """The rows and labels as they were read, and what is drawn from them."""

    table: Table
    target: Target
    targets: dict[int, int]
    rng: np.random.Generator
    seed: int
    view: Matrix | Table
    unscale: Callable[[Matrix], Matrix]


class Sampler(SamplerMixin, OneToOneFeatureMixin, BaseEstimator, ABC):
    """Base of all resamplers: validation, target, strategy, containers, types and provenance.

    An author writes ``_draw(X, y, targets, rng) -> Draw`` and sets these class attributes:

    * ``_sampling_type``: "over-sampling", "under-sampling", "clean-sampling" or "bypass" (strategy not resolved).
    * ``_takes``: "numbers" (default) or "table". With "numbers", `X` in `_draw` is a finite floating-point ndarray
      (n, d), or CSR/CSC for sparse input, fit for Euclidean distances: the user's matrix itself where it is one; for
      frames of several types numeric columns as they are and nominal ones as scaled one-hot columns; missing values
      (only where the tag `allow_nan` is set) replaced by column medians. With "table", `X` is the
      `MatrixTable` or `FrameTable`: ``X.native`` is what the user gave, ``X.n_rows`` its length; nothing is converted.
    * ``_parameter_constraints``: exactly the keys of `get_params()`.
    * ``_allows_nan``, ``_allows_text``: True when missing values, or text, may be in `X`; False by default.
    * ``_exposes_indices``: True when every output row is an input row, so that `sample_indices_` exists.

    In `_draw`, `y` holds class codes 0..K-1 (`self._labels[code]` is the user's label), `targets` is
    ``{code: number}`` sorted by code (rows to add, rows to keep, or, for cleaning methods, just the keys), and `rng` is
    a fresh generator; take one stream per class with ``dict(zip(targets, rng.spawn(len(targets))))``.

    A class that defines imbalanced-learn's hook ``_fit_resample(X, y) -> (X, y)`` instead works too, on arrays.

    Parameters
    ----------
    sampling_strategy : str, float, mapping, list or callable, default="auto"

    Attributes
    ----------
    sampling_strategy_ : OrderedDict
        {label: rows to add or to keep}, sorted by label.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only for frames whose column names are all strings.
    counts_ : dict
        {label: {"before": rows, "asked": rows, "after": rows}}; "asked" is absent for cleaning methods.
    synthetic_mask_ : bool array (n_out,)
        True for rows that are not rows of the input.
    parents_ : int array (s, 2)
        Input rows that each synthetic row, in output order, comes from.
    interpolation_weight_ : float array (s,)
        Weight of the second parent; only for methods on a line between two parents.
    inclusion_probability_ : float array (n_out,)
        Probability with which each kept row was to be kept, NaN for synthetic rows; only where it is known.
    sample_indices_ : int array (n_out,)
        Input row of each output row; only for methods that select or repeat rows.
    """

    _sampling_type = "bypass"
    _takes = "numbers"
    _exposes_indices = False
    _allows_nan = False
    _allows_text = False
    _parameter_constraints: dict = {"sampling_strategy": "no_validation"}
    sampling_strategy_: Any  # {label: number}; the parameter itself where it is not resolved

    def __init__(self, sampling_strategy: Strategy = "auto") -> None:
        self.sampling_strategy = sampling_strategy

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        # A class that brings imbalanced-learn's hook, or the whole of `fit_resample`, needs no `_draw`.
        if "_draw" not in vars(cls) and {"_fit_resample", "fit_resample"} & vars(cls).keys():
            cls._draw = _without_draw  # type: ignore[method-assign, assignment]

    @abstractmethod
    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        """Decide which rows stay and which are made. The one method that a sampler writes."""

    def fit(self, X: Rows, y: Labels) -> "Sampler":
        """Check the input and resolve `sampling_strategy_`, without resampling. Use `fit_resample`.

        Parameters
        ----------
        X : array, sparse matrix or frame (n, d)
        y : labels (n,)
        """
        validate_parameters(self)
        if hasattr(self, "_fit_resample"):
            _, values, _ = self._check_X_y(X, y)
            self._resolve(read_target(values))
            return self
        table, target = self._read(X, y)
        if self._takes == "numbers":
            table.numbers(allow_nan=get_tags(self).input_tags.allow_nan)
        self._resolve(target)
        return self

    def fit_resample(self, X: Rows, y: Labels) -> tuple[Rows, Rows]:
        """Resample.

        Parameters
        ----------
        X : array, sparse matrix, list, pandas, polars or Arrow frame (n, d)
        y : labels (n,), (n, 1) or one-hot (n, n_classes)

        Returns
        -------
        X_resampled, y_resampled
            In the containers and types of the input.

        Raises
        ------
        InputError
            Parameters, data or `sampling_strategy` cannot be used; the message says what to change.
        """
        if hasattr(self, "_fit_resample"):
            self._forget()
            return self._resample_arrays_only(X, y)
        ready = self._begin(X, y)
        return self._finish(ready, self._draw(ready.view, ready.target.codes, ready.targets, ready.rng))

    def resample_arrays(self, *arrays: Rows, kinds: str | Sequence[str] = "auto") -> Any:
        """Give other per-row arrays the rows of the last `fit_resample`: weights, groups, costs, times.

        Kept rows keep their value. What a synthetic row gets depends on the kind of array:

        * "weight", "cost": the interpolation of its parents' values, at the place where the row itself lies (the first
          parent's value where the row is not on a line between two parents);
        * "group", "time", "label": the value of its first parent;
        * "auto": "weight" for floating-point arrays, "group" for everything else.

        Parameters
        ----------
        *arrays : arrays, series or frames with as many rows as X
        kinds : str or list of str, default="auto"
            One for all, or one for each array.

        Returns
        -------
        The array, or a tuple of arrays, in the containers given.

        Examples
        --------
        >>> import numpy as np
        >>> from rareclass.over_sampling import RandomOverSampler
        >>> sampler = RandomOverSampler(random_state=0)
        >>> X, y = sampler.fit_resample(np.arange(8.0).reshape(4, 2), [0, 0, 0, 1])
        >>> sampler.resample_arrays(np.array(["a", "b", "c", "d"])).tolist()
        ['a', 'b', 'c', 'd', 'd', 'd']
        """
        draw, rows = self._last_draw()
        listed = [kinds] * len(arrays) if isinstance(kinds, str) else list(kinds)
        if len(listed) != len(arrays):
            raise InputError(f"`kinds` names {len(listed)} kind(s) for {len(arrays)} array(s).")
        out = tuple(resample_array(array, draw, rows, kind) for array, kind in zip(arrays, listed))
        return out[0] if len(out) == 1 else out

    def __sklearn_tags__(self) -> Tags:
        tags = sampler_tags()
        tags.sampler_tags.sample_indices = self._exposes_indices  # type: ignore[union-attr]
        tags.input_tags.allow_nan, tags.input_tags.string = self._allows_nan, self._allows_text
        return tags

    # What happens around `_draw` ----------------------------------------------------------------------------------

    def _forget(self) -> None:
        validate_parameters(self)
        for name in _PROVENANCE:
            self.__dict__.pop(name, None)

    def _begin(self, X: Rows, y: Labels) -> "_Ready":
        """What `_draw` is given, and what `_finish` needs to write its decision out."""
        self._forget()
        table, target = self._read(X, y)
        targets = self._resolve(target)
        rng = _check.random_generator(getattr(self, "random_state", None))
        seed = seed_from(rng)
        view, unscale = (table, _same) if self._takes == "table" else self._view(table)
        return _Ready(table, target, targets, rng, seed, view, unscale)

    def _finish(self, ready: "_Ready", draw: Draw) -> tuple[Rows, Rows]:
        made = _codes_of_made(draw, ready.target)
        self._record(draw, ready.target, made)
        X_out = ready.table.compose(draw, ready.seed, ready.unscale)
        return X_out, self._target_out(ready.target, made, draw, X_out)

    def _label(self, code: int) -> Label:
        """The user's label of a class code, for messages."""
        return self._labels[code]

    def _last_draw(self) -> tuple[Draw, int]:
        if not hasattr(self, "_draw_"):
            raise InputError(f"Call `fit_resample` of this {type(self).__name__} before `resample_arrays`.")
        return self._draw_, self._n_rows

    def _read(self, X: Rows, y: Rows) -> tuple[Table, Target]:
        target = read_target(y)
        if not hasattr(X, "shape") and not hasattr(X, "__len__") and not is_frame(X):
            validate_data(self, X=X, y=target.values)  # scikit-learn's sentence
        try:
            table = read_table(X, numeric=self._takes == "numbers")
        except InputError:
            raise
        except ValueError as error:
            if "could not convert" not in str(error):
                raise
            raise InputError(
                f"{error}. {type(self).__name__} computes with all columns of an array: give a frame with typed "
                "columns, encode the text as numbers, or use a sampler for nominal data (SMOTENC, RandomUnderSampler)."
            ) from error
        self._learn_columns(X, table)
        if table.n_rows != target.codes.size:
            raise InputError(
                f"Found input variables with inconsistent numbers of samples: X has {table.n_rows} rows, "
                f"y has {target.codes.size}. Give one label for each row."
            )
        if is_pandas(X) and is_pandas(y) and not X.index.equals(y.index):
            raise InputError(
                "X and y have different indexes, so their rows cannot be matched. "
                "Align them, for example with y = y.loc[X.index], or reset both indexes."
            )
        return table, target

    def _learn_columns(self, X: Rows, table: Table) -> None:
        """Number and names of the columns, as scikit-learn keeps them."""
        if is_pandas(X) and all(type(name) is str for name in X.columns):
            # What validate_data would do; it takes a third of the time of drawing rows.
            self.n_features_in_, self.feature_names_in_ = X.shape[1], np.asarray(X.columns, dtype=object)
            return
        validate_data(
            self, X=X if is_pandas(X) else table.array if hasattr(table, "array") else X, skip_check_array=True
        )

    def _resolve(self, target: Target) -> dict[int, int]:
        at_least_two(len(target.labels))
        self._labels = target.labels
        if self._sampling_type in ("bypass", "ensemble"):
            self.sampling_strategy_ = self.sampling_strategy
            return {}
        numbers = resolve_strategy(self.sampling_strategy, target.count_of(), self._sampling_type, target.values)
        self.sampling_strategy_ = numbers
        code_of = {label: code for code, label in enumerate(target.labels)}
        return {code_of[label]: number for label, number in numbers.items()}

    def _view(self, table: Table) -> tuple[Matrix, Callable[[Matrix], Matrix]]:
        """X for distances, scaled if the sampler has a `scaling` that says so, and the way back."""
        view = table.numbers(allow_nan=get_tags(self).input_tags.allow_nan)
        scaling = getattr(self, "scaling", None)
        if scaling is None:
            return view, _same
        scale = column_scale(view, scaling, getattr(table, "n_numeric", None))
        if isinstance(view, np.ndarray):
            return view / scale, lambda rows: rows * scale
        small = view.multiply(1.0 / scale).asformat(view.format)
        return small, lambda rows: rows.multiply(scale).tocsr() if sparse.issparse(rows) else rows * scale

    def _record(self, draw: Draw, target: Target, made_codes: np.ndarray | None = None) -> None:
        """Fitted attributes and warnings that a draw implies; `made_codes` are the classes of the made rows."""
        made_codes = _codes_of_made(draw, target) if made_codes is None else made_codes
        n = target.codes.size
        self._draw_, self._n_rows = Draw(kept=draw.kept, parents=draw.parents, gap=draw.gap, order=draw.order), n
        n_kept = n if draw.kept is None else len(draw.kept)
        mask = np.zeros(n_kept + draw.n_made, dtype=bool)
        mask[n_kept:] = True
        order = slice(None) if draw.order is None else draw.order
        self.synthetic_mask_ = mask[order]
        if draw.probability is not None:
            probability = np.full(mask.size, np.nan)
            probability[:n_kept] = draw.probability
            self.inclusion_probability_ = probability[order]
        made = np.arange(mask.size)[order][self.synthetic_mask_] - n_kept if draw.order is not None else slice(None)
        first, second = draw.first[made], draw.second[made]
        # Both parents the same row: one array seen twice, not two arrays.
        one = draw.parents is None or draw.parents.ndim == 1
        if draw.parents is not None and not one and draw.order is None:
            self.parents_ = draw.parents
        else:
            pair = (first.size, 2)
            self.parents_ = np.broadcast_to(first[:, None], pair) if one else np.column_stack((first, second))
        if draw.gap is not None:
            self.interpolation_weight_ = draw.gap[made]
        if self._exposes_indices:
            self.sample_indices_ = draw.concatenated(n)
        self.counts_: dict = class_counts(draw, target, made_codes, self._sampling_type, self.sampling_strategy_)
        self._warn(draw, n)

    def _warn(self, draw: Draw, n: int) -> None:
        name = type(self).__name__
        unchanged = draw.kept is None or (len(draw.kept) == n and np.unique(draw.kept).size == n)
        short = {
            label: c for label, c in self.counts_.items() if "asked" in c and self._is_short(c["after"], c["asked"])
        }
        if draw.n_made == 0 and unchanged and draw.replaced is None and self._sampling_type != "bypass":
            asked = "; ".join(f"class {label!r}: {c['before']} rows, {c['asked']} asked" for label, c in short.items())
            explicit = isinstance(self.sampling_strategy, Mapping) and not short
            if not explicit:
                reason = asked or "no row met its rule, or the classes already have the sizes asked for"
                warnings.warn(f"{name} changed nothing ({reason}).", NoOpWarning, stacklevel=4)
        elif short:
            said = "; ".join(
                f"class {label!r}: {c['asked']} rows asked, {c['after']} reached" for label, c in short.items()
            )
            warnings.warn(f"{name} did not reach the counts asked for: {said}.", ShortfallWarning, stacklevel=4)

    def _is_short(self, after: int, asked: int) -> bool:
        return after < asked if self._sampling_type == "over-sampling" else after != asked

    def _target_out(self, target: Target, made: np.ndarray, draw: Draw, X_out: Rows) -> Rows:
        plain = isinstance(target.native, np.ndarray) and target.native.ndim == 1
        if plain and draw.kept is None and draw.order is None:
            n, labels = target.codes.size, target.native[target.representatives()]
            y_out = np.empty(n + made.size, dtype=labels.dtype)
            copy_rows(target.native, None, y_out[:n])
            copy_rows(labels, made, y_out[n:])
            return y_out
        base = np.arange(target.codes.size, dtype=np.intp) if draw.kept is None else draw.kept
        rows = np.concatenate((base, target.representatives()[made])) if made.size else base
        y_out = target.rows(rows if draw.order is None else rows[draw.order])
        if is_pandas(y_out):
            if is_pandas(X_out):
                y_out.index = X_out.index
            elif draw.n_made:
                from rareclass.sampler.matrices import output_index

                y_out.index = output_index(target.native.index, draw)
        return y_out

    # imbalanced-learn's hook --------------------------------------------------------------------------------------

    def _check_X_y(
        self, X: Rows, y: Labels, accept_sparse: bool | list[str] | None = None
    ) -> tuple[Matrix, np.ndarray, bool]:
        """Arrays for samplers that define `_fit_resample`; they may override it, as imbalanced-learn's do."""
        accept = ["csr", "csc"] if accept_sparse is None else accept_sparse
        values, one_hot = check_target_type(y, indicate_one_vs_all=True)
        X, values = validate_data(self, X=X, y=values, reset=True, accept_sparse=accept)
        return X, values, one_hot

    def _resample_arrays_only(self, X: Rows, y: Labels) -> tuple[Rows, Rows]:
        from rareclass.sampler.roundtrip import ArraysTransformer

        read_target(y)
        transformer = ArraysTransformer(X, y)
        X_array, values, one_hot = self._check_X_y(X, y)
        self._resolve(read_target(values))
        out = self._fit_resample(X_array, values)
        y_out = np.eye(len(self._labels), dtype=np.asarray(y).dtype)[out[1]] if one_hot else out[1]
        return (*transformer.transform(out[0], y_out), *out[2:])


def _without_draw(self: Sampler, *args: object) -> Draw:
    raise NotImplementedError(f"{type(self).__name__} resamples without `_draw`.")


def _codes_of_made(draw: Draw, target: Target) -> np.ndarray:
    """Class code of each made row (s,)."""
    return np.asarray(target.codes[draw.first] if draw.labels is None else draw.labels, dtype=np.intp)


def _same(rows: np.ndarray) -> np.ndarray:
    return rows


BaseSampler = Sampler
