"""Confusion matrix in counts and as shares of each true class."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.metrics.labels import ConfusionCounts, confusion_counts
from rareclass.report.displays.base import ACCENT, ALARM, INK, SOFT, Display


@dataclass(eq=False)
class ConfusionDisplay(Display):
    """The four outcomes of a decision: counts, and below them the share of the true class.

    Counts alone hide what happens to the rare class, shares alone hide the workload; both stand in each cell. Shades
    follow the shares: blue where the decision is right, red where it is wrong.

    Parameters
    ----------
    counts : ConfusionCounts
        tp, fp, fn, tn.
    name : str or None

    Examples
    --------
    >>> display = ConfusionDisplay.from_predictions([0, 1, 1, 0], [0, 1, 0, 0])
    >>> display.counts
    ConfusionCounts(tp=1, fp=0, fn=1, tn=2)
    """

    counts: ConfusionCounts
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        sample_weight: Any = None,
        pos_label: Any = None,
        name: str | None = None,
        ax: Any = None,
    ) -> "ConfusionDisplay":
        """Count and draw.

        Parameters
        ----------
        y_true, y_pred : array-like (n,)
            Labels; Boolean predictions mean "flagged".
        sample_weight, pos_label
            As in `rareclass.metrics.confusion_counts`.
        name : str, optional
            Title.
        ax : matplotlib axes, optional

        Returns
        -------
        ConfusionDisplay
        """
        counts = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
        return cls(counts, name).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None) -> "ConfusionDisplay":
        """Draw the matrix on `ax`, or on new axes."""
        from matplotlib.colors import to_rgb

        ax = self._place(ax, "", "")
        c = self.counts
        cells = ((c.tp, c.tp + c.fn, "caught", ACCENT), (c.fn, c.tp + c.fn, "missed", ALARM),
                 (c.fp, c.fp + c.tn, "false alerts", ALARM), (c.tn, c.fp + c.tn, "passed", ACCENT))  # fmt: skip
        image = np.ones((2, 2, 3))
        for i, (value, total, word, color) in enumerate(cells):
            share = value / total if total > 0 else 0.0
            # a quarter of the full colour at most: dark text stays readable on every shade
            image[i // 2, i % 2] = 1 - 0.27 * share * (1 - np.array(to_rgb(color)))
            said = f"{share:.1%} of its class" if total > 0 else "no such rows"
            ax.text(
                i % 2, i // 2 - 0.1, f"{value:,.0f}", ha="center", va="center", fontsize=15, weight="bold", color=INK
            )
            ax.text(i % 2, i // 2 + 0.16, f"{word}\n{said}", ha="center", va="center", fontsize="small", color=INK)
        ax.imshow(image, aspect="auto")
        ax.grid(False)
        ax.set_xticks([0, 1], ["flagged", "not flagged"])
        ax.set_yticks([0, 1], [f"events\n{c.tp + c.fn:,.0f}", f"others\n{c.fp + c.tn:,.0f}"])
        ax.tick_params(length=0, colors=SOFT)
        ax.xaxis.tick_top()
        ax.spines["bottom"].set_visible(False)
        ax.axhline(0.5, color="white", linewidth=4)
        ax.axvline(0.5, color="white", linewidth=4)
        name = self.name if name is None else name
        if name:
            ax.set_title(name, fontsize="medium")
        return self
