"""Over-sampling followed by cleaning."""

from rareclass.combine import SMOTEENN, SMOTETomek

__all__ = ["SMOTEENN", "SMOTETomek"]
