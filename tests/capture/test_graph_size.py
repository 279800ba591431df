"""The size of a step's graph does not grow with the number of weights."""

import keras
import tensorflow as tf

import tb_gradhealth as gradhealth


def graph_bytes(log_dir, units):
    """The size of the graph of an observed step of ten dense layers."""
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((units,)), *[dense(units, "tanh") for _ in range(10)]])
    with gradhealth.Recorder(log_dir) as recorder:

        @tf.function
        def step(x):
            with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
                loss = tf.reduce_mean(tf.square(model(x)))
            variables = model.trainable_variables
            grads = tape.gradient(loss, variables)
            recorder.observe(zip(grads, variables, strict=True), activations=activations, loss=loss)

        return step.get_concrete_function(tf.ones([8, units])).graph.as_graph_def().ByteSize()


def test_a_graph_of_large_layers_is_as_small_as_one_of_small_layers(tmp_path):
    small, large = (graph_bytes(tmp_path / str(units), units) for units in (4, 60))
    assert large < 1.05 * small
