"""A training that is stopped and resumed from a checkpoint, in the same log directory."""

import by_hand
import keras
import networks
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth


def adam():
    return keras.optimizers.Adam(0.01)


@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")  # Keras 3.15 beside NumPy 2.4
def test_fit_continues_the_step_count_of_a_saved_model(fit, tmp_path, log_dir):
    parts = networks.batches(10)
    file = tmp_path / "model.keras"
    model = networks.classifier()
    fit(model, parts[:5], adam())
    model.save(file)
    recorded = fit(keras.models.load_model(file), parts[5:], loss=None)
    assert recorded.steps == list(range(10))
    assert len(recorded.files) == 2
    assert len({record.table.id for record in recorded.records}) == 1
    expected = by_hand.train(networks.classifier(), adam(), parts)
    expected.assert_matches(recorded, kinds="gradient weight loss")


def test_a_loop_that_repeats_the_steps_since_its_checkpoint(log_dir, tmp_path):
    parts = networks.batches(8)

    def training(begin, end, restored=None):
        model, optimizer = networks.classifier(), adam()
        optimizer.build(model.trainable_variables)
        checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
        if restored:
            checkpoint.restore(restored)
        saved = None
        with gradhealth.Recorder(log_dir, every=1) as recorder:
            for number in range(begin, end):
                if number == 4:
                    saved = checkpoint.save(str(tmp_path / "checkpoint"))
                with tf.GradientTape() as tape:
                    loss = by_hand.class_loss(model, *parts[number])
                grads = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
                recorder.observe(zip(grads, model.trainable_variables, strict=True), loss=loss)
                recorder.write(number)
        return saved

    training(4, 8, restored=training(0, 6))
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 1, 2, 3, 4, 5, 4, 5, 6, 7]
    by_hand.train(networks.classifier(), adam(), parts).assert_matches(recorded, kinds="gradient weight loss")
