"""The honest table of the medical project, and the sentences that its intervals allow."""

from typing import Any

import numpy as np

from rareclass.learning import part, shown, text_table, word

judging = part("medical_images/judging.py")
TUNED, HALF = "threshold only: tuned on validation", "threshold only: one half"


def table(judged: Any, ways: Any) -> dict[str, dict[str, Any]]:
    """A row a way: average precision, less that of cross-entropy, area, what is promised, cost; then what follows."""
    base, many = ways.BASE, len(ways.WAYS) - 1
    ap0 = judged.each(base, judging.average_precision)
    area0 = judged.each(base, judging.roc_area)
    cost0 = by_formula(judged, base)
    rows: dict[str, dict[str, Any]] = {}
    for way in ways.WAYS:
        ap, area = judged.each(way, judging.average_precision), judged.each(way, judging.roc_area)
        paid = by_formula(judged, way)
        raw, back = (judged.probability(way, judging.expected_to_observed, key) for key in ("score", "log_odds"))
        rows[way] = {
            "ap": judging.interval(ap, between=(0, 1)), "area": judging.interval(area, between=(0, 1)),
            "raw": judging.ratio_interval(raw), "back": judging.ratio_interval(back),
            "cost": judging.interval(paid, between=(0, np.inf)),
        }  # fmt: skip
        if way != base:
            rows[way] |= {
                "more": judging.interval(ap - ap0, many, (-1, 1)),
                "wider": judging.interval(area - area0, many, (-1, 1)),
                "dearer": judging.interval(paid - cost0, many + 2),
            }  # fmt: skip
    for name, paid in thresholds(judged, base).items():
        rows[name] = {
            "cost": judging.interval(paid, between=(0, np.inf)), "dearer": judging.interval(paid - cost0, many + 2),
        }  # fmt: skip
    head = ["way", "average precision", "less cross-entropy", "ROC area", "promised, raw", "brought back", "cost"]
    print(text_table(head, [printed(way, row) for way, row in rows.items()]))
    print(
        "Promised: findings expected by the probabilities for each that is there. Cost: of 100 images, 20 a missed "
        f"finding, 1 an alarm for nothing, alarms from a probability of {judging.THRESHOLD:.3f} on. In brackets: 95 % "
        f"for other seeds (other findings, the same ordinary images) and other test images; differences hold together, "
        f"all {many} of them."
    )
    conclusions(rows)
    return rows


def printed(way: str, row: dict[str, Any]) -> list[str]:
    cost = shown(row["cost"], 1)
    if "ap" not in row:
        return [way, "as cross-entropy", "", "", "", "", cost]
    more = shown(row["more"], sign=True) if "more" in row else ""
    return [way, shown(row["ap"]), more, shown(row["area"]), shown(row["raw"], 1), shown(row["back"], 1), cost]


def by_formula(judged: Any, way: str) -> np.ndarray:
    """Cost (seeds, 1 + draws) with alarms where they pay."""
    alarms = [judging.sigmoid(run["log_odds"]) >= judging.THRESHOLD for run in judged.runs[way]]
    return np.array([judging.cost(judged.finding, alarm, judged.weight) for alarm in alarms])


def thresholds(judged: Any, base: str) -> dict[str, np.ndarray]:
    """Cost of cross-entropy with the threshold at one half, and with the one that validation images like best."""
    found: dict[str, list[np.ndarray]] = {HALF: [], TUNED: []}
    for run in judged.runs[base]:
        y, z = run["valid_finding"], run["valid_log_odds"]
        cuts = np.append(np.unique(z), np.inf)
        best = cuts[np.argmin([judging.cost(y, z >= cut, np.ones(y.size)) for cut in cuts])]
        for name, cut in ((HALF, 0.0), (TUNED, best)):
            found[name].append(judging.cost(judged.finding, run["log_odds"] >= cut, judged.weight))
    return {name: np.array(values) for name, values in found.items()}


def conclusions(rows: dict[str, dict[str, Any]]) -> None:
    """What the intervals allow to say, and nothing else."""

    def sorted_by(key: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {"better": [], "worse": [], "cannot tell": []}
        for way, row in rows.items():
            if key in row:
                found[word(row[key])].append(way)
        return found

    ap, cost = sorted_by("more"), sorted_by("dearer")
    print(
        f"Average precision surely above cross-entropy's: {listed(ap['better'])}. Surely below: {listed(ap['worse'])}."
    )
    print(f"These images and seeds cannot tell: {listed(ap['cannot tell'])}.")
    for way, key, what in (
        ("average-precision objective", "more", "average precision"),
        ("AUC objective", "wider", "AUC"),
    ):
        if way in rows:
            gain = rows[way][key]
            reached = "reaches" if gain.estimate >= 0 else "does NOT reach"
            print(
                f"In the mean of the seeds the {way} {reached} the {what} of cross-entropy "
                f"({shown(gain, sign=True)}: {word(gain)})."
            )
    right = [way for way, row in rows.items() if "back" in row and row["back"].low <= 1 <= row["back"].high]
    print(f"Brought back, these promise as many findings as there are, as far as can be told: {listed(right)}.")
    print(f"Surely cheaper than cross-entropy with alarms where they pay: {listed(cost['worse'])}. ", end="")
    print(f"Surely dearer: {listed(cost['better'])}.")
    if not ap["better"] and not cost["worse"]:
        print(
            "So nothing was surely better here than cross-entropy with a start bias and the threshold that the costs "
            "ask for; with so few findings that is not to say that nothing ever is."
        )


def listed(names: list[str]) -> str:
    return "; ".join(names) if names else "none"
