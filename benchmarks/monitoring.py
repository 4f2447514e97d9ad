"""What the monitor finds, how soon and how often by chance, beside detectors of river and a weekly KS test.

    python benchmarks/monitoring.py [--years 400] [--runs 100] [--scenarios usual recall-0.6 ...] [--seed 0]

A day has 400 rows: about 20 events and a sample of other rows. Scores are normal (events 3 standard deviations above
the others), probabilities calibrated, the threshold finds 80 % of the events; ten features. Labels of all rows come
after a gamma-distributed delay of mean 4 days. The monitor knows a reference of 600 events. Each line but the first
changes one thing on day 60. Delays are days of changed rows whose labels have come before the alarm (0: the first day
is enough); "since" is the share of alarms whose interval holds the true day.

The others (`--others`; river is used where it can be imported, such as from a folder that
``pip install --no-deps --target FOLDER river`` made and PYTHONPATH names) get what each scenario moves, of the same
days in the same order: misses of events, mean of the moved features of events, labels of rows. Weekly KS compares each
week with the reference at a level of 0.001.

Days that differ (`usual, ...`): all scores of a day shift, or events come in attacks of four rows that are alike.

Counted years are of one state of the sources: ``--keep FILE`` notes it with each year, goes on where it ended, and
takes no years of another state. Two processes share 400 years so (seed 7; about 3 s of processor time a year):

    python benchmarks/monitoring.py --scenarios usual --seed 7 --years 200 --keep usual.jsonl
    python benchmarks/monitoring.py --scenarios usual --seed 7 --years 200 --first 200 --keep usual.jsonl
    python benchmarks/monitoring.py --scenarios usual --seed 7 --years 400 --keep usual.jsonl    # says all of it

Measured 2026-11-29 beside other work on the machine, 40 runs each (--runs 40 --seed 11), of the detectors of fa243d6:

    scenario                     rare-class alarm  median, 90 % of delays  asked
    recall 0.8 -> 0.6            40 of 40          5, 9 days               <= 8
    recall 0.8 -> 0.7            40 of 40          17, 26 days             <= 24
    new mode in 20 % of events   40 of 40          3, 4 days               <= 5
    prevalence doubled           40 of 40          3, 4 days               <= 6
    negatives +0.25 sd           2 of 40                                   <= 5 %
    negatives +0.5 sd            2 of 40                                   <= 5 %
    events +0.6 sd in 3 features 40 of 40          5, 7 days

"since" held the day in 98 to 100 % of the first alarms (asked: 90). No alarm
came before the change. Of 400 years without change 4 hold an alarm (1.0 %, 95 % interval 0.3 to 2.5), three of recall.

The others (--others --runs 20 --years 20, river 0.26.1; they state no rate of false alarms). Days, missed runs; years
without change that hold an alarm, of 20, on misses, the mean of three features of events, and labels of rows:

    detector      0.8 -> 0.6  0.8 -> 0.7  new mode  prevalence  years
    ADWIN         8           42, 20 %    2         1           0 / 0 / 0
    Page-Hinkley  13          30          2         2           2 / 15 / 20
    DDM           10, 5 %     29, 15 %    -         3, 15 %     6 / - / 9
    HDDM_A        6           30, 10 %    -         4           4 / - / 0
    HDDM_W        2           20          -         all missed  7 / - / 0
    weekly KS     9           80 % missed 9         9           0 / 0 / 0
"""

import argparse
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from monitoring_streams import CHANGE, FEATURES, SCENARIOS, THRESHOLD, Day, Law, days, drawn, reference
from scipy.stats import ks_2samp

import rareclass
from rareclass.monitoring import RareClassMonitor
from rareclass.monitoring.alarms import RARE_CLASS

AFTER, YEAR = 60, 365


