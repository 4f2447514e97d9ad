"""Under-samplers: the rare class stays, rows of the others are removed, chosen at random or by a rule."""

from rareclass._lazy import lazy_names

_NAMES = {
    "AllKNN": "edited",
    "ClusterCentroids": "centroids",
    "CondensedNearestNeighbour": "condensed",
    "EditedNearestNeighbours": "edited",
    "InstanceHardnessThreshold": "hardness",
    "NearMiss": "near_miss",
    "NegativeSampler": "negatives",
    "NeighbourhoodCleaningRule": "cleaning_rule",
    "OneSidedSelection": "one_sided",
    "RandomUnderSampler": "random",
    "RepeatedEditedNearestNeighbours": "edited",
    "TomekLinks": "tomek",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
