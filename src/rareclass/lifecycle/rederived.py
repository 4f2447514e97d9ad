"""The champion itself at the prevalence of new rows: its model stays, its level and its decision are found anew."""

from dataclasses import replace

import numpy as np

from rareclass.artifact.bundle import Bundle, kept_parameters
from rareclass.artifact.trained import trained_bundle
from rareclass.calibration import CalibrationUncertainty, InterceptCalibration
from rareclass.fitting.model import calibration_evidence
from rareclass.fitting.tiers import tier_evidence
from rareclass.kernels.logits import sigmoid
from rareclass.lifecycle.labelled_rows import LabelledRows

REDERIVED = "rederived"


def rederived(champion: Bundle, rows: LabelledRows) -> Bundle:
    """The champion's model with its log-odds moved to the prevalence of these rows, and its rule decided on them.

    For when how events look stayed as it was, and only how many there are changed, or what was to be reached at a
    threshold. Nothing is fitted but one number, so a few events are enough, and scoring costs what it did.

    Parameters
    ----------
    champion : Bundle
    rows : LabelledRows
        That the champion was not trained on; both classes.

    Returns
    -------
    Bundle
        Nothing is written. Its recipe is the champion's, so that a replay fits the same arm.

    Raises
    ------
    InputError
        Its calibration has no form that can be moved (Venn-Abers).
    """
    old = champion.model.model_
    z, counts = old.logit(rows.table)[0], rows.counts
    calibrator = old.calibrator.moved(InterceptCalibration().fit(z, rows.event, sample_weight=counts).shift_)
    z = replace(old, calibrator=calibrator).logit(rows.table)[0]
    p, costs = sigmoid(z), rows.priced(champion)
    decision = old.decision if old.rule is None else old.rule.decided_on(rows.event, p, counts, costs)
    evidence = calibration_evidence(rows.event, z, counts, rows.groups)
    evidence |= tier_evidence(decision, rows.event, p, weight=counts, costs=costs, groups=rows.groups)
    model = replace(
        old,
        calibrator=calibrator,
        decision=decision,
        rule=decision.rule,
        evidence=evidence,
        calibration_uncertainty=CalibrationUncertainty.of(z, rows.event, sample_weight=counts, groups=rows.groups),
        oof_logit=z,
        oof_deployed=np.empty(0),
        oof_y=rows.event,
        oof_row=np.arange(rows.rows),
        sample=None,
    )
    recipe = {**champion.recipe, "fingerprint": model.schema.fingerprint(rows.table)}
    recipe |= {"rows": rows.rows, "events": rows.events, REDERIVED: True}
    return trained_bundle(
        type(champion.model).from_model(model, **kept_parameters(champion.model)),
        rows.table,
        rows.event,
        weight=counts,
        whole=rows.table,
        recipe=recipe,
        name=champion.name,
        target=champion.target,
        evidence={"out_of_fold": evidence, "test": None},
        reasons=champion.reasons,
    )
