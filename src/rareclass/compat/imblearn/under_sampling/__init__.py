"""Under-samplers of imbalanced-learn."""

from rareclass._lazy import lazy_names

_NAMES = (
    "AllKNN ClusterCentroids CondensedNearestNeighbour EditedNearestNeighbours InstanceHardnessThreshold "
    "NearMiss NeighbourhoodCleaningRule OneSidedSelection RandomUnderSampler RepeatedEditedNearestNeighbours "
    "TomekLinks"
)
__getattr__, __dir__, __all__ = lazy_names(__name__, {"rareclass.under_sampling": _NAMES})
