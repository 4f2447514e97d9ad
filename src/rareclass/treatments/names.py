"""Names of treatments, without what they stand for: the command line shows them in its help."""

OVER: dict[str, str] = {
    "random_over_sampler": "RandomOverSampler",
    "smote": "SMOTE",
    "smote_nc": "SMOTENC",
    "smoten": "SMOTEN",
    "borderline_smote": "BorderlineSMOTE",
    "svm_smote": "SVMSMOTE",
    "kmeans_smote": "KMeansSMOTE",
    "adasyn": "ADASYN",
    "ccr": "CCR",
    "geometric_smote": "GeometricSMOTE",
    "mwmote": "MWMOTE",
    "polynom_fit_smote": "PolynomFitSMOTE",
    "prowsyn": "ProWSyn",
    "rose": "ROSE",
    "smote_ipf": "SMOTEIPF",
}
BOTH: dict[str, str] = {"smote_enn": "SMOTEENN", "smote_tomek": "SMOTETomek"}
UNDER: dict[str, str] = {
    "random_under_sampler": "RandomUnderSampler",
    "near_miss": "NearMiss",
    "instance_hardness": "InstanceHardnessThreshold",
    "cluster_centroids": "ClusterCentroids",
}
CLEANING: dict[str, str] = {
    "tomek_links": "TomekLinks",
    "enn": "EditedNearestNeighbours",
    "repeated_enn": "RepeatedEditedNearestNeighbours",
    "all_knn": "AllKNN",
    "condensed": "CondensedNearestNeighbour",
    "one_sided": "OneSidedSelection",
    "neighbourhood_cleaning": "NeighbourhoodCleaningRule",
}
SAMPLERS = {**OVER, **BOTH, **UNDER, **CLEANING}
"""Samplers, and the class of `over_sampling`, `under_sampling` or `combine` that each is."""

OTHERS = (
    "none",
    "class_weight",
    "class_weight_sqrt",
    "cost_weights",
    "random_over",
    "random_under",
    "sampled_negatives",
    "negative_sampling",
    "score_negatives",
    "local_case_control",
    "balanced_ensemble",
    "focal",
    "asymmetric",
    "poly",
    "tversky",
    "smooth_average_precision",
)

PCA = "pca"
"""Not a treatment but where the samplers behind it look for neighbours."""

SPOKEN = {
    "scale_pos_weight": "class_weight",
    "geometric": "geometric_smote",
    "polynom_fit": "polynom_fit_smote",
    **{method: name for name, method in SAMPLERS.items()},
}
"""Other names that users know: parameters and classes."""

HELP = (
    f"names, or auto; joined by + they are applied from left to right (smote+cost_weights, {PCA}+smote), settings "
    f"stand in brackets (smote(ratio=0.2)). Names: {', '.join([*OTHERS, *SAMPLERS])}."
)
