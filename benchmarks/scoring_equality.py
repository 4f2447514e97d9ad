"""Whether compiled scorers equal their models on real tables: learner x treatment on the ten sets of docs/figures.md.

    python benchmarks/scoring_equality.py [--rows 2000] [--sets smtp ...] [--learners lightgbm ...] [--treatments all]

Each model is fitted on a sample with up to 300 events, saved, and read again; log-odds are compared on all rows of the
sample as a table, and on 50 of them as mappings. Prints the largest difference of each, that between the log-odds of
its members and the sum of their contributions, and what keeps the slow path.

28 November 2026, 2,000 rows and up to 300 events of each set, 7 learners: 70 of 70 compiled, largest difference 0.
"""

import argparse
import tempfile
import warnings
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from main_job import RUNS

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.cli.options import TableOptions
from rareclass.cli.problem import problem_of
from rareclass.data.target import encode_target
from rareclass.errors import RareclassError
from rareclass.scoring import Scorer
from rareclass.scoring.contributions import contributions
from rareclass.treatments.registry import TREATMENTS

LEARNERS = ("lightgbm", "random_forest", "hist_gradient_boosting", "logistic_regression", "auto", "xgboost", "catboost")


def sample(name: str, rows: int) -> tuple[pa.Table, np.ndarray, Sequence[str]]:
    """Features, events and columns of codes of a catalogued set: at most 300 events, and other rows to fill it up."""
    problem = problem_of(TableOptions(table=name))
    y = encode_target(problem.y, problem.pos_label, name=problem.target)[0]
    rng = np.random.default_rng(0)
    kept = [rng.permutation(np.flatnonzero(y))[:300], rng.permutation(np.flatnonzero(~y))[:rows]]
    index = np.sort(np.concatenate(kept))
    return problem.features.take(index), y[index], problem.categorical


def compared(table: pa.Table, y: np.ndarray, categorical: Sequence[str], learner: str, treatment: str) -> str:
    """The largest difference in log-odds between a model and what is read back from its bundle."""
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            made = RareClassifier(learner, treatment=treatment, categorical=tuple(categorical), cv=2)
            model = made.fit(table, y)
            Bundle(model, rows=table).save(f"{folder}/m")
            scorer = Scorer.load(f"{folder}/m")
            wanted, found = model.positive_logit(table), scorer.logit(table)
            some = table.slice(0, 50)
            alone = np.array([scorer.logit(row)[0] for row in some.to_pylist()])
    except RareclassError as error:
        return f"not fitted ({error})"
    apart = max(np.abs(found - wanted).max(), np.abs(alone - found[:50]).max())
    decided = np.array_equal(scorer.flag(1 / (1 + np.exp(-found))), model.flag(1 / (1 + np.exp(-wanted))))
    how = "compiled" if scorer.exact else f"slow path ({scorer.why_not})"
    return f"{how}, {apart:.1e}, reasons {_unexplained(scorer, table)}{'' if decided else ', DECISIONS DIFFER'}"


def _unexplained(scorer: Scorer, table: pa.Table) -> str:
    if not scorer.exact:
        return "none"
    X = scorer.encoded(table).matrix
    return f"{np.abs(contributions(scorer.member, X).sum(axis=1) - scorer.member.logit(X)).max():.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--sets", nargs="*", default=list(RUNS))
    parser.add_argument("--learners", nargs="*", default=list(LEARNERS))
    parser.add_argument("--treatments", nargs="*", default=["none"])
    options = parser.parse_args()
    treatments = list(TREATMENTS) if options.treatments == ["all"] else options.treatments
    for name in options.sets:
        table, y, categorical = sample(name, options.rows)
        for learner in options.learners:
            for treatment in treatments:
                print(
                    f"{name} {learner}+{treatment}: {compared(table, y, categorical, learner, treatment)}", flush=True
                )


if __name__ == "__main__":
    main()
