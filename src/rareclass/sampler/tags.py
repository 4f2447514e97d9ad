"""Estimator tags of samplers: scikit-learn's, and two facts that scikit-learn has no word for."""

from dataclasses import dataclass, field

from sklearn.utils import InputTags, Tags, TargetTags


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
