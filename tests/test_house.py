"""How the house is built: what the counts of `tests/house.py` must keep to."""

from tests import house


def test_no_imports_go_in_a_circle():
    """All imports count: those at the top, those inside functions, and those for the type checker only."""
    assert not house.circles()
