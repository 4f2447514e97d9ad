"""The base of all resamplers: `Sampler`, what its author returns (`Draw`), and the grammar of `sampling_strategy`."""

from rareclass.sampler.draw import Draw, class_streams, join
from rareclass.sampler.sampler import BaseSampler, Sampler
from rareclass.sampler.strategy import check_sampling_strategy
from rareclass.sampler.tags import SamplerMixin, is_sampler
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
