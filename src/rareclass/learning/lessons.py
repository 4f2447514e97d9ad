"""The table of lessons: every file of the learning path, with what a person reads before it runs."""

from dataclasses import dataclass
from difflib import get_close_matches

from rareclass.errors import InputError

KINDS = {"step": "Steps from scratch, in this order", "experiment": "Experiments", "project": "Projects"}
"""Title of each part of the path."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One file of the learning path.

    Attributes
    ----------
    name : str
        What `rareclass learn NAME` calls it.
    kind : {"step", "experiment", "project"}
    file : str
        Below `examples/`; it defines ``main(out: Path, quick: bool = False)``, and importing it runs nothing.
    title, about : str
        What it is, in a few words and in one sentence.
    look : str
        What to look at when it has run, one sentence.
    minutes : float
        A full run on two cores.
    module, extra : str
        The optional package that it needs, and the extra that brings it.

    Examples
    --------
    >>> find_lesson("data").kind
    'step'
    """

    name: str
    kind: str
    file: str
    title: str
    about: str
    look: str
    minutes: float
    module: str = ""
    extra: str = ""


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        name="data",
        kind="step",
        file="from_scratch/data.py",
        title="The data",
        about="Two overlapping clouds of points, 950 ordinary and 50 rare.",
        look="Look at data.svg: where the clouds overlap nobody can tell the two kinds apart.",
        minutes=0.1,
    ),
)
"""In the order in which they are read; one entry a file."""


def find_lesson(name: str) -> Lesson:
    """The lesson of a name; capitals, blanks, hyphens and underscores do not matter.

    Raises
    ------
    InputError
        There is none of this name; the message names the nearest ones.

    Examples
    --------
    >>> find_lesson("Data").file
    'from_scratch/data.py'
    """
    known = {entry.name: entry for entry in LESSONS}
    asked = "-".join(name.casefold().replace("_", "-").split())
    if asked in known:
        return known[asked]
    near = get_close_matches(asked, known, n=3, cutoff=0.4)
    near += [other for other in known if asked and asked in other and other not in near]
    meant = f"Did you mean {', '.join(near[:3])}? " if near else ""
    raise InputError(f"There is no lesson {name!r}. {meant}`rareclass learn` lists them all.")
