"""The demo in JAX, with Flax NNX and Optax: ``training_loop`` shows the use of Grad Health.

Three smaller files are one example for each library of models: ``flax_linen.py``, ``flax_nnx.py`` and
``equinox_loop.py`` train a classifier of the images of ``digits.py``. Run one with
``python -m tb_gradhealth.demo.with_jax.flax_nnx logs/nnx``.
"""
