"""The compiled scorer in other people's formats: ONNX graphs and LightGBM's text models."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"to_onnx": "onnx_model", "to_lightgbm": "lightgbm_text"})
