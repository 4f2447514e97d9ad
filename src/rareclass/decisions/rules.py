"""All decision rules in one place, for imports inside the package."""

from rareclass.decisions.budget import AlertBudget
from rareclass.decisions.constrained import Constrained
from rareclass.decisions.constraints import FalsePositiveRateAtMost, PrecisionAtLeast, RecallAtLeast
from rareclass.decisions.maximize import Maximize
from rareclass.decisions.minimum_cost import MinimumCost

__all__ = [
    "AlertBudget",
    "Constrained",
    "FalsePositiveRateAtMost",
    "Maximize",
    "MinimumCost",
    "PrecisionAtLeast",
    "RecallAtLeast",
]
