"""`rareclass serve`: bundles behind the Open Inference Protocol."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rareclass.cli import options as o

BUNDLES = "Folder of a bundle or registry, or NAME=FOLDER (repeatable); the name is by default the bundle's."
HOST = "Address to listen on; others than this machine reach it only where it is another one (0.0.0.0)."
SHADOW = (
    "NAME=FOLDER of a challenger (a bundle, or a registry: its newest version that was never champion) that scores "
    "for the log alone (repeatable)."
)
TOKEN = "File with the bearer token that clients must send; or set RARECLASS_TOKEN."


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """What is kept of the answers."""

    log: Annotated[str | None, o.option("--log", "Folder of the prediction log, which keeps all answers.")] = None
    id: Annotated[str | None, o.option("--id", "Column of the rows that holds their ids, for the log.")] = None
    log_column: Annotated[
        list[str] | None, o.option("--log-column", "Column to log (repeatable); by default all but free text.")
    ] = None
    shadow: Annotated[list[str] | None, o.option("--shadow", SHADOW)] = None
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing of single requests on stderr.")] = False


@dataclass(frozen=True, kw_only=True)
class SecurityOptions:
    """Who may ask."""

    token_file: Annotated[str | None, o.option("--token-file", TOKEN)] = None
    tls_cert: Annotated[Path | None, o.option("--tls-cert", "Certificate chain (PEM) of the service.")] = None
    tls_key: Annotated[Path | None, o.option("--tls-key", "Its private key (PEM).")] = None
    tls_client_ca: Annotated[
        Path | None, o.option("--tls-client-ca", "Authority (PEM) that signs the certificates clients must show.")
    ] = None


def command(
    bundles: Annotated[list[str], typer.Argument(help=BUNDLES, show_default=False)],
    security: SecurityOptions,
    log: LogOptions,
    host: Annotated[str, typer.Option("--host", help=HOST)] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option("--workers", help="Processes that share the port.")] = 1,
    admin_port: Annotated[
        int | None, o.option("--admin-port", "Port of 127.0.0.1 for reloading models; by default there is none.")
    ] = None,
    grpc_port: Annotated[
        int | None, o.option("--grpc-port", "Port for the same protocol over gRPC; by default there is none.")
    ] = None,
) -> int:
    """Serve bundles over HTTP (Open Inference Protocol V2 and plain JSON) and gRPC, until Ctrl-C."""
    import sys

    from rareclass._lazy import need
    from rareclass.serving.settings import PACKAGES, Settings, Transport, named_folders, named_shadows, read_token

    for module in PACKAGES:
        need(module, extra="serving")
    if grpc_port is not None:
        for module in ("grpc", "google.protobuf"):
            need(module, extra="grpc")
    from rareclass.serving.run import serve

    folders = named_folders(bundles)
    settings = Settings(
        folders=folders,
        shadows=named_shadows(log.shadow or (), folders),
        host=host,
        port=port,
        workers=workers,
        admin_port=admin_port,
        grpc_port=grpc_port,
        log=None if log.log is None else Path(log.log).absolute(),
        id_column=log.id,
        logged_columns=None if log.log_column is None else tuple(log.log_column),
        quiet=log.quiet,
        token=read_token(security.token_file),
        transport=Transport(
            certificate=security.tls_cert, key=security.tls_key, client_authority=security.tls_client_ca
        ),
    )
    # for people; where the log goes to a file or a collector, it holds lines of JSON alone
    serve(settings, told=lambda sentence: typer.echo(sentence, err=True) if sys.stderr.isatty() else None)
    return 0
