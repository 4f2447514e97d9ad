"""Measured and published evidence as rows with ids, so that every sentence of the advisor has a source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EvidenceRow:
    """One piece of evidence.

    Attributes
    ----------
    id : str
    topic : str
    statement : str
        What was found, with its numbers.
    setting : str
        Data, learner and number of events or splits.
    source : str
        "measured" (once, on two cores, to be reproduced) or the publication that was read.
    """

    id: str
    topic: str
    statement: str
    setting: str
    source: str


EVIDENCE: tuple[EvidenceRow, ...] = (
    EvidenceRow("collapse-lightgbm", "boosters", "library defaults reach average precision 0.021, guarded ones 0.034 "
                "(8 of 8 splits); scale_pos_weight = imbalance ratio falls to 0.008",
                "Give Me Some Credit thinned to 0.43 % events, 150 training events, 8 splits", "measured"),
    EvidenceRow("collapse-smtp", "boosters", "library defaults reach 0.001, the guarded booster 0.641",
                "smtp, 30 events, 3 seeds", "measured"),
    EvidenceRow("smote-threshold", "SMOTE", "F1 at threshold 0.5 gains 0.064, at an out-of-fold threshold it loses "
                "0.014; average precision changes by 0.001", "10 sets, guarded LightGBM, 4 folds", "measured"),
    EvidenceRow("smote-gbdt", "SMOTE", "gradient boosting falls from 0.803 to 0.672 average precision under SMOTE",
                "Credit Fraud, 316 training events, 10 trees", "Liu et al. 2020 (ICDE), published tables"),
    EvidenceRow("balancing-elor", "resampling", "balancing helps weak learners, not strong ones; with a tuned "
                "threshold it ties and costs more", "73 data sets, 7 seeds", "Elor & Averbuch-Elor 2022"),
    EvidenceRow("preprocessing-helps", "resampling", "counter-evidence: a helpful preprocessor usually exists in "
                "hindsight, plain SMOTE gains most", "16 preprocessors, 23 sets", "arXiv 2303.03094"),
    EvidenceRow("calibration-harm", "resampling", "under- and over-sampling and SMOTE give no gain in ranking and "
                "strong over-estimation of risk", "Monte Carlo and a case study", "van den Goorbergh et al. 2022"),
    EvidenceRow("undersampling-prior", "under-sampling", "Brier skill -35.7 before, +0.006 after the log-odds shift; "
                "ranking unchanged", "Give Me Some Credit thinned, 1:1 under-sampling", "measured"),
    EvidenceRow("undersampling-ap", "under-sampling", "full balance costs average precision: 0.086 at 0.02 against "
                "0.069 at 1:1", "Fraud-Detection Handbook, balanced bagging", "Le Borgne et al., prequential"),
    EvidenceRow("leak-before-split", "leakage", "SMOTE before the split shows 0.9996 where 0.026 is true",
                "Give Me Some Credit thinned, part of it from the balanced test set", "measured"),
    EvidenceRow("threshold-grid", "thresholds", "a 100-point grid costs up to 41 % more than the closed form",
                "0.27 % events, costs 2000:1", "measured"),
    EvidenceRow("noise-floor", "uncertainty", "with 150 test events the average precision varies by 15-30 % between "
                "splits; with 10 it is biased by +26 %", "repeated splits", "measured"),
    EvidenceRow("forest-leaf", "forests", "leaf size 20 reaches 0.049 average precision, leaf size 1 0.028",
                "Give Me Some Credit thinned, 300 events, 2 splits", "measured"),
)  # fmt: skip

BY_ID = {row.id: row for row in EVIDENCE}
