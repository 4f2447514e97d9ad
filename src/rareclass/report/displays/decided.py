"""Displays of a decision: its four outcomes, and how far its threshold moves when the events are drawn again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np

from rareclass._types import Label, Labels, Scores, Seed, Weights
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.search import best_threshold
from rareclass.decisions.stability import ThresholdStability, threshold_stability
from rareclass.metrics.labels import ConfusionCounts, confusion_counts
from rareclass.report.displays import base

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False)
class ConfusionDisplay(base.Display):
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
        y_true: Labels,
        y_pred: Labels,
        *,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Count and draw; see `Display` for the parameters. Boolean predictions mean "flagged"."""
        counts = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
        return cls(counts)._drawn(**drawn)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None) -> Self:
        """Draw the matrix on `ax`, or on new axes."""
        from matplotlib.colors import to_rgb

        ax = self._place(ax, "", "")
        c = self.counts
        events, others = c.tp + c.fn, c.fp + c.tn
        words = ("caught", "missed", "false alerts", "passed")
        image = np.ones((2, 2, 3))
        for i, (value, word) in enumerate(zip((c.tp, c.fn, c.fp, c.tn), words)):
            total = events if i < 2 else others
            color = base.ACCENT if word in ("caught", "passed") else base.ALARM
            share = value / total if total > 0 else 0.0
            # a quarter of the full colour at most: dark text stays readable on every shade
            image[i // 2, i % 2] = 1 - 0.27 * share * (1 - np.array(to_rgb(color)))
            said = f"{share:.1%} of its class" if total > 0 else "no such rows"
            centred: dict[str, Any] = {"ha": "center", "va": "center", "color": base.INK}
            ax.text(i % 2, i // 2 - 0.1, f"{value:,.0f}", fontsize=15, weight="bold", **centred)
            ax.text(i % 2, i // 2 + 0.16, f"{word}\n{said}", fontsize="small", **centred)
        ax.imshow(image, aspect="auto")
        ax.grid(False)
        ax.set_xticks([0, 1], ["flagged", "not flagged"])
        ax.set_yticks([0, 1], [f"events\n{events:,.0f}", f"others\n{others:,.0f}"])
        ax.tick_params(length=0, colors=base.SOFT)
        ax.xaxis.tick_top()
        ax.spines["bottom"].set_visible(False)
        ax.axhline(0.5, color="white", linewidth=4)
        ax.axvline(0.5, color="white", linewidth=4)
        base.show_title(ax, self.name if name is None else name)
        return self


class Drawn(base.Drawn, total=False):
    """Besides how it is drawn, what the resampled thresholds are compared with: `default`, 0.5 where not given."""

    default: float


@dataclass(eq=False)
class ThresholdStabilityDisplay(base.Display):
    """Histogram of the thresholds that a rule chooses on bootstrap resamples, beside the one it chose on all rows.

    A wide or many-peaked histogram means that the threshold rests on a handful of events; a rule that follows from
    costs (`MinimumCost`) or a default may then serve better.

    Parameters
    ----------
    stability : ThresholdStability
        Of `rareclass.decisions.threshold_stability`.
    chosen : float
        The threshold on all rows.
    name : str or None

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.decisions import Maximize
    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(0.1, 5, 5_000)
    >>> y = rng.random(p.size) < p
    >>> display = ThresholdStabilityDisplay.from_predictions(y, p, Maximize("f1"), n_bootstrap=100)
    >>> display.stability.low <= display.chosen <= display.stability.high
    True
    """

    stability: ThresholdStability
    chosen: float
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_proba: Scores,
        rule: DecisionRule,
        *,
        sample_weight: Weights = None,
        level: float = 0.95,
        n_bootstrap: int = 1000,
        random_state: Seed = 0,
        **drawn: Unpack[Drawn],
    ) -> Self:
        """Choose on resamples and draw; see `Display` for the other parameters.

        Parameters
        ----------
        rule : DecisionRule
            With a value to compare thresholds by: `Maximize` or `MinimumCost` (class costs).
        level : float in (0, 1), default 0.95
            Share of the resamples between the ends that are shown.
        n_bootstrap : int >= 1, default 1000
        random_state : int, Generator or None, default 0
        default : float, default 0.5
            The threshold to compare with.

        Raises
        ------
        InfeasibleError
            A constraint that no resample meets.
        """
        stability = threshold_stability(
            y_true,
            y_proba,
            rule,
            default=drawn.pop("default", 0.5),
            sample_weight=sample_weight,
            level=level,
            n_bootstrap=n_bootstrap,
            random_state=random_state,
        )
        chosen = best_threshold(y_true, y_proba, rule, sample_weight=sample_weight).threshold
        return cls(stability, float(chosen))._drawn(**drawn)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None) -> Self:
        """Draw the histogram, the chosen and the default threshold on `ax`, or on new axes."""
        ax = self._place(ax, "Threshold on the probability (log-odds axis)", "Share of resamples")
        s = self.stability
        shown = s.thresholds[(s.thresholds > 0) & (s.thresholds < 1)]
        low, high = base.round_odds(np.r_[shown, [v for v in (self.chosen, s.default) if 0 < v < 1]])
        span = base.log_odds([low, high])
        edges = np.linspace(span[0], span[1], 61)
        share = np.histogram(base.log_odds(shown), edges)[0] / max(s.thresholds.size, 1)
        ax.bar(edges[:-1], share, np.diff(edges) * 0.92, align="edge", color=base.ACCENT, alpha=0.45)
        ends = np.clip(base.log_odds([s.low, s.high]), edges[0], edges[-1])
        ax.axvspan(ends[0], ends[1], color=base.ACCENT, alpha=0.08, label=f"{s.level:.0%} of the resamples")
        for value, color, word in ((self.chosen, base.INK, "chosen"), (s.default, base.SOFT, "default")):
            if 0 < value < 1:
                style = "-" if word == "chosen" else base.DASHED
                at = float(base.log_odds(value))
                ax.axvline(at, color=color, linestyle=style, linewidth=1.4, label=f"{word} {value:.3g}")
        none = 1 - shown.size / max(s.thresholds.size, 1)
        said = f"not worse than the default in {s.probability_not_worse:.0%} of the resamples"
        if none > 0:
            said += f"\n{none:.0%} choose to flag none or all"
        named = self.name if name is None else name
        ax.set_title(base.joined(named, said) or "", fontsize="small", color=base.SOFT)
        base.odds_axis(ax.xaxis, low, high)
        air = 0.01 * (edges[-1] - edges[0])  # a line on the edge stays visible
        ax.set_xlim(edges[0] - air, edges[-1] + air)
        base.show_legend(ax, "upper right")
        return self
