"""What an audit names: each fault of rows, splits, scores and code once, with its severity, sentence and remedy."""

from dataclasses import dataclass

from rareclass.evaluation.results import SEVERITIES, Finding


@dataclass(frozen=True)
class Fault:
    """How bad a fault is, what is said of it, and what to do."""

    severity: str
    title: str
    remedy: str


INSIDE = "Put it into the pipeline, so that each fold fits its own on its training rows."
FAULTS = {
    # rows and their splits
    "rows-in-both-parts": Fault("error", "Rows are both fitted and tested.", "Make the two parts disjoint."),
    "duplicates-across-split": Fault(
        "error", "Test rows repeat training rows exactly.", "Keep equal rows on one side: give them one group."
    ),
    "near-duplicates-across-split": Fault(
        "warning",
        "Test rows are almost copies of training rows.",
        "Keep copies on one side: group the rows by what they were copied from.",
    ),
    "group-across-split": Fault(
        "error", "Groups stand on both sides of the split.", "Split by group, for example with StratifiedGroupKFold."
    ),
    "future-in-training": Fault(
        "error", "Training rows are not before the test.", "Train on what lies before the test part only."
    ),
    "synthetic-rows-tested": Fault("error", "Synthetic rows are tested.", "Test on original rows only."),
    "resampled-before-split": Fault(
        "error",
        "Rows were resampled before the split, so that copies or mixtures of test events were trained on.",
        "Split first; resample inside the fold, with rareclass.pipeline.Pipeline.",
    ),
    "test-part-resampled": Fault(
        "error",
        "The test part is richer in events than reality.",
        "Test at the real prevalence, or weight the test rows by 1 / keep probability.",
    ),
    "prevalence-differs": Fault(
        "warning",
        "The test part holds events at another rate than the rows it was taken from.",
        "Test at the real prevalence; where the rate moves with time, say which period the score is for.",
    ),
    "no-event-tested": Fault("error", "The test part holds no event.", "Use fewer folds, and stratify them."),
    "few-events-tested": Fault(
        "warning", "Scores rest on very few events.", "Give the interval, and pool or repeat the cross-fitting."
    ),
    "averaged-folds-few-events": Fault(
        "warning",
        "Scores averaged over parts with few events each are too high and too sure.",
        "Pool the out-of-fold scores of all parts and compute the metric once.",
    ),
    "fitted-before-split": Fault("warning", "Columns were transformed with numbers of all rows.", INSIDE),
    "encoded-before-split": Fault("error", "A column was encoded with the labels of the test rows.", INSIDE),
    "selected-before-split": Fault("error", "Columns were selected with the labels of the test rows.", INSIDE),
    # scores
    "constant-score": Fault("error", "All scores are equal.", "Look at the fit: nothing was learned."),
    "labels-instead-of-scores": Fault(
        "warning",
        "The scores take two values only: labels were given where scores belong.",
        "Give probabilities or decision values; ranking metrics of labels say little.",
    ),
    "too-good": Fault(
        "warning", "The ranking is almost perfect: look for a leak first.", "Ask of each column when it is known."
    ),
    "worse-than-chance": Fault(
        "error", "The scores rank worse than chance.", "Check which class is positive, and in which order rows come."
    ),
    "calibrated-on-judged-rows": Fault(
        "error",
        "The probabilities fit the judged rows exactly: they were calibrated on them.",
        "Calibrate on out-of-fold scores of the training rows.",
    ),
    # code
    "model-fitted-outside": Fault(
        "error", "The model was fitted outside the evaluation, on rows that are tested.", "Fit it inside each fold."
    ),
    "fitted-outside-the-fold": Fault(
        "error", "A step was fitted outside the fold, on rows that are tested.", INSIDE
    ),
    "stage-judges-itself": Fault(
        "error",
        "A stage of the cascade is judged on rows that it was fitted on.",
        "Score every row by fits that did not see it, before the gate is placed and before the judge is calibrated.",
    ),
    "fitted-elsewhere": Fault(
        "note", "A fitted object comes from outside the fold.", "Make sure that it never saw the rows that are tested."
    ),
    "labels-within-reach": Fault(
        "error",
        "The code can read the labels of the test rows.",
        "Hand training labels over as an argument, and keep all others out of its sight.",
    ),
    "predictions-depend-on-test-rows": Fault(
        "error",
        "The prediction of a row changes with the other test rows: something is fitted on the test part.",
        "Fit scalers, encoders and ranks on the training rows, and apply them row by row.",
    ),
    "threshold-on-judged-rows": Fault(
        "error",
        "The threshold was chosen on the rows that judge it.",
        "Choose it on out-of-fold scores of the training rows.",
    ),
    "test-part-used-twice": Fault(
        "error",
        "The test rows chose what they judge: the epoch, the model or the features with the best test score.",
        "Choose on a validation part of the training rows, and look at the test part once.",
    ),
    "learns-what-is-not-there": Fault(
        "error",
        "The evaluation finds signal in labels that were drawn at random: tested rows, or copies of them, were fitted.",
        "Split first; let everything that learns see the training rows of the fold only.",
    ),
    "early-stopping-on-resampled-rows": Fault(
        "warning",
        "Early stopping watches resampled rows, at another prevalence and beside copies of what was fitted.",
        "Stop on original rows: hand over a validation part, or set the number of rounds.",
    ),
    "validated-on-resampled-rows": Fault(
        "warning",
        "A step behind the sampler splits resampled rows again, so that its inner test rows are copies or synthetic.",
        "Put the sampler inside: Search(Pipeline([sampler, learner])), not Pipeline([sampler, Search(learner)]).",
    ),
    "selected-outside-inner-fold": Fault(
        "warning",
        "Columns are selected by their labels before a step that splits the rows again.",
        "Put the selector inside the step that splits.",
    ),
    "test-part-seen-by-other-runs": Fault(
        "warning",
        "Other runs were judged on the same test part: the best of them looks better than it is.",
        "Decide by out-of-fold scores, and keep a part of the data that no run has seen.",
    ),
    "test-below-out-of-fold": Fault(
        "warning",
        "The champion ranks the test part clearly worse than its own folds.",
        "Look for drift between the parts, and for groups that the folds mix.",
    ),
    "probe-failed": Fault("note", "The function failed on a probe, which says nothing about it.", ""),
    "not-probed": Fault("note", "A probe could not be run.", ""),
}  # fmt: skip


def finding(code: str, evidence: str, where: str = "") -> Finding:
    """The finding of a fault; `where` opens its sentence."""
    fault = FAULTS[code]
    title = f"{where}: {fault.title[0].lower()}{fault.title[1:]}" if where else fault.title
    return Finding(code, fault.severity, title, evidence, fault.remedy)


def worst_first(found: list[Finding]) -> list[Finding]:
    """Errors, then warnings, then notes; each sentence once."""
    once = {(f.code, f.title, f.evidence): f for f in found}
    return sorted(once.values(), key=lambda f: SEVERITIES.index(f.severity))
