"""The ways in which a step can run: loops, accumulation, clipping, donated arrays, a thinned recording."""

from functools import partial

import jax
import jax.numpy as jnp
import jax_training as training
import numpy as np
import optax
import pytest
from jax import monitoring
from recorded import Recorded, statistics

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.capture.writing import time_budget

COMPILATION = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations():
    """The names of the functions that XLA compiles during the test."""
    found = []

    def listen(event, duration, **details):
        if event == COMPILATION:
            found.append(details.get("fun_name", ""))

    monitoring.register_event_duration_secs_listener(listen)
    yield found
    monitoring.unregister_event_duration_listener(listen)


def test_a_step_is_compiled_once_also_if_it_trips(log_dir, compilations):
    parts = training.batches(60)
    parts[33] = parts[33][0], parts[33][1] * 1000
    _, step = training.train(log_dir, parts, optimizer=optax.sgd(1e-3))
    assert Recorded(log_dir).steps == [0, 10, 20, 30, 33, 40, 50]
    assert step._cache_size() == 1
    assert sum("step" in name for name in compilations) == 1, compilations
    before = len(compilations)
    training.train(log_dir.with_name("twin"), parts[:1], watch=None)
    assert len(compilations) > before, "compilations are counted"


def test_a_trip_is_recorded_at_its_step(log_dir):
    parts = training.batches(40)
    parts[27][0][3, 2] = np.nan
    training.train(log_dir, parts)
    recorded = Recorded(log_dir)
    assert 27 in recorded.steps
    assert recorded.column("loss", "loss", "nan_count")[27] == 1
    assert recorded.column("gradient", "first/kernel", "nan_count")[27] > 0


def test_many_steps_in_one_call(log_dir):
    parts = training.batches(60)
    expected = training.in_numpy(training.network(), parts)
    params, optimizer = training.network(), optax.sgd(training.RATE)
    watch = gradhealth.Watch.of(training.loss_fn, params, parts[0], steps_per_call=20)
    step = training.step_of(watch, optimizer)

    @partial(jax.jit, donate_argnums=0)
    def steps(carry, batches):
        return jax.lax.scan(lambda carry, batch: (step(*carry, batch), None), carry, batches)[0]

    carry = params, optimizer.init(params), watch.init()
    with gradhealth.Recorder(log_dir, watch) as recorder:
        for begin in range(0, 60, 20):
            stacked = jax.tree.map(lambda *each: np.stack(each), *parts[begin : begin + 20])
            *rest, state = steps(carry, stacked)
            carry = *rest, recorder.write(state, begin + 19)
    assert steps._cache_size() == 1
    recorded = Recorded(log_dir)
    assert recorded.steps == [10, 30, 50], "the newest record of each call"
    expected.assert_matches(recorded)
    rms = [statistics(step)["rms"] for step in expected.gradients["first/kernel"]]
    flight = recorded.flight("gradient", "first/kernel")
    assert list(flight) == list(range(60))
    np.testing.assert_allclose(list(flight.values()), rms, rtol=1e-4)


def test_accumulated_gradients(log_dir):
    k, parts = 4, training.batches(23)
    optimizer = optax.MultiSteps(optax.sgd(training.RATE), k)
    expected = training.train_by_hand(parts, params=training.network(), optimizer=optimizer)
    training.train(log_dir, parts, optimizer=optimizer, gradient_accumulation_steps=k, every=5)
    recorded = Recorded(log_dir)
    assert recorded.settings["gradient_accumulation_steps"] == k
    expected.assert_matches(recorded, kinds="gradient weight loss activation")
    rms = recorded.column("update", "first/kernel", "rms")
    assert np.isnan(rms[0]), "no update was applied yet"
    for step in (5, 10, 15, 20):
        applied = (step + 1) // k * k - 1
        right = statistics(expected.updates["first/kernel"][applied])["rms"]
        assert right > 0
        np.testing.assert_allclose(rms[step], right, rtol=1e-3)


def test_the_gradient_is_measured_before_the_clipping_of_optax(log_dir):
    limit, parts = 0.01, training.batches(3)
    optimizer = optax.chain(optax.clip_by_global_norm(limit), optax.sgd(1.0))
    training.train(log_dir, parts, optimizer=optimizer, every=1)
    recorded = Recorded(log_dir)
    names = recorded.tensors("gradient")

    def norm(kind, step):
        parts = [
            recorded.column(kind, name, "rms")[step] ** 2 * np.prod(recorded.row(kind, name).shape)
            for name in names
        ]
        return np.sqrt(sum(parts))

    first = training.in_numpy(training.network(), parts[:1])
    squares = [np.sum(first.gradients[name][0] ** 2) for name in names]
    np.testing.assert_allclose(norm("gradient", 0), np.sqrt(sum(squares)), rtol=1e-4)
    np.testing.assert_allclose([norm("update", step) for step in range(3)], limit, rtol=1e-3)


