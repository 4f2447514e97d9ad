"""How a service is set: what it serves, where it listens, what it refuses."""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rareclass import _check
from rareclass.errors import InputError
from rareclass.scoring.files import Folder

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
PACKAGES = ("uvicorn", "uvloop", "httptools", "orjson", "prometheus_client")
"""What the extra ``serving`` brings."""
TOKEN = "RARECLASS_TOKEN"
"""The environment variable that may hold the bearer token."""
_LOOPBACK = ("127.", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a worker takes on; more is refused, so that what it took on is answered.

    Attributes
    ----------
    body : int
        Bytes of one request's body (413).
    buffered : int
        Bytes of all bodies that are being received (429).
    rows : int
        Rows of one request (413).
    threads, waiting : int
        Large requests that are computed side by side, and that may wait for it (429). Small ones are computed at once.
    seconds : float
        For a large request, waiting included (503).
    connections : int
        Open at a time (503).
    receiving : float
        Seconds within which a request must have arrived whole, from its first byte (400).
    idle : float
        Seconds that a connection may be quiet before it is closed.
    closing : int
        Seconds that what is in flight has when the service stops.
    """

    body: int = 32 * 2**20
    buffered: int = 256 * 2**20
    rows: int = 100_000
    threads: int = 2
    waiting: int = 16
    seconds: float = 10.0
    connections: int = 1_000
    receiving: float = 20.0
    idle: float = 75.0
    closing: int = 10


@dataclass(frozen=True, kw_only=True)
class Transport:
    """Certificates: of the service, its key, and of the authority that signs those of clients (mutual TLS)."""

    certificate: Path | None = None
    key: Path | None = None
    client_authority: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None) or (self.client_authority and not self.certificate):
            raise InputError("TLS needs both --tls-cert and --tls-key; --tls-client-ca comes in addition to them.")
        for path in (self.certificate, self.key, self.client_authority):
            if path is not None and not path.is_file():
                raise InputError(f"There is no file {path}, which TLS was to be set up with.")

    @property
    def scheme(self) -> str:
        return "http" if self.certificate is None else "https"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that a service is started with.

    Attributes
    ----------
    folders : dict
        The folder of each model, by the name that it is served under.
    token : str or None
        What clients must send as ``Authorization: Bearer ...``.
    log : Path or None
        Folder of the prediction log.
    id_column : str or None
        Column of the rows that holds their ids, for the log.
    shadows : dict
        The folder of the challenger that stands behind a model, by the name of the model.
    logged_columns : tuple of str or None
        Columns whose values the log keeps; None for all but free text.
    quiet : bool
        Log no single requests.
    """

    folders: dict[str, Path]
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    admin_port: int | None = None
    grpc_port: int | None = None
    log: Path | None = None
    id_column: str | None = None
    shadows: dict[str, Path] = field(default_factory=dict)
    logged_columns: tuple[str, ...] | None = None
    token: str | None = field(default=None, repr=False)
    transport: Transport = Transport()
    limits: Limits = Limits()
    quiet: bool = False

    def __post_init__(self) -> None:
        _check.whole_number(self.workers, "--workers", low=1, high=256)
        _check.whole_number(self.port, "--port", low=0, high=65_535)
        taken = {self.port: "--port"}
        for port, option in ((self.admin_port, "--admin-port"), (self.grpc_port, "--grpc-port")):
            if port is None:
                continue
            _check.whole_number(port, option, low=0, high=65_535)
            if port and port in taken:
                name = option.removeprefix("--").replace("-port", " port")
                raise InputError(f"{taken[port]} and {option} are both {port}; the {name} needs one of its own.")
            taken[port] = option
        if self.log is None and (self.id_column is not None or self.logged_columns is not None):
            raise InputError("--id and --log-column say what the prediction log holds; add --log DIR.")
        if self.shadows and self.log is None:
            raise InputError("A challenger in the shadow scores for the prediction log alone; add --log DIR.")

    def not_logged(self, columns: Collection[str]) -> list[str]:
        """Columns that are to be logged and not among these."""
        return [name for name in self.logged_columns or () if name not in columns]

    @property
    def open(self) -> bool:
        """Whether other machines reach the service."""
        return not self.host.startswith(_LOOPBACK)


def named_folders(given: Sequence[str]) -> dict[str, Path]:
    """The folders of ``BUNDLE`` and ``NAME=BUNDLE`` arguments by name, which by default is the bundle's.

    Raises
    ------
    InputError
        Two have one name, or a name cannot stand in a URL.
    BundleError
        A folder is no bundle.
    """
    found: dict[str, Path] = {}
    for text in given:
        name, sign, rest = text.partition("=")
        if sign and not os.path.exists(text):
            folder = Path(rest).absolute()
        else:
            folder, name = Path(text).absolute(), ""
        name = name or _own_name(folder)
        if not _NAME.fullmatch(name):
            raise InputError(
                f"A model cannot be served under the name {name!r}: a name has 1 to 100 letters, digits and . _ + -, "
                "the first a letter or digit. Write NAME=BUNDLE."
            )
        if name in found:
            raise InputError(
                f"Two bundles would be served as {name!r}: {found[name]} and {folder}. Name them: NAME=BUNDLE."
            )
        found[name] = folder
    return found


def named_shadows(given: Sequence[str], models: Collection[str]) -> dict[str, Path]:
    """The folders of ``NAME=FOLDER`` arguments by the model they stand behind; with one model its name may be left out.

    Raises
    ------
    InputError
        There is no such model or folder, or a model has two.
    """
    found: dict[str, Path] = {}
    for text in given:
        name, sign, rest = text.partition("=")
        if not sign or os.path.exists(text):
            name, rest = (next(iter(models)) if len(models) == 1 else ""), text
        folder = Path(rest).absolute()
        if name not in models:
            raise InputError(f"--shadow {text} names no model that is served. Write NAME=FOLDER, NAME its name.")
        if name in found:
            raise InputError(f"The model {name!r} has two shadows: {found[name]} and {folder}. Give one.")
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}, from which --shadow was to take a challenger.")
        found[name] = folder
    return found


def _own_name(folder: Path) -> str:
    name: str = Folder(folder).manifest["name"]
    return name if _NAME.fullmatch(name) else folder.name


def read_token(file: str | None) -> str | None:
    """The bearer token of a file, else of the environment variable `TOKEN`; None where there is neither."""
    text = os.environ.get(TOKEN)
    if file is not None:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The token file {file} cannot be read ({error}).") from None
    if text is None:
        return None
    text = text.strip()
    if not re.fullmatch(r"[!-~]{8,1000}", text):
        where = TOKEN if file is None else file
        raise InputError(f"The token of {where} must be 8 to 1,000 visible ASCII characters without blanks.")
    return text
