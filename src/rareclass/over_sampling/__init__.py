"""Over-samplers: all rows stay, rows of the rare classes are added."""

from rareclass._lazy import lazy_names

_HOMES = {
    "adasyn": "ADASYN",
    "borderline": "BorderlineSMOTE",
    "ccr": "CCR",
    "geometric": "GeometricSMOTE",
    "kmeans": "KMeansSMOTE",
    "mwmote": "MWMOTE",
    "polynom_fit": "PolynomFitSMOTE",
    "prowsyn": "ProWSyn",
    "random": "RandomOverSampler",
    "rose": "ROSE",
    "smote": "SMOTE",
    "smote_ipf": "SMOTEIPF",
    "smoten": "SMOTEN",
    "smotenc": "SMOTENC",
    "svm": "SVMSMOTE",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
