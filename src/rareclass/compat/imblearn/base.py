"""Samplers' bases."""

from rareclass._sklearn import METHODS
from rareclass.function_sampler import FunctionSampler
from rareclass.sampler import BaseSampler, SamplerMixin, is_sampler

__all__ = ["METHODS", "BaseSampler", "FunctionSampler", "SamplerMixin", "is_sampler"]
