"""The lifecycle under measurement: what it survives, and what it decides.

    python benchmarks/lifecycle.py registry
    python benchmarks/lifecycle.py challengers bad

`registry`: processes killed at every step of add, promote, rollback and retrain, and two at once. `challengers`: bad
and better ones before the champion, and years with and without drift.
"""

import argparse
from importlib import import_module

VERBS = ("registry", "challengers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in VERBS:
        module = import_module(f"lifecycle_{verb}")
        module.add_arguments(verbs.add_parser(verb, help=module.__doc__.split("\n")[0]))
    options = parser.parse_args()
    import_module(f"lifecycle_{options.verb}").run(options)


if __name__ == "__main__":
    main()
