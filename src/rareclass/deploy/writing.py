"""A bundle made ready for a target: its files, filled in from the templates beside this module."""

import difflib
import os
import re
import shutil
import warnings
from dataclasses import KW_ONLY, dataclass, fields
from pathlib import Path
from string import Template

from rareclass import __version__, _check
from rareclass._lazy import need
from rareclass.artifact.atomic import atomic_directory, refuse_existing
from rareclass.artifact.export import export_bundle
from rareclass.errors import BundleError, InputError, RareclassWarning
from rareclass.scoring.files import CARD, LEARNER, MANIFEST, MODEL, SCORER, Folder
from rareclass.scoring.scorer import Scorer

TEMPLATES = Path(__file__).with_name("templates")
TARGETS = ("kserve", "mlserver", "docker", "mlflow")
STOCK = "stock"
_MODEL = "model"
_SERVED = (MANIFEST, MODEL, SCORER, CARD, LEARNER)
"""What serving reads of a bundle; training rows, which monitoring compares with, stay where they are."""
_WITH_MODEL = ("mlserver", "docker")
_WRITTEN = ".rareclass-deploy"
"""The list of what was written, beside it: nothing else is ever replaced."""
_SOURCES = "code/library/"
"""Where the folder of an MLflow model has the sources of rareclass."""
_HTTP = 8080
_OPTIONS = {
    "name": ("kserve", "mlserver", "docker"),
    "image": ("kserve", "docker"),
    "storage": ("kserve", "mlserver"),
    "grpc_port": ("kserve", "docker"),
}
"""The targets that each option of `Placing` tells something."""
_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,51}[a-z0-9])?")
_ONLY_GRPC = "  # grpc"
_MIB = 2**20
_PROCESS, _WORKER, _ARRAYS = 230, 100, 6
"""MiB of the service without workers and of each worker (docs/deploy.md), and of resident memory by those of arrays."""
_LOAD = 600
"""MiB more that requests in flight and a waiting log may take before the service refuses some."""


@dataclass(frozen=True)
class Placing:
    """How a bundle is to be called and reached where it is deployed.

    Parameters
    ----------
    name : str, optional
        Of the model and its resources: up to 53 lower-case letters, digits and "-", the first a letter; by default
        the bundle's, made so.
    image : str, optional
        The image that KServe runs: that of the target "docker"; by default ``rareclass:VERSION``.
    storage : str, optional
        Where the cluster finds the model; by default ``pvc://models/NAME``.
    grpc_port : int, optional
        Serve gRPC there too.
    """

    name: str | None = None
    _: KW_ONLY
    image: str = f"rareclass:{__version__}"
    storage: str | None = None
    grpc_port: int | None = None

    def __post_init__(self) -> None:
        if self.grpc_port is not None:
            _check.whole_number(self.grpc_port, "--grpc-port", low=1, high=65_535)
            if self.grpc_port == _HTTP:
                raise InputError(f"--grpc-port {_HTTP} is the port of HTTP there; name another one, such as 9000.")
        for option, text in (("--image", self.image), ("--storage", self.storage), ("--name", self.name)):
            if text is not None and (not text or re.search(r"[\s\"'\\{}#,]", text)):
                raise InputError(f"{option} must be one word without quotes and blanks; got {text!r}.")

    def check_for(self, target: str) -> None:
        """Raise where an option is given that says nothing to the target."""
        for option in fields(self):
            if target not in _OPTIONS[option.name] and getattr(self, option.name) != option.default:
                named = "--" + option.name.replace("_", "-")
                raise InputError(
                    f"{named} says nothing to the target {target}, only to {', '.join(_OPTIONS[option.name])}; leave "
                    "it out."
                )

    def named(self, own: str) -> str:
        """The name to use for a bundle that is called `own`."""
        name = self.name
        if name is None:
            name = re.sub(r"[^a-z0-9]+", "-", own.lower()).strip("-")[:53].strip("-")
            name = name if _LABEL.fullmatch(name) else f"model-{name}"[:53].strip("-")
        if not _LABEL.fullmatch(name):
            raise InputError(
                f"A model cannot be deployed as {name!r}: Kubernetes takes up to 53 lower-case letters, digits and "
                "'-', the first a letter. Give another --name."
            )
        return name


