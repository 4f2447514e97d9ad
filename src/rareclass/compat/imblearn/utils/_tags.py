"""Tags."""

from sklearn.utils import get_tags

__all__ = ["get_tags"]
