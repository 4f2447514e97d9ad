"""What all displays share: axes, colours, curves with bands, log-odds axes, static SVG."""

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypedDict, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rareclass._types import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


ACCENT, INK, SOFT, GRID, ALARM = "#1b5cb8", "#171a1f", "#59626d", "#e1e5ea", "#ad2f27"
ROUND_ODDS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
_FINE_ODDS = tuple(sorted({*ROUND_ODDS, *(k * s for s in (1e-5, 1e-4, 1e-3, 0.01, 0.1) for k in (2, 5)), 0.3, 0.8}))


DASHED, DOTTED = (0, (3, 3)), (0, (1, 2))
Curve = TypeVar("Curve")


class Drawn(TypedDict, total=False):
    """How `from_predictions` draws: `plot` takes the same, and each display those that it has a use for.

    Parameters
    ----------
    ax : matplotlib axes, optional
        New ones by default. Draw several models on the same axes to compare them.
    name : str, optional
        Label of the curve, or title.
    color : str, optional
        Colour of the curve.
    band : bool, default True
        Whether to shade the interval of the curve.
    """

    ax: "Axes | None"
    name: str | None
    color: str | None
    band: bool


class Display:
    """Base of the displays: places axes, draws curves and writes static SVG.

    Every ``from_predictions(y_true, y_score, ...)`` computes and draws, and takes, besides what it describes itself,

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels, of both classes for curves; `pos_label` names the positive one.
    y_score, y_proba : array-like (n,)
        Finite scores, higher = more likely positive; probabilities in [0, 1].
    sample_weight : array-like (n,), optional
        1 / the probability with which a row was drawn; the band counts the rows that are here.
    pos_label : label, optional
    level : float in (0, 1), default 0.95
        Coverage of the band: at each point on its own, not for the curve as a whole.
    ax, name, color, band
        See `Drawn`.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the last `plot`.
    figure_ : matplotlib.figure.Figure
        Their figure.

    Raises
    ------
    InputError, TooFewEventsError
        Unusable scores, probabilities outside [0, 1], or rows of one class where a curve needs both.
    """

    ax_: Any = None
    figure_: Any = None

    def _drawn(self, **drawn: Any) -> Self:
        """This display under the name it is to have, drawn."""
        self.name: str | None = drawn.get("name")
        shown: Self = self.plot(**drawn)  # type: ignore[attr-defined]  # each display has its own arguments
        return shown

    def _place(self, ax: "Axes | None", x_label: str, y_label: str) -> "Axes":
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


class BandedDisplay(Display):
    """Base of the displays that draw one model with its intervals."""

    labels: ClassVar[tuple[str, str]]
    """What stands at the x axis and at the y axis."""

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, color: str | None = None, band: bool = True
    ) -> Self:
        """Draw on `ax`, or on new axes."""
        ax = self._place(ax, *self.labels)
        self._draw(ax, self.name if name is None else name, ACCENT if color is None else color, band)
        return self

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        """Draw on axes that have their labels."""
        raise NotImplementedError


@dataclass(eq=False)
class CurveDisplay(BandedDisplay, Generic[Curve]):
    """Base of the displays of one curve of `rareclass.uncertainty`, whose numbers are attributes of the display too.

    Parameters
    ----------
    curve : a curve with its band
    name : str or None
    """

    curve: Curve
    name: str | None = None

    def __getattr__(self, number: str) -> Any:
        if number == "curve":  # while a copy is being made
            raise AttributeError(number)
        return getattr(self.curve, number)


def draw_curve(
    ax: "Axes", x: Floats, y: Floats, limits: tuple[Floats | None, Floats | None], color: str, label: str | None
) -> None:
    """The curve of a model, over the shade between its limits (arrays like `x`) where both are known."""
    low, high = limits
    if low is not None and high is not None:
        ax.fill_between(x, low, high, color=color, alpha=0.14, linewidth=0)
    ax.plot(x, y, color=color, linewidth=1.8, label=label)


def draw_point(ax: "Axes", x: float, y: float, label: str) -> None:
    """A hollow dot, named."""
    ax.plot([x], [y], "o", color=INK, markerfacecolor="white", markeredgewidth=1.8, label=label)


def joined(*words: str | None) -> str | None:
    """The words there are, as one label."""
    return " · ".join(w for w in words if w) or None


def show_legend(ax: "Axes", loc: Literal["best", "upper left", "upper right", "lower right"] = "best") -> None:
    """A quiet legend, when there is anything to name."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small", loc=loc)


def show_title(ax: "Axes", title: str | None) -> None:
    """A title, when there is one."""
    if title:
        ax.set_title(title, fontsize="medium")


def unit_axes(ax: "Axes") -> None:
    """Both axes from 0 to 1 with a little air, so that lines on the edge stay visible."""
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.02)


def log_odds(proba: ArrayLike, *, low: float = 1e-12) -> Floats:
    """Log-odds with 0 and 1 moved to `low` and 1 - `low`, so that they can be drawn."""
    p = np.clip(np.asarray(proba, dtype=np.float64), low, 1 - low)
    return np.log(p) - np.log1p(-p)


def odds_axis(axis: "Axis", low: float, high: float) -> None:
    """Label an axis of log-odds between two probabilities with round percentages."""
    shown = [p for p in ROUND_ODDS if low <= p <= high]
    if len(shown) < 4:
        shown = [p for p in _FINE_ODDS if low <= p <= high]
    shown = shown[:: max(1, math.ceil(len(shown) / 8))]
    axis.set_ticks([math.log(p / (1 - p)) for p in shown], [percent_label(p) for p in shown])


def percent_label(p: float) -> str:
    """0.001 as 0.1%."""
    return f"{100 * p:.7f}".rstrip("0").rstrip(".") + "%"


def round_odds(proba: ArrayLike) -> tuple[float, float]:
    """Round probabilities around all that lie strictly between 0 and 1."""
    p = np.asarray(proba, dtype=np.float64)
    p = p[(p > 0) & (p < 1)]
    if not p.size:
        return 0.001, 0.999
    low = max((r for r in ROUND_ODDS if r <= p.min()), default=ROUND_ODDS[0])
    high = min((r for r in ROUND_ODDS if r >= p.max()), default=ROUND_ODDS[-1])
    return (low, high) if low < high else (low / 10, min(0.5 + high / 2, ROUND_ODDS[-1]))
