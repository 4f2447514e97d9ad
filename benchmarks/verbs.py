"""Benchmarks of one subject as verbs of one command: each a module ``SUBJECT_VERB`` with `add_arguments` and `run`."""

import argparse
from importlib import import_module


def run(said: str, subject: str, verbs: tuple[str, ...]) -> None:
    """Read the command line and run the verb that it names; `said` begins with what the command is for."""
    parser = argparse.ArgumentParser(description=said.split("\n")[0])
    named = parser.add_subparsers(dest="verb", required=True)
    for verb in verbs:
        module = import_module(f"{subject}_{verb}")
        module.add_arguments(named.add_parser(verb, help=module.__doc__.split("\n")[0]))
    options = parser.parse_args()
    import_module(f"{subject}_{options.verb}").run(options)
