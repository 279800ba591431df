"""Six small trainings on real images, one healthy and five with a fault, each recorded by Grad Health.

``trainings`` lists them, and ``images`` holds their data, without any framework. ``with_tensorflow/``,
``with_torch/`` and ``with_jax/`` train them as users of each framework do: read there how to use Grad Health.
``gradhealth demo`` runs them all (``run``); ``hyperparameters`` writes what the HParams tab shows.

``zoo/`` and ``random_zoo/`` hold the trainings of `gradhealth score`.
"""