def deploy_bundle(
    path: str | os.PathLike,
    target: str,
    out: str | os.PathLike,
    placing: Placing = Placing(),
    *,
    overwrite: bool = False,
) -> tuple[list[str], list[str]]:
    """Write what a target needs to serve a bundle; the folder appears whole or not at all.

    Parameters
    ----------
    path : folder of a bundle
    target : "kserve", "mlserver", "docker" or "mlflow"
    out : folder
        New, or one that this function wrote where `overwrite` is True.
    placing : Placing

    Returns
    -------
    (files, notes)
        Paths within `out` (of an MLflow model without the sources of rareclass), and sentences on what was left out.

    Raises
    ------
    InputError
        The target is not known or cannot serve the bundle, or the folder holds something.
    BundleError
        There is no bundle, or it is damaged.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from rareclass import RareClassifier
    >>> from rareclass.artifact import Bundle
    >>> from rareclass.deploy import deploy_bundle
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> model = RareClassifier(estimator="logistic_regression").fit(X, X[:, 0] > 1)
    >>> with tempfile.TemporaryDirectory() as d:
    ...     Bundle(model).save(f"{d}/m")
    ...     files, _ = deploy_bundle(f"{d}/m", "docker", f"{d}/image")
    >>> "Dockerfile" in files
    True
    """
    if target not in TARGETS:
        near = "".join(f" Did you mean {name!r}?" for name in difflib.get_close_matches(target.lower(), TARGETS, n=1))
        raise InputError(f"There is no target {target!r} to deploy to; targets are {', '.join(TARGETS)}.{near}")
    placing.check_for(target)
    if target == "mlflow":
        need("mlflow", extra="mlflow")
    out = Path(out).absolute()
    folder = Folder(path)
    if folder.path.absolute() in (out, *out.parents):
        raise InputError(f"{out} lies in the bundle itself; name a folder outside of it.")
    refuse_existing(out, overwrite=overwrite)
    wheels = _kept(out)
    _refuse_unservable(folder, target)
    values = _values(folder, target, placing)
    notes: list[str] = []
    with atomic_directory(out, overwrite=overwrite) as work:
        for place, text in rendered(target, values, grpc=placing.grpc_port is not None).items():
            (work / place).parent.mkdir(exist_ok=True)
            (work / place).write_text(text, encoding="utf-8")
        if target in _WITH_MODEL:
            (work / _MODEL).mkdir()
            folder.copy_to(work / _MODEL, _served_files(folder))
        if target == "mlflow":
            from rareclass.mlflow.flavour import save_model  # an extra

            save_model(folder.path, work)
        if target == "kserve":
            notes += _stock(folder.path, work / STOCK)
        written = [*_files(work), _WRITTEN]
        (work / _WRITTEN).write_text("".join(f"{file}\n" for file in sorted(written)), encoding="utf-8")
        for wheel in wheels:
            shutil.copy2(wheel, work)
    return sorted(file for file in written if not file.startswith(_SOURCES)), notes


def rendered(target: str, values: dict[str, str], *, grpc: bool) -> dict[str, str]:
    """The files of a target by their places in its folder."""
    found = {}
    for file in sorted((TEMPLATES / target).rglob("*.txt")):
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = [line.removesuffix(_ONLY_GRPC) for line in lines if grpc or not line.endswith(_ONLY_GRPC)]
        place = str(file.relative_to(TEMPLATES / target)).removesuffix(".txt")
        text = "\n".join(kept) + "\n"
        found[place] = text if place.endswith(".py") else Template(text).substitute(values)
    return found


def memory(folder: Folder, workers: int = 1) -> tuple[int, int]:
    """MiB that a service of the bundle should ask for, and at which it may be ended."""
    arrays = sum(a.nbytes for a in folder.arrays(SCORER).values()) / _MIB if folder.holds(SCORER) else 0.0
    asked = _PROCESS + workers * _WORKER + (1 + workers) * _ARRAYS * arrays
    asked = 64 * -(-int(asked) // 64)
    return asked, asked + 64 * -(-_LOAD // 64)


def _values(folder: Folder, target: str, placing: Placing) -> dict[str, str]:
    name = placing.named(str(folder.manifest["name"]))
    asked, most = memory(folder)
    flags = "" if placing.grpc_port is None else f', "--grpc-port", "{placing.grpc_port}"'
    return {
        "name": name,
        "version": folder.version,
        "rareclass": __version__,
        "image": placing.image,
        "storage": placing.storage or f"pvc://models/{name}",
        "memory": f"{asked}Mi",
        "most_memory": f"{most}Mi",
        "flags": flags,
        "exposed": "" if placing.grpc_port is None else f" {placing.grpc_port}",
        "grpc_port": str(placing.grpc_port),
        "package": f"rareclass=={__version__}",
    }


def _refuse_unservable(folder: Folder, target: str) -> None:
    """Raise where a target cannot answer as the bundle does; read all that serving reads."""
    exact = bool(folder.scorer.get("exact"))
    if not exact and target != "mlserver":
        raise InputError(
            f"The bundle {folder.path} is not compiled ({folder.scorer.get('why_not')}), so that it needs the library "
            f"it was trained with, which the image of {target} does not hold. Deploy it with --target mlserver, in an "
            "environment with that library, or train a learner that compiles."
        )
    scorer = Scorer.load(folder.path)
    if scorer.cut.unservable is not None:
        raise InputError(f"The bundle {folder.path} cannot answer single requests. {scorer.cut.unservable}")
    for name in _served_files(folder):
        folder.read(name)


def _kept(out: Path) -> list[Path]:
    """The wheels in a folder, put there to build the image; raise where it holds more that no deployment wrote."""
    held, record = _files(out), out / _WRITTEN
    written = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    wheels = [file for file in held if file.endswith(".whl") and "/" not in file]
    for file in held:  # Python leaves its own files where adapters were run
        if file not in {*written, *wheels} and "__pycache__" not in Path(file).parts:
            raise InputError(
                f"The folder {out} holds '{file}', which `rareclass deploy` did not write, so it is not replaced. "
                "Name another folder, or move that out first."
            )
    return [out / wheel for wheel in wheels]


def _files(folder: Path) -> list[str]:
    """The paths of all files in a folder, from there."""
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def _served_files(folder: Folder) -> list[str]:
    exact = bool(folder.scorer.get("exact"))
    return [name for name in _SERVED if folder.holds(name) and (name != LEARNER or not exact)]


def _stock(path: Path, place: Path) -> list[str]:
    """Write the model for KServe's own LightGBM server beside its resource; else say why not, and leave both out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RareclassWarning)  # of renamed columns, which stand in the file
            export_bundle(path, {"lightgbm": place / "model" / "model.bst"})
    except (InputError, BundleError) as error:
        shutil.rmtree(place)
        return [f"No resource for KServe's stock LightGBM server was written. {error}"]
    return [
        "The stock LightGBM server ranks rows as the model does, but its numbers are not the bundle's calibrated "
        "probabilities, and it decides nothing."
    ]
