"""What all displays share: axes, colours, log-odds axes, static SVG."""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ACCENT, INK, SOFT, GRID, ALARM = "#1b5cb8", "#171a1f", "#59626d", "#e1e5ea", "#ad2f27"
ROUND_ODDS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
_FINE_ODDS = tuple(sorted({*ROUND_ODDS, *(k * s for s in (1e-5, 1e-4, 1e-3, 0.01, 0.1) for k in (2, 5)), 0.3, 0.8}))


class Display:
    """Base of the displays: places axes and writes static SVG.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the last `plot`.
    figure_ : matplotlib.figure.Figure
        Their figure.
    """

    ax_: Any = None
    figure_: Any = None

    def _place(self, ax: Any, x_label: str, y_label: str) -> Any:
        """The given axes or new ones, in the house style. Global settings of matplotlib are left alone."""
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
        ax.set_xlabel(x_label)
        ax.set_ylabel(y_label)
        for side in ("top", "right", "left"):
            ax.spines[side].set_visible(False)
        ax.spines["bottom"].set_color(SOFT)
        ax.tick_params(colors=SOFT, length=3)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        self.ax_, self.figure_ = ax, ax.figure
        return ax

    def to_svg(self) -> str:
        """The last figure as static SVG: the same numbers give the same text, without dates or random names."""
        import matplotlib as mpl

        text = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": "rareclass"}):
            self.figure_.savefig(text, format="svg", metadata={"Date": None})
        return text.getvalue()


def draw_band(ax: Any, x: Floats, low: Floats | None, high: Floats | None, color: Any, **how: Any) -> None:
    """Shade between `low` and `high` (arrays like `x`); nothing where either is unknown."""
    if low is not None and high is not None:
        ax.fill_between(x, low, high, color=color, alpha=0.14, linewidth=0, **how)


def show_legend(ax: Any, **where: Any) -> None:
    """A quiet legend, when there is anything to name."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small", **where)


def unit_axes(ax: Any) -> None:
    """Both axes from 0 to 1 with a little air, so that lines on the edge stay visible."""
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.02)


def log_odds(proba: Any, *, low: float = 1e-12) -> Floats:
    """Log-odds with 0 and 1 moved to `low` and 1 - `low`, so that they can be drawn."""
    p = np.clip(np.asarray(proba, dtype=np.float64), low, 1 - low)
    return np.log(p) - np.log1p(-p)


def odds_axis(axis: Any, low: float, high: float) -> None:
    """Label an axis of log-odds between two probabilities with round percentages."""
    shown = [p for p in ROUND_ODDS if low <= p <= high]
    if len(shown) < 4:
        shown = [p for p in _FINE_ODDS if low <= p <= high]
    step = max(1, math.ceil(len(shown) / 8))
    shown = shown[::step]
    axis.set_ticks([math.log(p / (1 - p)) for p in shown], [percent_label(p) for p in shown])


def percent_label(p: float) -> str:
    """0.001 as 0.1%."""
    return f"{100 * p:.7f}".rstrip("0").rstrip(".") + "%"


def round_odds(proba: Sequence[float] | Floats) -> tuple[float, float]:
    """Round probabilities around all that lie strictly between 0 and 1."""
    p = np.asarray(proba, dtype=np.float64)
    p = p[(p > 0) & (p < 1)]
    if not p.size:
        return 0.001, 0.999
    low = max((r for r in ROUND_ODDS if r <= p.min()), default=ROUND_ODDS[0])
    high = min((r for r in ROUND_ODDS if r >= p.max()), default=ROUND_ODDS[-1])
    return (low, high) if low < high else (low / 10, min(0.5 + high / 2, ROUND_ODDS[-1]))