def fed(rng: np.random.Generator, law: Law, until: int, change: int) -> Iterator[tuple[np.ndarray, Day, list]]:
    """Of each day ids and rows, and ids, labels and times of the labels that become known on it."""
    late: list[tuple[np.ndarray, ...]] = []
    for day, part in enumerate(days(rng, law, until, change)):
        ids = np.arange(part.y.size) + day * 10_000
        late.append((ids, part.y, part.known))
        due = [tuple(v[known[-1] < day + 1] for v in known) for known in late]
        late = [tuple(v[known[-1] >= day + 1] for v in known) for known in late]
        late = [known for known in late if known[0].size]
        yield ids, part, [np.concatenate(v) for v in zip(*due, strict=True)]


def watched(rng: np.random.Generator, law: Law, until: int, change: int = CHANGE) -> tuple[list, float]:
    """Alarms of a monitor that is fed day by day, and the processor seconds that each day took."""
    known, sketches = reference(rng)
    names = [f"x{j}" for j in range(FEATURES)]
    monitor = RareClassMonitor(reference=known, sketches=sketches, threshold=THRESHOLD, columns=names)
    stream, alarms = list(fed(rng, law, until, change)), []
    begun = time.process_time()
    for day, (ids, part, (of, y, when)) in enumerate(stream):
        monitor.predictions(ids, part.time, part.probability, features=part.X).labels(of, y, times=when)
        alarms += monitor.check(float(day + 1))
    return alarms, (time.process_time() - begun) / until


def usual_years(name: str, years: int, seed: int, first: int = 0, kept: Path | None = None) -> None:
    """How many years without change hold an alarm; those that a file keeps are not simulated again."""
    known, tree = [] if kept is None else lines(kept), sources()
    other = {row["tree"] for row in known} - {tree}
    if other:
        raise SystemExit(f"{kept} counts years of other sources ({', '.join(sorted(other))}); these are {tree}.")
    found = {row["year"]: row for row in known if (row["name"], row["seed"]) == (name, seed)}
    law = SCENARIOS[name]
    for year in range(first, first + years):
        if year in found:
            continue
        alarms, each = watched(np.random.default_rng([seed, year]), law, YEAR + 20, change=0)
        names = [f"{a.evidence['detector']}/{a.code}" for a in alarms]
        found[year] = {
            "name": name,
            "tree": tree,
            "seed": seed,
            "year": year,
            "alarms": names,
            "ms": round(1000 * each, 2),
        }
        if kept is not None:
            with kept.open("a") as file:  # one write of one line: two processes may share the file
                file.write(json.dumps(found[year]) + "\n")
    rows = list(found.values())
    alarmed, codes = sum(bool(row["alarms"]) for row in rows), Counter(name for row in rows for name in row["alarms"])
    print(
        f"{name}: {alarmed} of {len(rows)} years hold an alarm {dict(codes)}; "
        f"{np.mean([row['ms'] for row in rows]):.1f} ms a day; sources {tree}",
        flush=True,
    )


def lines(path: Path) -> list[dict]:
    """What a file keeps, one JSON text a line."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def sources() -> str:
    """What tells one state of the package's sources from another: counted years are of one."""
    digest = hashlib.sha256()
    for path in sorted(Path(rareclass.__file__).parent.rglob("*.py")):
        if path.parent.name in ("monitoring", "kernels") or path.name == "reference.py":
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def changed(name: str, runs: int, seed: int) -> None:
    """Delays after a change, alarms before it, and whether the interval holds it."""
    law, waits, held, codes, before, rare = SCENARIOS[name], [], [], {}, 0, 0
    for run in range(runs):
        alarms, _ = watched(np.random.default_rng([seed, 1, run]), law, CHANGE + AFTER)
        after = [a for a in alarms if a.evidence["day"] >= CHANGE]
        before += len(alarms) - len(after)
        of_class = [a for a in after if a.code in RARE_CLASS]
        rare += bool(of_class)
        first = min((a.evidence["day"] - CHANGE for a in of_class), default=np.inf)
        waits.append(first)
        for alarm in after[:1]:
            held.append(alarm.since[0] <= CHANGE <= alarm.since[1])
        for code in {f"{a.evidence['detector']}/{a.code}" for a in after}:
            codes[code] = codes.get(code, 0) + 1
    print(
        f"{name}: rare-class alarm in {rare} of {runs}, median delay {np.median(waits):.0f} days, 90 % "
        f"{np.quantile(waits, 0.9, method='higher'):.0f}; since holds the day in {np.mean(held or [np.nan]):.0%}; "
        f"{before} alarms before; {codes}",
        flush=True,
    )


