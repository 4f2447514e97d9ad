"""`rareclass deploy`: what KServe, MLServer, MLflow or a container needs to serve a bundle."""

from typing import Annotated

import typer

from rareclass.cli import options as o

TARGET = "kserve (own server, adapter, stock LightGBM), mlserver (also Seldon Core 2), docker or mlflow."


def command(
    bundle: o.Bundle,
    target: Annotated[str | None, o.option("--target", TARGET)] = None,
    out: Annotated[str | None, o.option("--out", "Folder to write.")] = None,
    name: Annotated[str | None, o.option("--name", "Of the model; by default the bundle's.")] = None,
    image: Annotated[str | None, o.option("--image", "Image that KServe runs; by default rareclass:VERSION.")] = None,
    storage: Annotated[
        str | None, o.option("--storage", "Where the cluster finds the model; by default pvc://models/NAME.")
    ] = None,
    grpc_port: Annotated[int | None, o.option("--grpc-port", "Serve gRPC on this port too.")] = None,
    overwrite: o.Overwrite = False,
) -> int:
    """Write manifests, adapter or image of a bundle for the place where it is to be served."""
    from rareclass.errors import InputError
    from rareclass.workflow import Placing, deploy_bundle

    if target is None or out is None:
        raise InputError(
            "Say where the bundle goes and where to write: --target kserve|mlserver|docker|mlflow --out DIR."
        )
    given = {} if image is None else {"image": image}
    placing = Placing(name, storage=storage, grpc_port=grpc_port, **given)
    files, notes = deploy_bundle(bundle, target, out, placing, overwrite=overwrite)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"Wrote {out}: {', '.join(files)}.", err=True)
    return 0
