"""A registry's champion and challenger as versions of a registered model, under MLflow's aliases."""

import os
from typing import Any

from rareclass._lazy import need
from rareclass.errors import RegistryError
from rareclass.lifecycle.registry import Registry
from rareclass.mlflow.flavour import EXTRA, log_model

CHAMPION, CHALLENGER = "champion", "challenger"
TAG = "rareclass.version"
"""Of a version at MLflow: that of the bundle."""


def publish(registry: Registry | str | os.PathLike, name: str, *, challenger: str | None = None) -> dict[str, str]:
    """Let a registered model of MLflow follow a registry: call it after each promotion, and after each way back.

    A bundle is logged once; after that only the aliases "champion" and "challenger" move. Where MLflow keeps them is
    for `mlflow.set_tracking_uri` to say, such as ``sqlite:///mlflow.db``.

    Parameters
    ----------
    registry : Registry, or path of its folder
    name : str
        Of the registered model; it is made where there is none.
    challenger : str, optional
        A version in the registry; without one the alias "challenger" is taken away.

    Returns
    -------
    dict
        The version at MLflow of each alias.

    Raises
    ------
    RegistryError
        There is no champion yet, or no such challenger.

    Examples
    --------
    >>> publish("registry", "fraud")  # doctest: +SKIP
    {'champion': '1'}
    """
    registry = registry if isinstance(registry, Registry) else Registry(registry)
    champion = registry.champion_version
    if champion is None:
        raise RegistryError(f"The registry {registry.folder} has no champion yet; promote a version first.")
    bundles = {CHAMPION: registry.load(champion)}
    if challenger is not None:
        bundles[CHALLENGER] = registry.load(challenger)
    client = need("mlflow", extra=EXTRA).MlflowClient()
    known = {v.tags.get(TAG): str(v.version) for v in _versions(client, name)}
    found = {}
    for alias, bundle in bundles.items():
        if bundle.version not in known:
            made = log_model(bundle, name, registered_model_name=name).registered_model_version
            known[bundle.version] = str(made)
            client.set_model_version_tag(name, known[bundle.version], TAG, bundle.version)
        found[alias] = known[bundle.version]
    for alias, version in found.items():
        client.set_registered_model_alias(name, alias, version)
    if CHALLENGER not in found and CHALLENGER in client.get_registered_model(name).aliases:
        client.delete_registered_model_alias(name, CHALLENGER)
    return found


def _versions(client: Any, name: str) -> list[Any]:
    """All versions of a registered model."""
    quoted, found, token = name.replace("'", "''"), [], None
    while True:
        page = client.search_model_versions(f"name='{quoted}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return found
