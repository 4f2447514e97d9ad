"""What MLflow loads a bundle by: the rareclass that is installed, else the one that the model brings along."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "library"))

from rareclass.mlflow.pyfunc import load_bundle as _load_pyfunc  # noqa: F401  (which MLflow calls by this name)
