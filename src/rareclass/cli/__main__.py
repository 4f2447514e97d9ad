"""`python -m rareclass.cli`."""

from rareclass.cli import main

main()
