"""Bundles as MLflow models (extra ``mlflow``): save, log, load, and a registry's champion under an alias."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {"flavour": "load_model log_model save_model", "publishing": "publish"}
)
