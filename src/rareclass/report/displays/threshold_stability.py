"""How far a chosen threshold moves when the events are drawn again."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.search import best_threshold
from rareclass.decisions.stability import ThresholdStability, threshold_stability
from rareclass.report.displays.base import ACCENT, INK, SOFT, Display, log_odds, odds_axis, round_odds, show_legend


@dataclass(eq=False)
class ThresholdStabilityDisplay(Display):
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
        y_true: Any,
        y_proba: Any,
        rule: DecisionRule,
        *,
        default: float = 0.5,
        sample_weight: Any = None,
        level: float = 0.95,
        n_bootstrap: int = 1000,
        random_state: Any = 0,
        name: str | None = None,
        ax: Any = None,
    ) -> "ThresholdStabilityDisplay":
        """Choose on resamples and draw.

        Parameters
        ----------
        y_true, y_proba : array-like (n,)
            Binary labels and probabilities.
        rule : DecisionRule
            With a value to compare thresholds by: `Maximize` or `MinimumCost` (class costs).
        default : float, default 0.5
            The threshold to compare with.
        sample_weight : array-like (n,), optional
        level : float in (0, 1), default 0.95
        n_bootstrap : int >= 1, default 1000
        random_state : int, Generator or None, default 0
        name : str, optional
            Title.
        ax : matplotlib axes, optional

        Returns
        -------
        ThresholdStabilityDisplay

        Raises
        ------
        InputError, InfeasibleError
            Unusable scores, a rule without a value, or a constraint that no resample meets.
        """
        stability = threshold_stability(
            y_true, y_proba, rule, default=default, sample_weight=sample_weight, level=level,
            n_bootstrap=n_bootstrap, random_state=random_state,
        )  # fmt: skip
        chosen = best_threshold(y_true, y_proba, rule, sample_weight=sample_weight).threshold
        return cls(stability, float(chosen), name).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None) -> "ThresholdStabilityDisplay":
        """Draw the histogram, the chosen and the default threshold on `ax`, or on new axes."""
        ax = self._place(ax, "Threshold on the probability (log-odds axis)", "Share of resamples")
        s = self.stability
        shown = s.thresholds[(s.thresholds > 0) & (s.thresholds < 1)]
        low, high = round_odds(np.r_[shown, [v for v in (self.chosen, s.default) if 0 < v < 1]])
        span = log_odds([low, high])
        edges = np.linspace(span[0], span[1], 61)
        share = np.histogram(log_odds(shown), edges)[0] / max(s.thresholds.size, 1)
        ax.bar(edges[:-1], share, np.diff(edges) * 0.92, align="edge", color=ACCENT, alpha=0.45)
        ends = np.clip(log_odds([s.low, s.high]), edges[0], edges[-1])
        ax.axvspan(ends[0], ends[1], color=ACCENT, alpha=0.08, label=f"{s.level:.0%} of the resamples")
        for value, color, word in ((self.chosen, INK, "chosen"), (s.default, SOFT, "default")):
            if 0 < value < 1:
                style = "-" if word == "chosen" else (0, (3, 3))
                at = float(log_odds([value])[0])
                ax.axvline(at, color=color, linestyle=style, linewidth=1.4, label=f"{word} {value:.3g}")
        none = 1 - shown.size / max(s.thresholds.size, 1)
        said = f"not worse than the default in {s.probability_not_worse:.0%} of the resamples"
        if none > 0:
            said += f"\n{none:.0%} choose to flag none or all"
        ax.set_title(
            " · ".join(t for t in (self.name if name is None else name, said) if t), fontsize="small", color=SOFT
        )
        odds_axis(ax.xaxis, low, high)
        air = 0.01 * (edges[-1] - edges[0])  # a line on the edge stays visible
        ax.set_xlim(edges[0] - air, edges[-1] + air)
        show_legend(ax, loc="upper right")
        return self
