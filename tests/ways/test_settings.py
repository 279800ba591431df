"""The row table has the settings of the training that affect its statistics."""

import keras
import networks
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth

ADAMW = {
    "learning_rate": 0.125,
    "epsilon": 0.25,
    "weight_decay": 0.5,
    "use_ema": True,
    "gradient_accumulation_steps": 2,
}


@pytest.mark.parametrize("clip", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_settings_of_the_optimizer(fit, clip):
    optimizer = keras.optimizers.AdamW(**ADAMW, **{clip: 4.0})
    settings = fit(networks.classifier(), networks.batches(2), optimizer).settings
    expected = {**ADAMW, clip: 4.0, "optimizer": "AdamW", "loss_scale": False, "every": 1}
    assert expected.items() <= settings.items()
    assert not [
        name for name in ("clipnorm", "global_clipnorm", "clipvalue") if name != clip and settings.get(name)
    ]


@pytest.mark.parametrize("jit_compile", [False, True])
def test_settings_of_the_model(fit, jit_compile):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = networks.classifier()
    finally:
        keras.config.set_dtype_policy("float32")
    settings = fit(model, networks.batches(2), "sgd", jit_compile=jit_compile).settings
    assert settings["dtype_policy"] == "mixed_bfloat16"
    assert settings["jit_compile"] is jit_compile


def test_settings_of_the_optimizer_inside_a_loss_scale(log_dir):
    inner = keras.optimizers.Adam(0.25, epsilon=0.5)
    optimizer = keras.optimizers.LossScaleOptimizer(inner)
    model = networks.classifier()
    optimizer.build(model.trainable_variables)
    with gradhealth.Recorder(log_dir, every=1, optimizer=optimizer) as recorder:
        recorder.observe([(v.value * 0, v) for v in model.trainable_variables])
        recorder.write(0)
    settings = Recorded(log_dir).settings
    assert {
        "optimizer": "Adam",
        "epsilon": 0.5,
        "loss_scale": True,
        "learning_rate": 0.25,
    }.items() <= settings.items()


def test_settings_of_a_model_that_a_custom_loop_captures(log_dir):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, dtype="mixed_bfloat16")])
    model.dtype_policy = "mixed_bfloat16"
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        with gradhealth.capture(model) as activations:
            model(tf.zeros([1, 4]))
        recorder.observe([(v.value * 0, v) for v in model.trainable_variables], activations=activations)
        recorder.write(0)
    assert Recorded(log_dir).settings["dtype_policy"] == "mixed_bfloat16"
