"""Under-samplers: the rare class stays, rows of the others are removed, chosen at random or by a rule."""

from rareclass._lazy import lazy_names

_HOMES = {
    "centroids": "ClusterCentroids",
    "cleaning_rule": "NeighbourhoodCleaningRule",
    "condensed": "CondensedNearestNeighbour",
    "edited": "AllKNN EditedNearestNeighbours RepeatedEditedNearestNeighbours",
    "hardness": "InstanceHardnessThreshold",
    "near_miss": "NearMiss",
    "negatives": "NegativeSampler",
    "one_sided": "OneSidedSelection",
    "random": "RandomUnderSampler",
    "tomek": "TomekLinks",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
