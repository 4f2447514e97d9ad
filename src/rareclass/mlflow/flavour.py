"""MLflow's view of a bundle: its files, its columns as a signature, and the packages that scoring needs, no others."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rareclass import __version__
from rareclass._lazy import need
from rareclass.artifact.bundle import Bundle
from rareclass.errors import BundleError, InputError
from rareclass.mlflow.pyfunc import PARAMETERS
from rareclass.scoring.files import Folder
from rareclass.serving.models import Served, read_served
from rareclass.serving.openapi import plain_example

FLAVOUR, EXTRA = "rareclass", "mlflow"
LOADER = Path(__file__).with_name("rareclass_bundle.py")
_NEEDED = ("numpy", "numba", "llvmlite", "pyarrow", "orjson", "pandas", "mlflow-skinny")
"""All that scoring and MLflow's own server import; rareclass itself comes along as files."""


def save_model(
    bundle: Bundle | str | os.PathLike,
    path: str | os.PathLike,
    *,
    mlflow_model: Any = None,
    pip_requirements: Sequence[str] | None = None,
) -> None:
    """Write a bundle as the folder of an MLflow model.

    It holds the bundle's own files, a loader of a few lines and the sources of rareclass: no pickle, and no package
    that was only needed for training. ``mlflow models serve`` and `mlflow.pyfunc.load_model` answer as `rareclass
    predict`; an installed rareclass is preferred to the sources, as its kernels are compiled already.

    Parameters
    ----------
    bundle : Bundle, or path of its folder (of a registry: its champion)
    path : folder
        New or empty.
    mlflow_model : mlflow.models.Model, optional
        To add the flavours to; MLflow gives it when a model is logged.
    pip_requirements : list of str, optional
        By default what scoring needs, at the versions that are installed here.

    Raises
    ------
    BundleError
        There is no bundle, or it is damaged, or cannot answer single requests.
    InputError
        It is not compiled, and no requirements are given.
    DependencyError
        The extra ``mlflow`` lacks.

    Examples
    --------
    >>> save_model("demo-run/champion", "model")  # doctest: +SKIP
    """
    mlflow = need("mlflow.pyfunc", extra=EXTRA)
    with _folder_of(bundle) as folder, tempfile.TemporaryDirectory(prefix="rareclass-mlflow-") as work:
        served = read_served("model", folder.path)
        if not served.scorer.exact and pip_requirements is None:
            raise InputError(
                f"The bundle {folder.path} is not compiled ({served.scorer.why_not}), so that it needs the library it "
                "was trained with. Name what is to be installed as `pip_requirements`, or train a learner that "
                "compiles."
            )
        data, library = Path(work) / "bundle", Path(work) / "library"
        data.mkdir()
        folder.copy_to(data, folder.manifest["files"])
        shutil.copytree(Path(__file__).parents[1], library / "rareclass", ignore=shutil.ignore_patterns("__pycache__"))
        model = need("mlflow.models", extra=EXTRA).Model() if mlflow_model is None else mlflow_model
        model.add_flavor(FLAVOUR, rareclass_version=__version__, bundle_version=folder.version, data="data/bundle")
        mlflow.save_model(
            path=str(path),
            loader_module=LOADER.stem,
            data_path=str(data),
            code_paths=[str(LOADER), str(library)],
            mlflow_model=model,
            signature=signature_of(served),
            input_example=example_of(served),
            pip_requirements=list(scoring_requirements() if pip_requirements is None else pip_requirements),
            metadata={"rareclass.version": folder.version},
        )


def log_model(
    bundle: Bundle | str | os.PathLike,
    name: str = "model",
    *,
    registered_model_name: str | None = None,
    pip_requirements: Sequence[str] | None = None,
) -> Any:
    """Log a bundle to MLflow's active run, or a new one; parameters and errors as `save_model`.

    Parameters
    ----------
    name : str, default="model"
        Of the logged model.
    registered_model_name : str, optional
        Register it as a new version of this model, too.

    Returns
    -------
    mlflow.models.model.ModelInfo
        Its ``model_uri`` is what `load_model`, `mlflow.pyfunc.load_model` and ``mlflow models serve -m`` take.

    Examples
    --------
    >>> import mlflow  # doctest: +SKIP
    >>> mlflow.set_tracking_uri("sqlite:///mlflow.db")  # doctest: +SKIP
    >>> log_model("demo-run/champion", registered_model_name="fraud").model_uri  # doctest: +SKIP
    'models:/m-6f0c2b...'
    """
    return need("mlflow.models", extra=EXTRA).Model.log(
        artifact_path=None,
        name=name,
        flavor=sys.modules[__name__],
        flavor_name=FLAVOUR,
        registered_model_name=registered_model_name,
        bundle=bundle,
        pip_requirements=pip_requirements,
    )


def load_model(uri: str) -> Bundle:
    """The bundle of an MLflow model, verified: ``models:/NAME@champion``, ``runs:/RUN/model``, or a folder.

    Raises
    ------
    BundleError
        It is no bundle's model, or it is damaged.

    Examples
    --------
    >>> load_model("models:/fraud@champion").version  # doctest: +SKIP
    '635c23deede8'
    """
    place = Path(need("mlflow.artifacts", extra=EXTRA).download_artifacts(str(uri)))
    flavours = need("mlflow.models", extra=EXTRA).Model.load(str(place)).flavors
    if FLAVOUR not in flavours:
        raise BundleError(
            f"The model {uri} was not written by rareclass; it has the flavours {', '.join(sorted(flavours))}. Load it "
            "with mlflow.pyfunc.load_model."
        )
    return Bundle.load(place / flavours[FLAVOUR]["data"])


def signature_of(served: Served) -> Any:
    """The columns of a model and what it answers, as MLflow's signature."""
    types = need("mlflow.types.schema", extra=EXTRA)
    # MLflow's own types refuse whole numbers for "double", categories for "string", and nulls: our reader judges values
    columns = [types.ColSpec(types.AnyType(), name) for name in served.scorer.columns]
    said = {"probability": "double", "alert": "boolean", "label": "string"} | (
        {"tier": "string"} if served.tiers else {}
    )
    outputs = [types.ColSpec(kind, name) for name, kind in said.items()]
    asked = [types.ParamSpec(name, "string", default) for name, default in PARAMETERS.items()]
    return need("mlflow.models", extra=EXTRA).ModelSignature(
        inputs=types.Schema(columns),
        outputs=types.Schema([*outputs, types.ColSpec("string", "reasons", required=False)]),
        params=types.ParamSchema(asked),
    )


def example_of(served: Served) -> Any:
    """A frame of one row that the model answers."""
    return need("pandas", extra=EXTRA).DataFrame(plain_example(served)["rows"])


def scoring_requirements() -> list[str]:
    """The packages that scoring needs, at the versions that are installed."""
    return [f"{name}=={version(name)}" for name in _NEEDED]


@contextlib.contextmanager
def _folder_of(bundle: Bundle | str | os.PathLike) -> Iterator[Folder]:
    """The folder of a bundle, written first where it lies in none."""
    if not isinstance(bundle, Bundle) or bundle.stored is not None:
        yield Folder(bundle.stored if isinstance(bundle, Bundle) else bundle)  # type: ignore[arg-type]
        return
    with tempfile.TemporaryDirectory(prefix="rareclass-mlflow-") as work:
        bundle.write_into(Path(work))
        yield Folder(work)
