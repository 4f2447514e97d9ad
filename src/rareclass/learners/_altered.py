"""What a booster's own loss and weights did to its training, in words, and the way back from it."""

from typing import Any

from rareclass.learners._guarded import GuardedBooster
from rareclass.learners.objectives import usable_loss
from rareclass.losses.base import RowLoss

FROM_ROW_LOSS = "fitted as log-odds, then calibrated out of fold"
FROM_BATCH_LOSS = "not by a formula: the scores of this loss become probabilities by out-of-fold calibration"


def altered(learner: Any) -> list[tuple[str, str]]:
    """What a fitted learner's own parameters did to training, each with the way back; nothing where they did nothing.

    Of guarded boosters only: what parameters of other learners mean is not known.
    """
    if not isinstance(learner, GuardedBooster):
        return []
    found = []
    if learner.loss_ is not None:
        loss = usable_loss(learner.loss_)
        by_row, share = isinstance(loss, RowLoss), learner.loss_share
        rest = (
            f" for {share:.3g} of it (`loss_share`), cross-entropy for the rest" if by_row and share < 1 else " alone"
        )
        found.append((f"minimised is {loss!r}{rest}", FROM_ROW_LOSS if by_row else FROM_BATCH_LOSS))
    weight, drawn = learner.weight_ratio_, learner._drawn_ratio()
    if weight != 1:
        said = f"the learner lets an event count {weight:.4g} times"
        found.append((said, "log-odds shifted by the log of how often the learner counts an event"))
    if drawn != 1:
        said = f"the learner draws events {drawn:.4g} times as often as other rows"
        found.append((said, "the log of how much oftener the learner draws events, an offset in training"))
    return found
