"""Scores of both classes on the log-odds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.report.displays.base import ACCENT, INK, SOFT, Display, Floats, log_odds, odds_axis, show_legend


@dataclass(eq=False)
class ScoreDensityDisplay(Display):
    """Histograms of the scores: events upwards, other rows downwards.

    Bar heights are logarithms of the counts, so that the few negatives among the alerts can be seen beside millions
    below the threshold.

    Parameters
    ----------
    edges : float64 array (bins + 1,)
        Log-odds.
    positives, negatives : float64 array (bins,)
        Rows (weight) in each bin.
    threshold : float or None
        Probability from which rows are flagged.
    name : str or None

    Examples
    --------
    >>> display = ScoreDensityDisplay.from_predictions([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8], bins=4)
    >>> display.positives.sum(), display.negatives.sum()
    (np.float64(2.0), np.float64(3.0))
    """

    edges: Floats
    positives: Floats
    negatives: Floats
    threshold: float | None = None
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        bins: int = 50,
        threshold: float | None = None,
        sample_weight: Any = None,
        pos_label: Any = None,
        name: str | None = None,
        ax: Any = None,
    ) -> "ScoreDensityDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true : array-like (n,)
            Binary labels; one class only is accepted.
        y_proba : array-like (n,)
            Probabilities of the positive class. Those of exactly 0 or 1 are counted in the outermost bins.
        bins : int >= 1, default 50
        threshold : float in (0, 1), optional
            Drawn as a line that parts the four outcomes.
        sample_weight, pos_label, name, ax
            As in `PrecisionRecallDisplay.from_predictions`.

        Returns
        -------
        ScoreDensityDisplay

        Raises
        ------
        InputError
            Values outside [0, 1], NaN, wrong lengths.
        """
        y = _check.binary_target(y_true, pos_label)
        proba = _check.scores(y_proba, "y_proba")
        _check.same_length(y_true=y, y_proba=proba)
        bins = _check.whole_number(bins, "bins", low=1)
        if proba.min() < 0 or proba.max() > 1:
            raise InputError(
                f"`y_proba` must hold probabilities in [0, 1]; got {proba.min():g} to {proba.max():g}. Pass log-odds "
                "through rareclass.kernels.logits.sigmoid first."
            )
        if threshold is not None:
            threshold = _check.fraction(threshold, "threshold", closed="neither")
        weight = _check.weights(sample_weight, y.size)
        inner = proba[(proba > 0) & (proba < 1)]
        ends = (float(inner.min()), float(inner.max())) if inner.size else (0.01, 0.99)
        span = log_odds(ends) if ends[0] < ends[1] else log_odds(ends) + np.array([-0.5, 0.5])
        edges = np.linspace(span[0], span[1], bins + 1)
        z = np.clip(log_odds(np.clip(proba, *ends)), edges[0], edges[-1])
        up, down = (
            np.histogram(z[side], edges, weights=None if weight is None else weight[side])[0].astype(np.float64)
            for side in (y, ~y)
        )
        return cls(edges, up, down, threshold, name).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None) -> "ScoreDensityDisplay":
        """Draw both histograms and the threshold on `ax`, or on new axes."""
        ax = self._place(ax, "Probability (log-odds axis)", "Rows (log scale)")
        wide = np.diff(self.edges)
        for counts, sign, color, word in (
            (self.positives, 1, ACCENT, "events"),
            (self.negatives, -1, SOFT, "other rows"),
        ):
            tall = np.log10(1 + counts) / max(float(np.log10(1 + counts.max())), 1e-9)
            label = f"{counts.sum():,.0f} {word}"
            alpha = 1.0 if sign > 0 else 0.55
            ax.bar(self.edges[:-1], sign * tall, wide * 0.92, align="edge", color=color, alpha=alpha, label=label)
        ax.axhline(0, color=SOFT, linewidth=0.8)
        if self.threshold is not None:
            ax.axvline(
                float(log_odds([self.threshold])[0]), color=INK, linewidth=1.3, label=f"p ≥ {self.threshold:.3g}"
            )
        low, high = 1 / (1 + np.exp(-self.edges[[0, -1]]))
        odds_axis(ax.xaxis, float(low), float(high))
        ax.set_yticks([])
        ax.set_ylim(-1.15, 1.15)
        name = self.name if name is None else name
        if name:
            ax.set_title(name, fontsize="medium")
        show_legend(ax, loc="upper left")
        return self
