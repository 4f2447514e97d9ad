"""Estimator tags of samplers: scikit-learn's, and two facts that scikit-learn has no word for."""

from dataclasses import dataclass, field

from sklearn.base import BaseEstimator
from sklearn.utils import InputTags, Tags, TargetTags, get_tags


@dataclass(slots=True)
class SamplerInputTags(InputTags):
    """scikit-learn's input tags and whether frames are accepted and come back as frames."""

    dataframe: bool = False


@dataclass(slots=True)
class SamplerKindTags:
    """Facts about the resampling itself: does the sampler expose `sample_indices_`?"""

    sample_indices: bool = False


@dataclass(slots=True)
class SamplerTags(Tags):
    """Tags of a sampler: `sampler_tags` beside what scikit-learn asks for."""

    input_tags: SamplerInputTags = field(default_factory=SamplerInputTags)
    sampler_tags: SamplerKindTags | None = None


def sampler_tags() -> SamplerTags:
    """Tags of a sampler that takes dense and sparse matrices and frames, and needs a target."""
    return SamplerTags(
        estimator_type="sampler",
        target_tags=TargetTags(required=True),
        input_tags=SamplerInputTags(sparse=True, dataframe=True),
        sampler_tags=SamplerKindTags(),
    )


class SamplerMixin:
    """What makes an estimator a sampler for `is_sampler` and for pipelines."""

    _estimator_type = "sampler"


def is_sampler(estimator: BaseEstimator) -> bool:
    """True when the estimator resamples, ours or imbalanced-learn's."""
    if getattr(estimator, "_estimator_type", None) == "sampler":
        return True
    try:
        return getattr(get_tags(estimator), "sampler_tags", None) is not None
    except (AttributeError, TypeError):
        return False
