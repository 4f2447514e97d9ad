"""`python -m rareclass`."""

from rareclass.cli import main

main()
