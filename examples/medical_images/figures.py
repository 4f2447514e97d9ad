"""The figures of the medical project."""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.learning import Figure, part, shown, word
from rareclass.uncertainty import reliability_table

judging = part("medical_images/judging.py")


def name_of(pair: Any) -> str:
    return pair if isinstance(pair, str) else f"gamma {pair[0]:g}, alpha {pair[1]:g}"


def curves(out: Path, judged: Any, ways: Any) -> None:
    """Loss, validation F1 and average precision over the epochs: means of the seeds, with bands over them."""
    runs = {way: np.array([run["history"] for run in judged.runs[way]]) for way in (ways.BASE, ways.FOCAL)}
    last = {way: history[:, -1].mean(0) for way, history in runs.items()}
    figure = Figure(
        "Cross-entropy and the focal loss while they learn",
        f"At the end, validation F1 at one half is {last[ways.BASE][2]:.2f} and {last[ways.FOCAL][2]:.2f}, average "
        f"precision {last[ways.BASE][3]:.2f} and {last[ways.FOCAL][3]:.2f}, means of the seeds.",
        across=2,
    )
    epochs = next(iter(runs.values())).shape[1]
    names = ("training loss, of its first epoch", "validation cross-entropy of its probabilities")
    for column, name in enumerate((*names, "validation F1 at one half", "validation average precision")):
        values = [history[..., column] for history in runs.values()]
        values = [v / v[:, :1] for v in values] if column == 0 else values
        top = 1.05 * max(v.max() for v in values) if column < 2 else 1.0
        plot = figure.panel(name, (1, max(epochs, 2)), (0, float(top)), "epoch", "")
        for spread, cls in zip(values, ("line-a", "line-c")):
            low, high = ([(x, float(v)) for x, v in enumerate(end(spread, axis=0), 1)] for end in (np.min, np.max))
            plot.band(low, high)
            plot.line([(x, float(v)) for x, v in enumerate(spread.mean(0), 1)], cls)
    figure.legend(("line-a", ways.BASE), ("line-c", ways.FOCAL + " (bands: lowest to highest seed)"))
    figure.save(out, "medical_images_curves")


def overview(
    out: Path, judged: Any, ways: Any, searched: dict[Any, Any], rows: dict[str, dict[str, Any]], floor: float
) -> None:
    """The search, reliability before and after the inverse map, and every way's average precision."""
    told = [way for way in rows if "more" in rows[way] and word(rows[way]["more"]) != "cannot tell"]
    others, span = "; ".join(told) or "none", rows[ways.BASE]["ap"]
    figure = Figure(
        "A rare finding on X-ray images",
        f"Cross-entropy has an average precision of {shown(span)}; surely different from it: {others}. Mapped "
        f"back, the focal loss promises {rows[ways.FOCAL]['back'].estimate:.1f} findings for one instead of "
        f"{rows[ways.FOCAL]['raw'].estimate:.1f}.",
    )
    plot = figure.panel("search: validation images", (0.5, 3.5), (0, 1), "gamma", f"recall at precision {floor:g}")
    plot.across(searched[ways.BASE][0], "chance")
    for pair, (recall, _) in searched.items():
        if pair != ways.BASE:
            plot.dot(pair[0] + (pair[1] - 0.5) / 2, recall, "mark", f"{name_of(pair)}: {recall:.2f}")
    figure.legend(("mark", "from left to right alpha 0.25, 0.5, 0.75"), ("chance", "cross-entropy"))
    ends, marks = (0.001, 0.98), [(0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (0.5, "50 %"), (0.9, "90 %")]
    ticks = {"x_ticks": marks, "y_ticks": marks}
    plot = figure.panel(
        "focal loss: promised and seen", ends, ends, "promised", "seen", x_kind="logit", y_kind="logit", **ticks
    )
    plot.line([(ends[0], ends[0]), (ends[1], ends[1])], "chance")
    for key, cls in (("score", "line-c"), ("log_odds", "line-a")):
        plot.line(seen(judged, ways.FOCAL, key, ends), cls)
    figure.legend(("line-c", "before the inverse map"), ("line-a", "after"))
    names = list(ways.WAYS)
    plot = figure.panel(
        "average precision", (0, 1), (-0.5, len(names) - 0.5), "mean of the seeds, with 95 % interval", "way",
        y_ticks=[(i, str(len(names) - i)) for i in range(len(names))],
    )  # fmt: skip
    for i, way in enumerate(reversed(names)):
        found = rows[way]["ap"]
        plot.line([(found.low, i), (found.high, i)], "line-b")
        plot.dot(found.estimate, i, "mark", f"{way}: {shown(found)}")
    plot.upright(span.estimate, "chance")
    figure.legend(*(("open", f"{i} {way}") for i, way in enumerate(names, 1)))
    figure.save(out, "medical_images")


def seen(judged: Any, way: str, key: str, ends: tuple[float, float]) -> list[tuple[float, float]]:
    """(promised, seen) in bins of the log-odds, all seeds together."""
    runs = judged.runs[way]
    p = np.concatenate([judging.sigmoid(run[key]) for run in runs])
    y, w = np.tile(judged.finding, len(runs)), np.tile(judged.weight[0], len(runs))
    found = reliability_table(y, p, n_bins=8, by="expected", sample_weight=w)
    return [(float(np.clip(a, *ends)), float(np.clip(b, *ends))) for a, b in zip(found.predicted, found.observed)]
