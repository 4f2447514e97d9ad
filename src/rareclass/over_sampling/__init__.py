"""Over-samplers: all rows stay, rows of the rare classes are added."""

from rareclass._lazy import lazy_names

_NAMES = {
    "CCR": "ccr",
    "GeometricSMOTE": "geometric",
    "MWMOTE": "mwmote",
    "PolynomFitSMOTE": "polynom_fit",
    "ProWSyn": "prowsyn",
    "SMOTEIPF": "smote_ipf",
    "ADASYN": "adasyn",
    "BorderlineSMOTE": "borderline",
    "KMeansSMOTE": "kmeans",
    "ROSE": "rose",
    "RandomOverSampler": "random",
    "SMOTE": "smote",
    "SMOTEN": "smoten",
    "SMOTENC": "smotenc",
    "SVMSMOTE": "svm",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