def test_clipped_gradients_numbers_and_several_losses(log_dir):
    params = {"layer": {"kernel": np.full([2, 2], 3.0, np.float32)}}
    clipped = {"layer": {"kernel": np.full([2, 2], 0.5, np.float32)}}
    watch = gradhealth.Watch(
        params, losses=("g_loss", "d_loss"), training=("learning_rate",), clipped=True, every=1
    )
    state = watch.observe(
        watch.init(),
        grads=params,
        params=params,
        clipped=clipped,
        loss={"g_loss": 2.0, "d_loss": jnp.float32(0.25)},
        training={"learning_rate": 1e-3},
    )
    with gradhealth.Recorder(log_dir, watch, settings={"optimizer": "adam"}) as recorder:
        recorder.write(state, 0)
        recorder.write_epoch({"val_loss": 0.5})
    recorded = Recorded(log_dir)
    recorded.assert_row("gradient", "layer/kernel", [params["layer"]["kernel"]])
    recorded.assert_row("clipped", "layer/kernel", [clipped["layer"]["kernel"]])
    recorded.assert_number("loss", "g_loss", [2.0])
    recorded.assert_number("loss", "d_loss", [0.25])
    recorded.assert_number("training", "learning_rate", [1e-3], rtol=1e-6)
    assert recorded.reasons("update") == {"layer/kernel": "Watch.observe did not receive it"}
    assert recorded.settings["optimizer"] == "adam"
    assert recorded.epochs[0].values == {"val_loss": 0.5}


def test_a_parameter_without_a_gradient(log_dir):
    params = training.network()
    grads = {**params, "first": {"kernel": params["first"]["kernel"], "bias": None}}
    watch = gradhealth.Watch(params, every=1)
    state = watch.observe(watch.init(), grads=grads, params=params, previous=params)
    with gradhealth.Recorder(log_dir, watch) as recorder:
        recorder.write(state, 0)
    recorded = Recorded(log_dir)
    assert recorded.reasons("gradient")["first/bias"] == "gradient is None"
    assert list(recorded.flight("gradient", "first/kernel")) == [0]
    assert not recorded.flight("gradient", "first/bias")


@pytest.mark.parametrize("donated", [False, True])
def test_a_step_that_fails(log_dir, donated):
    parts = training.batches(25)
    params, optimizer = training.network(), optax.sgd(training.RATE)
    watch = gradhealth.Watch.of(training.loss_fn, params, parts[0])
    step = jax.jit(training.step_of(watch, optimizer), donate_argnums=(0, 1, 2) if donated else ())

    def train(recorder):
        carry = params, optimizer.init(params), watch.init()
        for number, batch in enumerate(parts):
            *rest, state = step(*carry, batch)
            if number == 24:
                raise KeyboardInterrupt  # after a step that took the state that the recorder has
            carry = *rest, recorder.write(state, number)

    with pytest.raises(KeyboardInterrupt), gradhealth.Recorder(log_dir, watch) as recorder:
        train(recorder)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 10, 20]
    assert list(recorded.flight("loss", "loss")) == list(range(21 if donated else 24))


def test_the_time_budget_thins_the_watching(log_dir, monkeypatch):
    for name, value in {"WARM_UP_STEPS": 8, "WARM_UP_SECONDS": 0.0, "PAIRS": 4}.items():
        monkeypatch.setattr(time_budget, name, value)
    # In a tiny network the cost of watching is less than the noise of a busy machine.
    costs = time_budget.Costs(1e-3, 2e-4, 3e-4)
    monkeypatch.setattr(time_budget.TimeBudget, "costs", lambda budget: costs)
    parts, spoiled = training.batches(400), 395
    parts[spoiled] = parts[spoiled][0], parts[spoiled][1] * np.float32(np.inf)
    _, step = training.train(log_dir, parts, optimizer=optax.sgd(1e-3), every=8)
    recorded = Recorded(log_dir)
    pace = time_budget.pace_within(costs, 0.02, 8)
    assert recorded.settings["watched_every"] == pace.watch > 4
    assert recorded.settings["every"] == 8 * pace.record > 8
    watched = [step for step in recorded.flight("gradient", "first/kernel") if step >= 300]
    assert 0 < len(watched) < 40, watched
    assert spoiled in watched, "its loss is not finite"
    assert spoiled in recorded.steps
    assert step._cache_size() == 1


def test_a_training_that_is_stopped(log_dir):
    parts = training.batches(60)
    parts[30][0][0, 0] = np.nan
    found = []
    watch = gradhealth.Watch.of(training.loss_fn, training.network(), parts[0], every=2)
    recorder = gradhealth.Recorder(log_dir, watch, stop_on="critical", on_finding=found.append)
    with pytest.raises(gradhealth.TrainingUnhealthy):
        training.train(log_dir, parts, watch=watch, recorder=recorder)
    assert "non-finite" in {finding.symptom for finding in found}
    assert recorder.stopped_by.symptom == "non-finite"
