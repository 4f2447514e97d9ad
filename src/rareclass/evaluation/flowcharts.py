"""The flowcharts of the textbook, as code: questions, answers, and the treatment that a table is led to.

They are common teaching, not our advice: `compare` runs what they end in and judges it like everything else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rareclass import _check

MILD, MODERATE = 9.0, 43.0
"""Others per event that end "mild" and "moderate". The lesson names the points 80/20, 95/5 and 99/1; these limits are
half-way between them on the scale of log-odds: 90/10 and 98/2."""
SMALL, LARGE = 1_000, 10_000
"""Rows."""
BOTH = "smote(ratio=0.1)+class_weight"
"""SMOTE to one event in ten others, and weights for the rest: SMOTE to equality leaves weights nothing to do."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What the questions ask of a table, and of the model once it is judged (None while that is not known).

    Attributes
    ----------
    rows : int
    ratio : float
        Others per event.
    continuous : int
        Columns of numbers with decimals.
    network : bool
        Whether a neural network is to be trained.
    recall_enough, precision_enough, good_enough : bool or None
        Of the model at its threshold.
    """

    rows: int
    ratio: float
    continuous: int = 0
    network: bool = False
    recall_enough: bool | None = None
    precision_enough: bool | None = None
    good_enough: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Box:
    """A question or a piece of advice.

    Attributes
    ----------
    key, text : str
    ways : tuple of (answer, key)
        Where it leads; advice has at most one way, with an empty answer.
    choose : callable, optional
        Number of the way that a table takes, None while that is not known.
    treatment : str
        What it advises, by its name in `rareclass.treatments`.
    """

    key: str
    text: str
    ways: tuple[tuple[str, str], ...] = ()
    choose: Callable[[TableFacts], int | None] | None = None
    treatment: str = ""

    @property
    def asks(self) -> bool:
        return self.choose is not None


@dataclass(frozen=True)
class Taken:
    """A box on the path of a table, and the answer that it gave there ("" for advice, or where nothing is known)."""

    box: Box
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Flowchart:
    """A flowchart of the textbook; the first box is its start.

    Attributes
    ----------
    name, title : str
    boxes : tuple of Box

    Examples
    --------
    >>> chart = flowchart("ratio")
    >>> chart.advised(TableFacts(rows=10_000, ratio=19))
    'smote'
    >>> [(taken.box.key, taken.answer) for taken in chart.path(TableFacts(rows=10_000, ratio=19))]
    [('ratio', '95/5'), ('moderate', '')]
    """

    name: str
    title: str
    boxes: tuple[Box, ...]

    def __getitem__(self, key: str) -> Box:
        return next(box for box in self.boxes if box.key == key)

    def path(self, facts: TableFacts) -> list[Taken]:
        """The boxes that a table passes, from the start to the first that comes again, ends, or is not known."""
        path: list[Taken] = []
        box = self.boxes[0]
        while box not in (taken.box for taken in path):
            way = 0 if box.choose is None else box.choose(facts)
            if way is None or not box.ways:
                return [*path, Taken(box)]
            answer, key = box.ways[way]
            path.append(Taken(box, answer))
            box = self[key]
        return path

    def advised(self, facts: TableFacts) -> str:
        """The last treatment on the path of a table; "" where there is none."""
        return next((t.box.treatment for t in reversed(self.path(facts)) if t.box.treatment), "")

    def sentence(self, facts: TableFacts) -> str:
        """The path in one sentence: questions with their answers, then the advice."""
        said = "; ".join(f"{t.box.text} {t.answer}".strip() for t in self.path(facts))
        return said if said.endswith("?") else f"{said}."

    def __str__(self) -> str:
        return "\n".join([self.title, *self._lines()])

    def _lines(self) -> Iterator[str]:
        for box in self.boxes:
            ends = f" [{box.treatment}]" if box.treatment else ""
            yield f"  {box.text}{ends}"
            for answer, key in box.ways:
                yield f"    {answer or 'then'}: {self[key].text}"


def _band(facts: TableFacts) -> int:
    return 0 if facts.ratio <= MILD else 1 if facts.ratio <= MODERATE else 2


def _coarse_band(facts: TableFacts) -> int:
    return 0 if facts.ratio < 70 / 30 else 1 if facts.ratio <= 95 / 5 else 2


def _size(facts: TableFacts) -> int:
    return 0 if facts.rows < SMALL else 1 if facts.rows <= LARGE else 2


def _yes(said: bool | None) -> int | None:
    return None if said is None else int(not said)


FLOWCHARTS: dict[str, Flowchart] = {
    chart.name: chart
    for chart in (
        Flowchart(
            name="ratio",
            title="By ratio",
            boxes=(
                Box(
                    key="ratio",
                    text="Which ratio is nearest?",
                    ways=(("80/20", "mild"), ("95/5", "moderate"), ("99/1", "severe")),
                    choose=_band,
                ),
                Box(key="mild", text="Mild: class weights", treatment="class_weight"),
                Box(key="moderate", text="Moderate: SMOTE, then tune the threshold", treatment="smote"),
                Box(key="severe", text="Severe: SMOTE and class weights, then tune the threshold", treatment=BOTH),
            ),
        ),
        Flowchart(
            name="ratio-and-size",
            title="By ratio and size",
            boxes=(
                Box(
                    key="ratio",
                    text="How unequal are the classes?",
                    ways=(("below 70/30", "mild"), ("to 95/5", "moderate"), ("beyond 95/5", "severe")),
                    choose=_coarse_band,
                ),
                Box(key="mild", text="Mild: class weights first", ways=(("", "size"),), treatment="class_weight"),
                Box(key="moderate", text="Moderate: SMOTE and class weights", ways=(("", "size"),), treatment=BOTH),
                Box(key="severe", text="Severe: several of them together", ways=(("", "size"),), treatment=BOTH),
                Box(
                    key="size",
                    text="How many rows?",
                    ways=(("below 1,000", "small"), ("to 10,000", "middle"), ("more", "large")),
                    choose=_size,
                ),
                Box(key="small", text="Over-sample or SMOTE: none can be spared", treatment="smote"),
                Box(key="middle", text="SMOTE, then tune the threshold", treatment="smote"),
                Box(key="large", text="Under-sample, or class weights", treatment="random_under"),
            ),
        ),
        Flowchart(
            name="loop",
            title="The loop: until it is good enough",
            boxes=(
                Box(key="start", text="Train, judge at a threshold", ways=(("", "recall"),)),
                Box(
                    key="recall",
                    text="Recall high enough?",
                    ways=(("yes", "precision"), ("no", "lower")),
                    choose=lambda facts: _yes(facts.recall_enough),
                ),
                Box(
                    key="precision",
                    text="Precision acceptable?",
                    ways=(("yes", "good"), ("no", "raise")),
                    choose=lambda facts: _yes(facts.precision_enough),
                ),
                Box(key="lower", text="Lower the threshold", ways=(("", "start"),)),
                Box(
                    key="good",
                    text="Good enough?",
                    ways=(("yes", "ship"), ("no", "other")),
                    choose=lambda facts: _yes(facts.good_enough),
                ),
                Box(key="raise", text="Raise the threshold, or add features", ways=(("", "start"),)),
                Box(key="ship", text="Ship it, with monitoring"),
                Box(key="other", text="Try another strategy", ways=(("", "start"),)),
            ),
        ),
        Flowchart(
            name="data",
            title="By data",
            boxes=(
                Box(key="first", text="First try: class weights", ways=(("", "network"),), treatment="class_weight"),
                Box(
                    key="network",
                    text="A neural network?",
                    ways=(("yes", "focal"), ("no", "large")),
                    choose=lambda facts: _yes(facts.network),
                ),
                Box(
                    key="large",
                    text="A large table?",
                    ways=(("yes", "under"), ("no", "continuous")),
                    choose=lambda facts: _yes(facts.rows > LARGE),
                ),
                Box(key="focal", text="Focal loss", treatment="focal"),
                Box(
                    key="continuous",
                    text="Continuous features?",
                    ways=(("yes", "smote"), ("no", "weights")),
                    choose=lambda facts: _yes(facts.continuous > 0),
                ),
                Box(key="under", text="Under-sampling", treatment="random_under"),
                Box(key="smote", text="SMOTE", treatment="smote"),
                Box(key="weights", text="Stay with class weights", treatment="class_weight"),
            ),
        ),
    )
}
"""By name. The lesson calls a table large without a number; the limit is that of "ratio-and-size"."""


def flowchart(name: str) -> Flowchart:
    """A flowchart of the textbook: "ratio", "ratio-and-size", "loop" or "data".

    `rareclass.report.flowchart_svg` draws it. What these charts advise is measured by `compare`, which often finds
    otherwise: they are here so that both stand side by side.

    Raises
    ------
    InputError
        The name is unknown.

    Examples
    --------
    >>> print(flowchart("ratio"))
    By ratio
      Which ratio is nearest?
        80/20: Mild: class weights
        95/5: Moderate: SMOTE, then tune the threshold
        99/1: Severe: SMOTE and class weights, then tune the threshold
      Mild: class weights [class_weight]
      Moderate: SMOTE, then tune the threshold [smote]
      Severe: SMOTE and class weights, then tune the threshold [smote(ratio=0.1)+class_weight]
    """
    return FLOWCHARTS[_check.one_of(name, "name", tuple(FLOWCHARTS))]
