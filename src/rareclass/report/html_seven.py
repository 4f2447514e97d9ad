"""The section of the HTML page with the textbook's seven ways side by side."""

from rareclass.evaluation import words
from rareclass.evaluation.seven_records import NUMBERS, SevenWaysRecord
from rareclass.html.parts import bullets, esc, stacked, table
from rareclass.html.reading import Reading
from rareclass.report.story import Story


def seven_ways(story: Story) -> str:
    """The classic table; nothing where it was not asked for."""
    found = story.results.seven_ways
    if found is None or not found.ways:
        return ""
    head, rows = told(found)
    cells = [[f'<b class="arm">{esc(way)}</b>', *map(stacked, numbers)] for way, *numbers in rows]
    body = table([esc(h) for h in head], cells, caption=esc(HOW), cls="cards")
    return f"<p>{esc(' '.join(found.sentences))}</p>{body}{bullets(found.notes)}"


SHORT = {"accuracy": "accur.", "precision": "prec.", "average_precision": "AP", "expected_cost": "cost"}
HOW = (
    "Out of fold. The first five alarm at one half of what the learner says before it is brought back to the real "
    "prevalence; the tuned threshold has the best F1 on the other folds; the cost matrix cuts calibrated probabilities."
)


def told(found: SevenWaysRecord, *, intervals: bool = True) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table, as text; short where there are no intervals."""
    if not intervals:
        rows = [[w.way, *(words.score(w.numbers[n].estimate) for n in NUMBERS)] for w in found.ways]
        return ["way", *(SHORT.get(n, title) for n, title in NUMBERS.items())], rows
    return ["way", *NUMBERS.values()], [
        [w.way, *(Reading.of(w.numbers[n]).text() for n in NUMBERS)] for w in found.ways
    ]
