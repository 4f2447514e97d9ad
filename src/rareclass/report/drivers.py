"""What drives the champion, in the sentences that the page and the terminal share."""

from rareclass.evaluation import words
from rareclass.evaluation.drivers import DriversRecord

NO_CAUSES = (
    "They say what the model uses, not what causes the event: of two columns that tell the same, either may take the "
    "credit."
)


def no_reasons(found: DriversRecord) -> str:
    """Why there are no reasons, in a sentence."""
    slow = "" if found.compiled else "the champion is not compiled, because "
    return f"There are no reasons: {slow}{words.prose(found.why_not).rstrip('.')}."


def where(found: DriversRecord) -> str:
    """On which rows it was measured, and what the figures are."""
    each = "column, or group of columns that are one reason," if found.grouped else "column"
    average = "weighted average" if found.weighted else "average"
    return (
        f"How far each {each} moves the log-odds (0.69 doubles the odds), up or down, on {average} over "
        f"{words.counted(found.events, 'event')} and over {words.counted(found.rows, 'row')} drawn evenly from the "
        f"{found.part}; brackets hold 95% intervals."
    )
