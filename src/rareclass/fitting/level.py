"""How many events the fit on all rows expects on new rows: as many as the fits of the folds did, which calibrate it.

A calibration is learnt on scores of fits that had, of five parts, four. The fit on all rows has a quarter more, and is
surer or less sure for it: put on its scores, the calibration of a weighted booster expects 9 to 14 % too many events.
No row is left to see that on. But a fit says something of the rows that it was fitted on, too, and how much that
flatters them is known from the folds, separately for events and for the others: what they say of rows left out over
what they say of their own. Flattery falls as the rows grow, so of its logarithm as much is taken as a fold's fit has of
the rows. Nothing is fitted again. With many rows nothing flatters, and the level is exact.
"""

from collections.abc import Sequence

import numpy as np

from rareclass.calibration.base import Calibrator
from rareclass.fitting.part import Known
from rareclass.kernels.level import Means, class_means, expected_as_observed
from rareclass.kernels.logits import sigmoid


def level_of_whole(
    whole: Known, unseen: Known, known: Sequence[Known], calibrator: Calibrator, *, share: float = 1.0
) -> float:
    """Log-odds to add to the scores of the fit on all rows, before they are calibrated.

    Parameters
    ----------
    whole : Known
        What it says of rows that it was fitted on.
    unseen : Known
        What the fits of the folds say of rows that they did not see.
    known : sequence of Known
        What they say of rows that they were fitted on, one for each fold.
    calibrator : Calibrator
        Fitted on `unseen`.
    share : float in (0, 1], default=1.0
        Rows of a fold's fit over those of the fit on all rows.

    Returns
    -------
    float
        0 where one class is missing, or where nothing of the others is left after calibration.
    """

    def means(said: Known, shift: float = 0.0) -> Means:
        return class_means(sigmoid(calibrator.predict_logit(said.logit + shift)), said.y, said.weight)

    seen = Known(*(np.concatenate([getattr(k, name) for k in known]) for name in ("logit", "y", "weight")))
    if not all(said.weight[rows].sum() > 0 for said in (whole, unseen, seen) for rows in (said.y, ~said.y)):
        return 0.0
    new, own = means(unseen), means(seen)
    if min(own) <= 0:
        return 0.0
    weights = (float(unseen.weight[unseen.y].sum()), float(unseen.weight[~unseen.y].sum()))
    return expected_as_observed(
        lambda shift: means(whole, shift),
        fades=((new[0] / own[0]) ** share, (new[1] / own[1]) ** share),
        weights=weights,
        wanted=weights[0] * new[0] + weights[1] * new[1],
    )
