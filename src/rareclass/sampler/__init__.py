"""The base of all resamplers: `Sampler`, what its author returns (`Draw`), and the grammar of `sampling_strategy`."""

from rareclass.sampler.draw import Draw, join
from rareclass.sampler.sampler import BaseSampler, Sampler, SamplerMixin, class_streams, is_sampler
from rareclass.sampler.strategy import check_sampling_strategy
from rareclass.sampler.target import check_target_type

__all__ = [
    "BaseSampler",
    "Draw",
    "Sampler",
    "SamplerMixin",
    "check_sampling_strategy",
    "check_target_type",
    "class_streams",
    "is_sampler",
    "join",
]
