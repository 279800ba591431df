"""Six small trainings on real images, one healthy and five with a fault, each recorded by Grad Health.

Read ``keras_fit.py`` for its use in a Keras ``fit``, and ``custom_loop.py`` for a ``tf.function`` of your
own. ``gradhealth demo`` runs them all: ``run`` trains what ``trainings`` lists, with the ``networks`` and
``images`` of the demo; ``hyperparameters`` writes what the HParams tab shows. ``zoo/`` and ``random_zoo/``
hold the trainings of `gradhealth score`.
"""
