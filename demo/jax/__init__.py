"""Grad Health in trainings with JAX and Optax, one file for each library of models.

``flax_linen.py``, ``flax_nnx.py`` and ``equinox_loop.py`` train a classifier of the images of ``digits.py``.
Run one with ``python -m tb_gradhealth.demo.jax.flax_nnx logs/nnx``.
"""
