"""Six small trainings on real images, one healthy and five sick, each with Grad Health attached.

Read ``keras_fit.py`` to see it in a Keras ``fit``, ``custom_loop.py`` for a ``tf.function`` of your own.
``gradhealth demo`` runs them all.
"""
