"""Values and gradients on whatever back end of Keras the tests run."""

import numpy as np


def value_and_gradient(loss, y, z, weight=None):
    """A loss and its derivative by the logits, as float64 arrays."""
    import keras

    def value(logits):
        return keras.ops.sum(loss(y, logits) if weight is None else loss(y, logits, weight))

    start = np.asarray(z, dtype=loss.dtype)
    if keras.config.backend() == "torch":
        import torch

        logits = torch.tensor(start, requires_grad=True)
        found = value(logits)
        (slope,) = torch.autograd.grad(found, logits)
    elif keras.config.backend() == "tensorflow":
        import tensorflow as tf

        logits = tf.constant(start)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            found = value(logits)
        slope = tape.gradient(found, logits)
    else:
        import jax

        found, slope = jax.jit(jax.value_and_grad(value))(start)
    return tuple(np.asarray(keras.ops.convert_to_numpy(a), dtype=np.float64) for a in (found, slope))


def allow_double():
    """JAX computes in float32 unless it is told otherwise before its first array."""
    import keras

    if keras.config.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
