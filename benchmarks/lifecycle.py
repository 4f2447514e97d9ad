"""The lifecycle under measurement: what it survives, and what it decides.

    python benchmarks/lifecycle.py registry
    python benchmarks/lifecycle.py challengers bad

`registry`: processes killed at every step of add, promote, rollback and retrain, and two at once. `challengers`: bad
and better ones before the champion, and years with and without drift by the judgement alone. `years`: the same years
through the monitor and `retrain`.
"""

from verbs import run

if __name__ == "__main__":
    run(__doc__, "lifecycle", ("registry", "challengers", "years"))
