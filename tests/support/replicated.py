"""Trainings under a distribution strategy, run in their own processes."""

from pathlib import Path
from typing import Any

import by_hand
import keras
import networks
import numpy as np
import tensorflow as tf

import tb_gradhealth as gradhealth

GLOBAL_BATCH = 16
STEPS = 6


def sgd() -> Any:
    return keras.optimizers.SGD(0.5)


def mirrored() -> Any:
    """Two logical devices on one CPU."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def multi_worker() -> Any:
    """One of the processes that ``TF_CONFIG`` names."""
    return tf.distribute.MultiWorkerMirroredStrategy()


STRATEGIES = {"mirrored": mirrored, "multi_worker": multi_worker}


def fit(log_dir: Path, strategy_name: str) -> None:
    """`model.fit` over global batches."""
    strategy = STRATEGIES[strategy_name]()
    with strategy.scope():
        model = networks.classifier()
        model.compile(sgd(), by_hand.cross_entropy)
    x, y = networks.joined(networks.batches(STEPS, GLOBAL_BATCH))
    callback = gradhealth.KerasCallback(log_dir, every=1)
    model.fit(x, y, GLOBAL_BATCH, shuffle=False, verbose=0, callbacks=[callback])
    _keep_weights(log_dir, strategy, model)


def loop(log_dir: Path, strategy_name: str) -> None:
    """A custom loop in which each replica takes its part of a batch."""
    strategy = STRATEGIES[strategy_name]()
    with strategy.scope():
        model, optimizer = networks.classifier(), sgd()
        optimizer.build(model.trainable_variables)
    recorder = gradhealth.Recorder(log_dir, every=1)

    @tf.function
    def step(x: Any, y: Any) -> None:
        def in_replica(x: Any, y: Any) -> None:
            with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
                loss = by_hand.class_loss(model, x, y)  # Keras divides it by the number of replicas
            grads = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
            pairs = zip(grads, model.trainable_variables, strict=True)
            recorder.observe(pairs, activations=activations, loss=loss)

        strategy.run(in_replica, args=(x, y))

    with recorder:
        for number, batch in enumerate(networks.batches(STEPS, GLOBAL_BATCH)):
            step(*[_split(strategy, array) for array in batch])
            recorder.write(number)
    _keep_weights(log_dir, strategy, model)


def _split(strategy: Any, array: np.ndarray) -> Any:
    """Each replica's part of a batch."""

    def part(context: Any) -> Any:
        return tf.constant(array[context.replica_id_in_sync_group :: strategy.num_replicas_in_sync])

    return strategy.experimental_distribute_values_from_function(part)


def _keep_weights(log_dir: Path, strategy: Any, model: Any) -> None:
    worker = getattr(strategy.cluster_resolver, "task_id", 0) if strategy.cluster_resolver else 0
    np.savez(log_dir.with_name(f"weights_{worker}.npz"), *model.get_weights())
