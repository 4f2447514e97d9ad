"""What the pictures of the HTML report share: a drawing with its words, and the arms that are laid over each other."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from rareclass.evaluation import words
from rareclass.evaluation.results import ConfusionRecord, CostPoints, FiguresRecord, PrecisionRecallPoints, RocPoints
from rareclass.html.svg import Plot, Point, pairs, tick

MOST_LINES = 4
SHARES = [(v, tick(v)) for v in (0.0, 0.25, 0.5, 0.75, 1.0)]
Legend = list[tuple[str, str]]


class Drawing(NamedTuple):
    """A picture with its words. `legend` holds (class of the swatch, text); `rows` its main numbers as a table."""

    title: str
    caption: str
    svg: str
    legend: Legend
    head: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = ()


class Layer(NamedTuple):
    """One arm in a picture that overlays several: its points and how it is drawn."""

    name: str
    cls: str
    points: PrecisionRecallPoints | RocPoints | CostPoints
    confusion: ConfusionRecord

    def line(self, x: str, y: str) -> list[Point]:
        """The points (x, y) whose coordinates are both known."""
        return pairs(getattr(self.points, x), getattr(self.points, y))


def layers(
    figures: Mapping[str, FiguresRecord], kind: str, champion: str, baseline: str, exhibits: Collection[str]
) -> list[Layer]:
    """The arms that have a picture of this kind: champion, baseline, exhibits, others; at most `MOST_LINES`."""
    known = {k: v for k, v in figures.items() if getattr(v, kind) is not None}
    order = sorted(known, key=lambda n: (n != champion, n != baseline, n not in exhibits))
    out: list[Layer] = []
    spare = iter(("line-d", "line-e", "line-f"))
    for name in order[:MOST_LINES]:
        cls = "line-b" if name == baseline else "line-c" if name in exhibits else None
        if not out:
            cls = "line-a"
        cut = known[name].confusion or ConfusionRecord()
        out.append(Layer(name, next(spare) if cls is None else cls, getattr(known[name], kind), cut))
    return out


def draw_band(plot: Plot, layer: Layer, x: str, *, step: bool) -> None:
    """The interval of a layer as an area."""
    low, high = layer.line(x, "low"), layer.line(x, "high")
    if len(low) == len(high):
        plot.band(low, high, layer.cls, step=step)


def nearest(points: Sequence[Point], x: float) -> int:
    """Index of the point whose x is nearest."""
    return min(range(len(points)), key=lambda i: abs(points[i][0] - x))


def legend_of(shown: Sequence[Layer], *, band: bool) -> Legend:
    """Swatches of the layers; the first may have a band."""
    return [(layer.cls, layer.name + (", with 95% band" if band and i == 0 else "")) for i, layer in enumerate(shown)]


def spans_of(layer: Layer, x: str, main: Sequence[Point]) -> list[str]:
    """Interval of each point in words, "" where it is unknown."""
    low, high = (dict(layer.line(x, key)) for key in ("low", "high"))
    return [words.interval(low.get(at), high.get(at), words.percent) for at, _ in main]
