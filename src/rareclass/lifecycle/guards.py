"""What cost cannot see: judged rows that were trained on, stale rows, broken columns, leaks, wrong labels."""

import numpy as np

from rareclass.artifact.seen import seen_before
from rareclass.fitting.model import calibration_evidence
from rareclass.lifecycle.field import Field
from rareclass.lifecycle.guard import Guard, Labelled, training_rows
from rareclass.lifecycle.guard_columns import features_guard, leak_guard
from rareclass.lifecycle.guard_labels import labels_guard

GUARDS = ("untouched", "fresh", "features", "leak", "labels", "calibration")
OFF = 2.0
"""Factor between observed and expected events that a challenger may surely not be off by, unless the champion is."""
SLOPE = (0.5, 2.0)
FEW = 20


def guard_all(rows: Field) -> list[Guard]:
    """Every guard, in the order of `GUARDS`."""
    old, new = rows.champion, rows.challenger
    parts = [Labelled("judged rows", rows.table, rows.y)]
    trained = training_rows(new)
    if trained is not None:
        parts.append(trained)
    return [
        _untouched(rows),
        _fresh(rows),
        features_guard(old, parts),
        leak_guard(old, new, parts),
        labels_guard(old, new, parts),
        _calibration(rows),
    ]


def _untouched(rows: Field) -> Guard:
    """Whether the challenger was trained on the rows that judge it."""
    found = seen_before(rows.challenger, rows.table, rows.y)
    if found:
        said = "The challenger was trained on rows that judge it, so what they say of it is too good"
        return Guard("untouched", "failed", f"{said} ({found[0].evidence}). Judge it on later rows.")
    if "sketch" not in rows.challenger.recipe:
        said = "The challenger keeps no sketch of its training rows, so nobody can tell whether it has seen these."
        return Guard("untouched", "cannot tell", said)
    return Guard("untouched", "ok", "The challenger has not seen these rows.")


def _fresh(rows: Field) -> Guard:
    """Whether the challenger was trained on anything newer than the champion."""
    old, new = rows.champion.recipe, rows.challenger.recipe
    end_old, end_new = (r.get("period", [None, None])[1] for r in (old, new))
    if end_old is not None and end_new is not None and type(end_old) is type(end_new):
        if end_new < end_old:
            said = f"The challenger's newest training row is of {end_new}, older than the champion's, {end_old}."
            return Guard("fresh", "failed", f"{said} Train it on newer rows.")
        if end_new > end_old:
            return Guard("fresh", "ok", f"The challenger knows rows up to {end_new}, the champion up to {end_old}.")
    same = old.get("fingerprint") is not None and old.get("fingerprint") == new.get("fingerprint")
    if same and old.get("arm") == new.get("arm"):
        said = "The challenger was trained on the very rows that the champion was trained on, by the same recipe."
        return Guard("fresh", "failed", f"{said} Train it on newer rows.")
    if same or end_old is None or end_new is None:
        return Guard("fresh", "cannot tell", "Nothing says how old the training rows are (`times`).")
    return Guard("fresh", "ok", f"Both know rows up to {end_new}.")


def _calibration(rows: Field) -> Guard:
    """Whether the challenger's probabilities mean what they say on these rows, or at least more than the champion's."""
    if rows.events < FEW:
        return Guard("calibration", "cannot tell", f"{rows.events} events are too few to judge probabilities by.")
    old, new = (calibration_evidence(rows.y, z, rows.weight, rows.groups) for z in rows.logits)
    ratio, low, high = (new[f"observed_to_expected{end}"] for end in ("", "_low", "_high"))
    said = f"Observed/expected events of the challenger are {ratio:.3g} [{low:.3g}, {high:.3g}]"
    off = low > OFF or high < 1 / OFF
    if off and abs(np.log(ratio)) > abs(np.log(old["observed_to_expected"])):
        return Guard("calibration", "failed", f"{said}, the champion's {old['observed_to_expected']:.3g}: far from 1.")
    slope, steep = new["calibration_slope"], (new["calibration_slope_low"], new["calibration_slope_high"])
    if None not in (slope, *steep) and (steep[0] > SLOPE[1] or steep[1] < SLOPE[0]):
        before = old["calibration_slope"]
        if before is None or abs(np.log(max(slope, 1e-3))) > abs(np.log(max(before, 1e-3))):
            said = f"The calibration slope of the challenger is {slope:.2g} [{steep[0]:.2g}, {steep[1]:.2g}]"
            return Guard(
                "calibration", "failed", f"{said}: its probabilities are too {'extreme' if slope < 1 else 'timid'}."
            )
    return Guard("calibration", "ok", f"{said}.")
