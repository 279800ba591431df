"""A step's graph: its size does not grow with the number of weights, and it uses few variables."""

import keras
import tensorflow as tf

import tb_gradhealth as gradhealth


def graph_of(log_dir, units):
    """The graph of an observed step of ten dense layers."""
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

        return step.get_concrete_function(tf.ones([8, units])).graph


def test_a_graph_of_large_layers_is_as_small_as_one_of_small_layers(tmp_path):
    graphs = (graph_of(tmp_path / str(units), units) for units in (4, 60))
    small, large = (graph.as_graph_def().ByteSize() for graph in graphs)
    assert large < 1.05 * small


def test_a_step_of_small_tensors_uses_at_most_a_dozen_variables_of_ours(tmp_path):
    captured = [tensor for tensor, _ in graph_of(tmp_path, 4).captures]
    trained = 20
    assert sum(tensor.dtype == tf.resource for tensor in captured) <= trained + 12
