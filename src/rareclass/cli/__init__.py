"""The command line: one file a verb, arguments and one call to `workflow`."""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Entry point. 0 done; 1 ran and the answer is no; 2 wrong arguments or unusable input."""
    from rareclass.cli.app import run

    code = run(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        sys.exit(code)
    return code
