"""Arrays in, arrays out: the numeric core that every other room calls. Import the sub-modules directly."""
