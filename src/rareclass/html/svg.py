"""Small inline SVG plots: scales, lines, bands, bars. Colours come from the page's style sheet, by class."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from rareclass.evaluation import words
from rareclass.html.document import asset

Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """Maps data in [low, high] to pixels in [start, end]; values outside are clipped.

    `kind` is "linear", "log" or "logit" (log-odds: a log scale for rare events that also opens up the other end).
    """

    low: float
    high: float
    start: float
    end: float
    kind: str = "linear"

    def _warp(self, value: float) -> float:
        if self.kind == "log":
            return math.log10(value)
        return math.log(value / (1 - value)) if self.kind == "logit" else value

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        low, high = self._warp(self.low), self._warp(self.high)
        return self.start + (self._warp(inside) - low) / (high - low) * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round values inside the range: 1-2-5 steps, or powers of ten."""
        if self.kind == "log":
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max(1, math.ceil((last - first) / (wanted + 1)))
            return [10.0**e for e in range(last, first - 1, -step)][::-1]
        width = nice_step((self.high - self.low) / max(wanted, 1))
        lowest = math.ceil(self.low / width - 1e-9)
        return [round(i * width, 12) for i in range(lowest, math.floor(self.high / width + 1e-9) + 1)]


def nice_step(rough: float) -> float:
    """The 1-2-5 step that is nearest above `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)


def round_up(value: float) -> float:
    """A round axis end at or above `value`."""
    if value <= 0:
        return 1.0
    step = nice_step(value / 5)
    return math.ceil(value / step - 1e-9) * step


def pairs(xs: Sequence[object], ys: Sequence[object]) -> list[Point]:
    """Points whose two coordinates are both known."""
    both = ((words.finite(x), words.finite(y)) for x, y in zip(xs, ys, strict=False))
    return [(x, y) for x, y in both if x is not None and y is not None]


def _p(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def picture(
    body: str,
    *,
    key: str,
    title: str,
    about: str,
    size: tuple[float, float],
    kind: str = "",
    role: str = "img",
    alone: bool = True,
) -> str:
    """An ``<svg>`` with a title and a description that screen readers say.

    Parameters
    ----------
    body : str
        Its drawn elements.
    key : str
        What its ids begin with; unlike all others on a page.
    title, about : str
    size : (width, height)
    kind : str
        Classes of the element.
    role : str
    alone : bool
        Whether it is a file of its own: it then brings its colours, for light and dark, and its ground.
    """
    width, height = (f"{v:.0f}" for v in size)
    own = look = ""
    if alone:
        own = f' xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        css = "".join(asset("rareclass.html", f"{part}.css") for part in ("colours", "plot"))
        look = f'<style>{css}</style><rect class="ground" width="{width}" height="{height}"/>'
    return (
        f'<svg{own} class="{kind}" viewBox="0 0 {width} {height}" role="{role}" aria-labelledby="{key}-title" '
        f'aria-describedby="{key}-desc"><title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(about)}</desc>{look}{body}</svg>'
    )


class Plot:
    """One plot: a frame with two scales, filled by calls, and written out as an accessible `<svg>`."""

    def __init__(
        self,
        label: str,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        x_kind: str = "linear",
        y_kind: str = "linear",
        width: float = 360,
        height: float = 282,
        margin: tuple[float, float, float, float] = (10, 12, 38, 46),
    ) -> None:
        top, right, bottom, left = margin
        self.label, self.width, self.height = label, width, height
        self.x = Scale(*x, left, width - right, x_kind)
        self.y = Scale(*y, height - bottom, top, y_kind)
        self.back: list[str] = []
        self.marks: list[str] = []
        self.front: list[str] = []

    def axes(
        self,
        x_title: str,
        y_title: str,
        *,
        x_ticks: Iterable[tuple[float, str]] | None = None,
        y_ticks: Iterable[tuple[float, str]] | None = None,
    ) -> "Plot":
        """Grid lines, tick labels and titles."""
        x0, x1, y0, y1 = self.x.start, self.x.end, self.y.start, self.y.end
        for value, text in y_ticks if y_ticks is not None else [(t, tick(t)) for t in self.y.ticks(4)]:
            at = _p(self.y(value))
            self.back.append(f'<path class="grid" d="M{_p(x0)} {at}H{_p(x1)}"/>')
            self.back.append(f'<text class="tick" x="{_p(x0 - 7)}" y="{at}" dy=".34em" text-anchor="end">{text}</text>')
        for value, text in x_ticks if x_ticks is not None else [(t, tick(t)) for t in self.x.ticks(5)]:
            at = _p(self.x(value))
            self.back.append(f'<path class="stub" d="M{at} {_p(y0)}v4"/>')
            self.back.append(f'<text class="tick" x="{at}" y="{_p(y0 + 16)}" text-anchor="middle">{text}</text>')
        self.back.append(f'<path class="axis" d="M{_p(x0)} {_p(y0)}H{_p(x1)}"/>')
        middle = _p((x0 + x1) / 2)
        self.back.append(
            f'<text class="title" x="{middle}" y="{_p(self.height - 4)}" text-anchor="middle">{escape(x_title)}</text>'
        )
        self.back.append(
            f'<text class="title" transform="translate(11 {_p((y0 + y1) / 2)}) rotate(-90)" '
            f'text-anchor="middle">{escape(y_title)}</text>'
        )
        return self

    def line(self, points: Sequence[Point], cls: str, *, step: bool = False) -> None:
        """A line through data points; `step` draws the height of a point to its left, as average precision sums."""
        if points:
            self.marks.append(f'<path class="line {cls}" d="{self._path(points, step)}"/>')

    def band(self, low: Sequence[Point], high: Sequence[Point], cls: str = "", *, step: bool = False) -> None:
        """The area between two lines."""
        if low and high:
            back = self._path(_stairs(low)[::-1] if step else low[::-1], False)
            self.marks.append(f'<path class="band {cls}" d="{self._path(high, step)}L{back[1:]}Z"/>')

    def across(self, value: float, cls: str) -> None:
        """A horizontal rule."""
        at = _p(self.y(value))
        self.marks.append(f'<path class="rule {cls}" d="M{_p(self.x.start)} {at}H{_p(self.x.end)}"/>')

    def upright(self, value: float, cls: str) -> None:
        """A vertical rule."""
        at = _p(self.x(value))
        self.marks.append(f'<path class="rule {cls}" d="M{at} {_p(self.y.start)}V{_p(self.y.end)}"/>')

    def dot(self, x: float, y: float, cls: str, tip: str = "", radius: float = 4) -> None:
        """A point, with a tip that screen readers and pointers get."""
        said = f"<title>{escape(tip)}</title>" if tip else ""
        self.front.append(
            f'<circle class="dot {cls}" cx="{_p(self.x(x))}" cy="{_p(self.y(y))}" r="{radius:g}">{said}</circle>'
        )

    def rect(self, x0: float, y0: float, x1: float, y1: float, cls: str, tip: str = "") -> None:
        """A rectangle in pixels."""
        said = f"<title>{escape(tip)}</title>" if tip else ""
        self.marks.append(
            f'<rect class="{cls}" x="{_p(min(x0, x1))}" y="{_p(min(y0, y1))}" width="{_p(abs(x1 - x0))}" '
            f'height="{_p(abs(y1 - y0))}">{said}</rect>'
        )

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", cls: str = "note") -> None:
        """Text at a pixel."""
        self.front.append(f'<text class="{cls}" x="{_p(x)}" y="{_p(y)}" text-anchor="{anchor}">{escape(text)}</text>')

    def readout(self, points: Sequence[Point], texts: Sequence[str]) -> None:
        """What a pointer shows at the nearest of these points."""
        if points:
            at = ";".join(f"{_p(self.x(x))},{_p(self.y(y))},{t.replace(';', ',')}" for (x, y), t in zip(points, texts))
            self.front.append(f'<g class="probe" data-points="{escape(at, quote=True)}"></g>')

    def _path(self, points: Sequence[Point], step: bool) -> str:
        drawn = _stairs(points) if step else points
        out, last = [], ""
        for x, y in drawn:
            here = f"{_p(self.x(x))} {_p(self.y(y))}"
            if here != last:
                out.append(here)
            last = here
        return "M" + "L".join(out)

    def render(self) -> str:
        """The `<svg>` element."""
        return (
            f'<svg class="plot" viewBox="0 0 {_p(self.width)} {_p(self.height)}" role="img" '
            f'aria-label="{escape(self.label, quote=True)}">{"".join(self.back)}{"".join(self.marks)}'
            f"{''.join(self.front)}</svg>"
        )


def _stairs(points: Sequence[Point]) -> list[Point]:
    out = [points[0]]
    for (x0, _), (x1, y1) in pairwise(points):
        out += [(x0, y1), (x1, y1)]
    return out


def tick(value: float) -> str:
    """A tick label without trailing zeros."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6 or size < 1e-4:
        return words.minus(f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e"))
    return words.minus(f"{value:,.6f}".rstrip("0").rstrip("."))


def probability_tick(value: float) -> str:
    """A probability as percent, as short as possible."""
    p = 100 * value
    return f"{p:.7f}".rstrip("0").rstrip(".") + "%"
