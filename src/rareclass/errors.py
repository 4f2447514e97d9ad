"""The error tree: every error that rareclass raises on purpose, and its warnings.

Each message is one or two sentences: what was wrong, what was received, what to do. The command line shows
the sentence of any `RareclassError` without a traceback and exits with status 2.
"""


class RareclassError(Exception):
    """Base of every error that rareclass raises on purpose."""


class InputError(RareclassError, ValueError):
    """An argument or a data set cannot be used as it is."""


class TargetError(InputError):
    """The target is missing, constant, has missing values or more classes than can be handled."""


class TooFewEventsError(InputError):
    """There are fewer events (rows of the rare class) than the request needs."""


class SchemaError(InputError):
    """The columns of a table do not match what was asked for or what the model was trained on."""


class ReadError(InputError):
    """A file is missing, empty, truncated or of an unknown format."""


class CostError(InputError):
    """Costs are missing, not finite, of the wrong shape, or make one decision always right."""


class MethodError(InputError, RuntimeError):
    """A method cannot work on these data although they are valid; the message names one that can."""


class InfeasibleError(InputError):
    """No threshold meets the constraint; the message names the best that can be had."""


class BundleError(RareclassError):
    """A bundle is incomplete, was altered, or comes from a newer version."""


class RegistryError(RareclassError):
    """A registry is held by another process, cannot be written or read, or holds no such version."""


class ServiceError(RareclassError):
    """A service that was started here did not start, ended, or gave another answer than it should."""


class DependencyError(RareclassError, ImportError):
    """An optional package is needed; the message names the pip command."""


class LessonError(RareclassError, AssertionError):
    """What a lesson built by hand differs from the package by more than it states."""


class RareclassWarning(UserWarning):
    """Base of every warning that rareclass emits."""


class NoOpWarning(RareclassWarning):
    """A step changed nothing although it was asked to."""


class ShortfallWarning(RareclassWarning):
    """Fewer rows, neighbours or folds were produced than asked for."""


class CollapseWarning(RareclassWarning):
    """A learner ranks no better than chance or than a linear baseline."""


class CalibrationWarning(RareclassWarning):
    """Probabilities are only approximately on the scale of the real prevalence."""


class KernelCacheWarning(RareclassWarning):
    """Compiled kernels could not be kept on disk, or not be read from there; they were compiled anew."""


class DroppedWarning(RareclassWarning):
    """Rows or columns were left out; the message says how many and why."""


class UndefinedWarning(RareclassWarning):
    """A metric has no value on these rows and is NaN; the message says why."""
