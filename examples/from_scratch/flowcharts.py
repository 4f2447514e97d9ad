"""The decision flowcharts of the textbook, as code: where three tables are led, and the pictures.

rareclass learn flowcharts        or: python examples/from_scratch/flowcharts.py [--quick] [--out DIR]

They say what people do, not what works on your table. `rareclass compare` runs what the first of them ends in as
`textbook`, beside everything else, and judges it by your own rows.
"""

from pathlib import Path
from typing import Any

from rareclass.advisor import TableFacts, flowchart
from rareclass.learning import agree, from_command_line
from rareclass.report import flowchart_svg

TABLES = {
    "80/20, 500 rows": TableFacts(rows=500, ratio=4, continuous=5),
    "95/5, 5,000 rows": TableFacts(rows=5_000, ratio=19, continuous=5),
    "99/1, 100,000 rows": TableFacts(rows=100_000, ratio=99, continuous=5),
}
NAMES = ("ratio", "ratio-and-size", "loop", "data")


def by_ratio(others_per_event: float) -> str:
    """The first flowchart by hand: mild up to 90/10, moderate up to about 98/2, severe beyond."""
    if others_per_event <= 9:
        return "class_weight"
    return "smote" if others_per_event <= 43 else "smote(ratio=0.1)+class_weight"


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table, facts in TABLES.items():
        print(f"\n{table}")
        for name in NAMES:
            print(f"  {name}: {flowchart(name).sentence(facts)}")
        found[table] = {name: flowchart(name).advised(facts) for name in NAMES}
    ratios = [1 + 0.25 * i for i in range(800)]
    same = [by_ratio(r) == flowchart("ratio").advised(TableFacts(rows=1_000, ratio=r)) for r in ratios]
    print()
    agree("the advice at 800 ratios, 1 where it is the same", [1.0] * len(ratios), [*map(float, same)])
    for name in NAMES:
        chart = flowchart(name)
        picture = flowchart_svg(chart, chart.path(TABLES["95/5, 5,000 rows"]))
        (out / f"flowchart-{name}.svg").write_text(picture, encoding="utf-8")
        print(f"figure: flowchart-{name}.svg: {chart.title}")
    return found


if __name__ == "__main__":
    from_command_line(main)
