"""Members that draw their rows with `RandomUnderSampler`, shown as samplers and pipelines; nothing is stored twice."""

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from rareclass import _types
from rareclass.pipeline import Pipeline
from rareclass.under_sampling.random import RandomUnderSampler


class RandomDraws:
    """Mixin of ensembles that keep the seed of each member's draw in `_seeds`, and fitted members in `estimators_`."""

    sampling_strategy: _types.Strategy
    replacement: bool
    estimators_: list[BaseEstimator]
    _seeds: list[int]

    @property
    def base_sampler_(self) -> RandomUnderSampler:
        """The under-sampler before seeds are set."""
        check_is_fitted(self)
        return RandomUnderSampler(sampling_strategy=self.sampling_strategy, replacement=self.replacement)

    @property
    def samplers_(self) -> list[RandomUnderSampler]:
        """The under-sampler of each member; `fit_resample` on the training data repeats its draw."""
        seeds = self._seeds[: len(self.estimators_)]
        return [self.base_sampler_.set_params(random_state=seed) for seed in seeds]

    @property
    def pipelines_(self) -> list[Pipeline]:
        """Sampler and fitted member of each draw as a pipeline; the member is the one of `estimators_`."""
        return [
            Pipeline([("randomundersampler", sampler), (type(member).__name__.lower(), member)])
            for sampler, member in zip(self.samplers_, self.estimators_)
        ]