def inputs(name: str, day: Day) -> np.ndarray:
    """What the others see of a day."""
    if "prevalence" in name or "negatives" in name:
        return day.y.astype(float)
    return day.X[day.y, :3].mean(axis=1) if "mode" in name or "feature" in name else (~day.alert[day.y]).astype(float)


def of_river(zero_or_one: bool) -> dict[str, Callable[[], object]]:
    """Detectors of river for such values, as it makes them by default; none where it is not installed."""
    try:
        from river import drift
        from river.drift import binary
    except ImportError:
        print("river is not installed; its detectors are left out")
        return {}
    found = {"ADWIN": drift.ADWIN, "Page-Hinkley": drift.PageHinkley}
    return found if not zero_or_one else found | {"DDM": binary.DDM, "HDDM_A": binary.HDDMA, "HDDM_W": binary.HDDMW}


def first_of_river(made: Callable[[], object], stream: list[np.ndarray]) -> list[int]:
    """Days on which a detector finds drift; it starts anew itself."""
    detector, found = made(), []
    for day, values in enumerate(stream):
        for value in values.tolist():
            detector.update(value)
            if detector.drift_detected and found[-1:] != [day]:
                found.append(day)
    return found


def weekly_ks(known: np.ndarray, stream: list[np.ndarray]) -> list[int]:
    """Last days of the weeks that differ from the reference."""
    weeks = [np.concatenate(stream[k : k + 7]) for k in range(0, len(stream) - 6, 7)]
    return [7 * k + 6 for k, week in enumerate(weeks) if ks_2samp(known, week).pvalue < 0.001]


def beside(name: str, runs: int, years: int, seed: int) -> None:
    """What the others find of a change, and how often within a year without one."""
    waits: dict[str, list[float]] = {}
    alarmed: dict[str, int] = {}
    river = of_river(zero_or_one="mode" not in name and "feature" not in name)
    for run in range(max(runs, years)):
        rng = np.random.default_rng([seed, 1, run])
        known = inputs(name, drawn(rng, Law(), 0, 30 * 400))
        for law, until, many in ((SCENARIOS[name], CHANGE + AFTER, runs), (Law(), YEAR, years)):
            if run >= many:
                continue
            stream = [inputs(name, day) for day in days(rng, law, until)]
            found = {label: first_of_river(made, stream) for label, made in river.items()}
            found["weekly KS"] = weekly_ks(known, stream)
            for label, alarms in found.items():
                if until == YEAR:
                    alarmed[label] = alarmed.get(label, 0) + bool(alarms)
                else:
                    waits.setdefault(label, []).append(min((d - CHANGE for d in alarms if d >= CHANGE), default=np.inf))
    for label, found in waits.items():
        missed = np.mean(np.isinf(found))
        print(
            f"{name}, {label}: median delay {np.median(found):.0f} days, {missed:.0%} missed; "
            f"alarms in {alarmed.get(label, 0)} of {years} years without change",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=400)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the first year, where two processes share the years")
    parser.add_argument("--keep", type=Path, help="file of the years that are counted; a run goes on where it ended")
    parser.add_argument("--others", action="store_true", help="detectors of others in place of ours")
    asked = parser.parse_args()
    for name in asked.scenarios:
        if asked.others and not name.startswith("usual"):
            beside(name, asked.runs, asked.years, asked.seed)
        elif asked.others:
            continue
        elif name.startswith("usual"):
            usual_years(name, asked.years, asked.seed, asked.first, asked.keep)
        else:
            changed(name, asked.runs, asked.seed)


if __name__ == "__main__":
    main()
