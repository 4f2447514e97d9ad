"""Figures of the lessons: panels with the charts of the report, in one SVG file that carries its own colours."""

from html import escape
from pathlib import Path
from typing import Any

from rareclass.html.svg import Plot, picture

WIDTH, HEIGHT, GAP = 360, 282, 28
HEAD, LINE = 26, 18


class Figure:
    """Panels side by side with one legend, written as an SVG that reads in light and dark and to a screen reader.

    Lines and marks get their colour by class: "line-a" (blue, thick) to "line-f", "chance" (thin, dashed) for lines and
    rules; "events" (blue), "others" (grey), "mark", "open" and "chosen" for dots; "events" and "others" for bars. Bands
    around a line need no class.

    Parameters
    ----------
    title : str
        What the figure shows, for the head of the picture and for screen readers.
    about : str
        One or two sentences with the main numbers, which a screen reader says.
    across : int, default=3
        Panels in a row.

    Examples
    --------
    >>> from pathlib import Path
    >>> figure = Figure("Cost against threshold", "The least cost is at a threshold of 0.02.")
    >>> plot = figure.panel("All costs", (0, 1), (0, 5), "threshold", "cost per row")
    >>> plot.line([(0, 4), (0.02, 1), (1, 5)], "line-a")
    >>> figure.legend(("line-a", "cost"))
    >>> figure.save(Path("."), "cost")  # doctest: +SKIP
    """

    def __init__(self, title: str, about: str, *, across: int = 3) -> None:
        self.title, self.about, self.across = title, about, across
        self._panels: list[tuple[str, Plot]] = []
        self._legend: list[tuple[str, str]] = []

    def panel(
        self, title: str, x: tuple[float, float], y: tuple[float, float], x_title: str, y_title: str, **options: Any
    ) -> Plot:
        """One more plot with axes; draw into it with `line`, `band`, `dot`, `across`, `upright`.

        Parameters
        ----------
        title : str
        x, y : (low, high)
            Ends of the axes, in data.
        x_title, y_title : str
            With units.
        **options
            ``x_kind``, ``y_kind``: "linear", "log" or "logit"; ``x_ticks``, ``y_ticks``: (value, text) pairs.
        """
        ticks = {k: options.pop(k, None) for k in ("x_ticks", "y_ticks")}
        left = 60 if options.get("y_kind") == "log" else 46  # 0.0001 is wider than 0.25
        plot = Plot(title, x, y, width=WIDTH, height=HEIGHT, margin=(10, 12, 38, left), **options)
        self._panels.append((title, plot.axes(x_title, y_title, **ticks)))
        return plot

    def legend(self, *entries: tuple[str, str]) -> None:
        """Further entries (class, text) below the title."""
        self._legend += entries

    def save(self, folder: Path, name: str) -> Path:
        """Write ``folder/name.svg`` and say so."""
        path = folder / f"{name}.svg"
        path.write_text(self.render(), encoding="utf-8")
        print(f"figure: {path.name}: {self.title}")
        return path

    def render(self) -> str:
        """The SVG as text."""
        many = len(self._panels)
        columns = max(min(many, self.across), 1)
        width = columns * WIDTH + (columns - 1) * GAP + 2 * GAP
        key, below = self._drawn_legend(width - 2 * GAP, HEAD + GAP)
        parts = [f'<text class="heading" x="{GAP}" y="{HEAD}">{escape(self.title)}</text>', key]
        for i, (title, plot) in enumerate(self._panels):
            left = GAP + (i % columns) * (WIDTH + GAP)
            top = below + (i // columns) * (HEIGHT + HEAD + GAP)
            parts.append(f'<text class="heading" x="{left}" y="{top + 12}">{escape(title)}</text>')
            placed = f'x="{left}" y="{top + HEAD}" width="{WIDTH}" height="{HEIGHT}" class="plot"'
            parts.append(plot.render().replace('class="plot"', placed, 1))
        height = below + -(-many // columns) * (HEIGHT + HEAD + GAP)
        return picture("".join(parts), key="figure", title=self.title, about=self.about, size=(width, height)) + "\n"

    def _drawn_legend(self, width: float, top: float) -> tuple[str, int]:
        """The legend as SVG, in as many lines as it takes, and where it ends."""
        widths = [46 + 5.9 * len(text) for _, text in self._legend]
        parts, left, line = [], 0.0, 0
        for (cls, text), wide in zip(self._legend, widths, strict=True):
            if left and left + wide > width:
                left, line = 0.0, line + 1
            x, y = GAP + left, top + line * LINE
            parts.append(f'<g class="plot swatch">{_swatch(cls, x, y)}</g>')
            parts.append(f'<text class="said" x="{x + 24:.0f}" y="{y + 4:.0f}">{escape(text)}</text>')
            left += wide
        return "".join(parts), int(top + (line + 1) * LINE if parts else top - 6)


def _swatch(cls: str, x: float, y: float) -> str:
    if cls.startswith(("line", "chance", "rule")):
        return f'<path class="line {cls}" d="M{x:.0f} {y:.0f}h18"/>'
    return f'<circle class="dot {cls}" cx="{x + 9:.0f}" cy="{y:.0f}" r="4"/>'
