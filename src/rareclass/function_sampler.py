"""`FunctionSampler`: any function of (X, y) as a sampler."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from rareclass._sklearn import validate_parameters
from rareclass._types import Labels, Rows
from rareclass.sampler import Sampler
from rareclass.sampler.roundtrip import ArraysTransformer
from rareclass.sampler.target import read_target


@dataclass(eq=False, repr=False, kw_only=True)
class FunctionSampler(Sampler):
    """Wrap a function ``func(X, y, **kw_args) -> (X, y)`` as a sampler, for use in a `Pipeline`.

    Rows that the function returns cannot be traced back to rows of the input, so there is no `sample_indices_`, and
    weights cannot follow them through a pipeline.

    Parameters
    ----------
    func : callable or None, default=None
        None returns its input.
    accept_sparse : bool, default=True
    kw_args : dict or None, default=None
        Further arguments of `func`.
    validate : bool, default=True
        Check X and y and hand them on as arrays; the output gets the containers of the input. With False the function
        sees and returns whatever the user gave; labels need not be classes then.

    Attributes
    ----------
    sampling_strategy_, n_features_in_, feature_names_in_

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import FunctionSampler
    >>> X, y = np.array([[1.0], [2.0], [99.0]]), np.array([0, 1, 1])
    >>> FunctionSampler(func=lambda X, y: (X[X[:, 0] < 10], y[X[:, 0] < 10])).fit_resample(X, y)[1].tolist()
    [0, 1]
    """

    _sampling_type = "bypass"
    _parameter_constraints = {
        "func": [callable, None],
        "accept_sparse": ["boolean"],
        "kw_args": [dict, None],
        "validate": ["boolean"],
    }

    sampling_strategy = "auto"  # not a parameter here: the function decides
    func: Callable | None = None
    accept_sparse: bool = True
    kw_args: dict | None = None
    validate: bool = True

    def fit(self, X: Rows, y: Labels) -> "FunctionSampler":
        """Check the input, without calling the function."""
        validate_parameters(self)
        if self.validate:
            check_classification_targets(y)
            self._resolve(read_target(self._check_X_y(X, y, self._formats())[1]))
        self.sampling_strategy_ = self.sampling_strategy
        return self

    def fit_resample(self, X: Rows, y: Labels) -> tuple[Rows, Rows]:
        """Call the function.

        Parameters
        ----------
        X : rows (n, d)
        y : labels (n,)

        Returns
        -------
        X_resampled, y_resampled
            What the function returned, in the containers of the input (with `validate`).
        """
        validate_parameters(self)
        self.sampling_strategy_ = self.sampling_strategy
        if not self.validate:
            return self._call(X, y)
        check_classification_targets(y)
        transformer = ArraysTransformer(X, y)
        X, values, one_hot = self._check_X_y(X, y, self._formats())
        self._resolve(read_target(values))
        X_out, y_out = self._call(X, values)
        if one_hot:
            y_out = np.eye(int(values.max()) + 1, dtype=np.asarray(y).dtype)[y_out]
        return transformer.transform(X_out, y_out)

    def _formats(self) -> list[str] | bool:
        return ["csr", "csc"] if self.accept_sparse else False

    def _call(self, X: Rows, y: Labels) -> tuple[Rows, Rows]:
        if self.func is None:
            return X, y
        return self.func(X, y, **(self.kw_args if self.kw_args is not None else {}))
