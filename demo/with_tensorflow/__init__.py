"""The demo in Keras and TensorFlow: ``keras_fit`` for ``fit``, ``custom_loop`` for a ``tf.function``."""
