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
    look: str = ""
    minutes: float
    module: str = ""
    extra: str = ""

    @property
    def takes(self) -> str:
        """How long a full run takes, in words."""
        if self.minutes < 0.5:
            return "seconds"
        return f"about {self.minutes:g} minute{'' if self.minutes == 1 else 's'}"


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
    Lesson(
        name="accuracy",
        kind="step",
        file="from_scratch/accuracy.py",
        title="Why accuracy fails",
        about="A model that finds nothing is right in 99 of 100 rows.",
        look="Look at accuracy.svg: accuracy rises as events get rarer, recall stays at zero.",
        minutes=0.1,
    ),
    Lesson(
        name="metrics",
        kind="step",
        file="from_scratch/metrics.py",
        title="Precision, recall and the others",
        about="The counts of right and wrong alarms, and every number that is made of them.",
        look="Look at metrics.svg: the ROC curve does not notice that events got ten times rarer, precision does.",
        minutes=0.1,
    ),
    Lesson(
        name="smote",
        kind="step",
        file="from_scratch/smote.py",
        title="Nearest neighbours and SMOTE",
        about="New rare points on the lines between rare points that are there.",
        look="Look at smote.svg: where the clouds overlap, rare points are made among ordinary ones.",
        minutes=0.1,
    ),
    Lesson(
        name="resampling",
        kind="step",
        file="from_scratch/resampling.py",
        title="Over- and under-sampling",
        about="Rare rows copied, or ordinary rows left out, until there are as many of both.",
        look="Look at the printed sums: how many rare rows a model expects, before and after the formula.",
        minutes=0.1,
    ),
    Lesson(
        name="class-weights",
        kind="step",
        file="from_scratch/class_weights.py",
        title="Class weights",
        about="Logistic regression by gradient descent, in which a rare row counts 19 times.",
        look="Look at the coefficients: over-sampling is the same as weights, with luck added.",
        minutes=0.1,
    ),
    Lesson(
        name="focal-loss",
        kind="step",
        file="from_scratch/focal_loss.py",
        title="The focal loss",
        about="A loss under which rows that are already right count less.",
        look="Look at focal_loss.svg: what the model puts out is not the probability, and what is.",
        minutes=0.1,
    ),
    Lesson(
        name="threshold",
        kind="step",
        file="from_scratch/threshold.py",
        title="Where to alarm",
        about="The threshold by trying 99, and by trying all that matter.",
        look="Look at threshold.svg: the 99 thresholds begin at 0.01, what the model says does not.",
        minutes=0.1,
    ),
    Lesson(
        name="costs",
        kind="step",
        file="from_scratch/costs.py",
        title="What errors cost",
        about="A matrix of costs, the threshold that follows from it, and the one that these rows would have liked.",
        look="Look at costs.svg: the formula's threshold lies within the flat part of the curve.",
        minutes=0.1,
    ),
    Lesson(
        name="seven-ways",
        kind="step",
        file="from_scratch/seven_ways.py",
        title="Seven ways on one table",
        about="None, over, under, SMOTE, weights, weights + threshold and a cost matrix, judged by seven numbers.",
        look="Look at seven_ways.svg (bars: 95 % intervals) and the last lines: what is good by F1 and by cost.",
        minutes=5,
    ),
    Lesson(
        name="flowcharts",
        kind="step",
        file="from_scratch/flowcharts.py",
        title="The flowcharts",
        about="The decision flowcharts of the textbook as code, with the paths of three tables.",
        look="Look at flowchart-ratio.svg and its three sisters: the marked path is that of 95/5 in 5,000 rows.",
        minutes=0.1,
    ),
    Lesson(
        name="borderline-smote",
        kind="experiment",
        file="from_scratch/experiments/borderline_smote.py",
        title="Borderline-SMOTE against SMOTE",
        about="Five degrees of overlap, three learners, twenty seeds.",
        look="Look at borderline_smote.svg: which bars (95 % intervals) lie above zero, and which below.",
        minutes=2,
    ),
    Lesson(
        name="cost-matrix",
        kind="experiment",
        file="from_scratch/experiments/cost_matrix.py",
        title="From a cost matrix to decisions",
        about="The cheapest decision among two and more classes, and what happens at 1 : 10, 1 : 100 and 1 : 1,000.",
        look="Look at cost_matrix.svg: the searched thresholds scatter, the formula's does not.",
        minutes=0.2,
    ),
    Lesson(
        name="calibrating",
        kind="experiment",
        file="from_scratch/experiments/calibrating.py",
        title="Platt, isotonic and beta",
        about="Three calibration maps before and after: what they change, and what stays.",
        look="Look at calibrating.svg: the maps bring the line to the diagonal, precision and recall hardly move.",
        minutes=1,
    ),
    Lesson(
        name="bagging",
        kind="experiment",
        file="from_scratch/experiments/bagging.py",
        title="Balanced bagging against SMOTE",
        about="How good the two are on new data, and how much they move when only the seed changes.",
        look="Look at bagging.svg (a dot a run; right, a dot a table): how far the dots spread, not only their height.",
        minutes=2,
    ),
    Lesson(
        name="ratios",
        kind="experiment",
        file="from_scratch/experiments/ratios.py",
        title="From which ratio on does it matter?",
        about="50/50 to 99.9/0.1 with and without SMOTE, at one half and at a tuned threshold.",
        look="Look at ratios.svg (bands: 95 % intervals): how far the lines part at one half, and when tuned.",
        minutes=2,
    ),
    Lesson(
        name="card-fraud",
        kind="project",
        file="projects/card_fraud.py",
        title="Beginner: card fraud",
        about="Beginner: a forest with SMOTE on card payments, and the four questions that come next.",
        look="Look at card_fraud.svg: the red dashed curve is what a leak shows, the middle panel what scores promise.",
        minutes=4,
    ),
    Lesson(
        name="medical-images",
        kind="project",
        file="medical_images/medical_images.py",
        title="Intermediate: medical images",
        about="Intermediate: a rare finding on X-ray images, and thirteen ways to train a network, with PyTorch.",
        look="Look at medical_images.svg: the numbered ways (95 % intervals) beside cross-entropy, the dashed rule.",
        minutes=10,
        module="torch",
        extra="torch",
    ),
    Lesson(
        name="intrusion-system",
        kind="project",
        file="projects/intrusion_system.py",
        title="Advanced: an intrusion system",
        about="Advanced: cascade, tiers, reasons, serving, drift, retraining and trade-off of an intrusion system.",
        look="Look at intrusion_system.svg: a new attack begins on day 60; the upright line is the alarm that follows.",
        minutes=1,
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
