"""Samplers' bases."""

from rareclass._sklearn import METHODS
from rareclass.base import BaseSampler, SamplerMixin, is_sampler
from rareclass.function_sampler import FunctionSampler

__all__ = ["METHODS", "BaseSampler", "FunctionSampler", "SamplerMixin", "is_sampler"]
