"""Ways to write a step: accumulation, clipping, loss scaling, compiled models, several models, exceptions."""

import math

import numpy as np
import pytest
import torch
import torch_training as training
from recorded import Recorded, statistics
from torch import nn

import tb_gradhealth.torch as gradhealth
from tb_gradhealth.capture.torch.observing import flight_recorder
from tb_gradhealth.capture.torch.observing.flight_recorder import FlightRecorder

RATE = 0.1


def sgd(model, **settings):
    return torch.optim.SGD(model.parameters(), RATE, **settings)


OPTIMIZERS = {
    "momentum and decay": lambda p: torch.optim.SGD(p, RATE, momentum=0.9, weight_decay=0.1),
    "foreach": lambda p: torch.optim.Adam(p, RATE, foreach=True),
    "fused": lambda p: torch.optim.AdamW(p, RATE, fused=True),
    "rate in a tensor": lambda p: torch.optim.Adam(p, torch.tensor(RATE)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(log_dir, name):
    model, plain, parts = training.classifier(), training.classifier(), training.batches()
    expected = training.train(plain, OPTIMIZERS[name](plain.parameters()), parts)
    optimizer = OPTIMIZERS[name](model.parameters())
    training.train_watched(gradhealth.watch(model, optimizer, log_dir, every=1), model, optimizer, parts)
    recorded = Recorded(log_dir)
    expected.assert_matches(recorded)
    recorded.assert_number("training", "learning_rate", [RATE] * len(parts))
    assert recorded.settings["optimizer"] == type(optimizer).__name__
    assert recorded.settings["learning_rate"] == pytest.approx(RATE)
    assert recorded.settings["framework"] == "torch"


def test_a_schedule_of_the_learning_rate(log_dir):
    model, parts = training.classifier(), training.batches(4)
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts:
            loss = training.class_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
            schedule.step()
    Recorded(log_dir).assert_number("training", "learning_rate", [0.1, 0.05, 0.025, 0.0125])


def test_lbfgs_calls_the_model_in_its_step(log_dir):
    model, plain, parts = training.classifier(), training.classifier(), training.batches(1)[0]
    updates = []

    def train(net, watcher=None):
        optimizer = torch.optim.LBFGS(net.parameters(), RATE, max_iter=3)

        def closure():
            optimizer.zero_grad()
            loss = training.class_loss(net(parts[0]), parts[1])
            loss.backward()
            return loss

        for _ in range(3):
            before = training.state(net)
            loss = optimizer.step(closure)
            if watcher is not None:
                watcher.step(loss)
            updates.append(training.state(net)["0.weight"] - before["0.weight"])
        return optimizer

    optimizer = train(plain)
    assert optimizer is not None
    updates.clear()
    own = torch.optim.LBFGS(model.parameters(), RATE, max_iter=3)
    with gradhealth.watch(model, own, log_dir, every=1) as watcher:
        for _ in range(3):
            before = training.state(model)

            def closure():
                own.zero_grad()
                loss = training.class_loss(model(parts[0]), parts[1])
                loss.backward()
                return loss

            watcher.step(own.step(closure))
            updates.append(training.state(model)["0.weight"] - before["0.weight"])
    Recorded(log_dir).assert_row("update", "0.weight", updates, rtol=1e-3)
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("every_call", [False, True])
def test_accumulated_gradients(log_dir, every_call):
    model, plain, parts = training.classifier(), training.classifier(), training.batches(8)
    gradients, updates = [], []
    optimizer = sgd(plain)
    for first, second in zip(parts[::2], parts[1::2], strict=True):
        before = training.state(plain)
        for x, y in (first, second):
            (training.class_loss(plain(x), y) / 2).backward()
        gradients.append(training.array(plain[0].weight.grad))
        optimizer.step()
        optimizer.zero_grad()
        updates.append(training.state(plain)["0.weight"] - before["0.weight"])
    optimizer = sgd(model)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for index, (x, y) in enumerate(parts):
            loss = training.class_loss(model(x), y)
            (loss / 2).backward()
            if index % 2:
                optimizer.step()
                optimizer.zero_grad()
            if index % 2 or every_call:
                watcher.step(loss)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 1, 2, 3]
    recorded.assert_row("gradient", "0.weight", gradients)
    recorded.assert_row("update", "0.weight", updates, rtol=1e-3)
    assert recorded.tensors("activation") == ["0", "1", "2", "3", "4"]


def clip_by_norm(model):
    nn.utils.clip_grad_norm_(model.parameters(), 0.05)


def clip_by_value(model):
    nn.utils.clip_grad_value_(model.parameters(), 0.01)


def clip_by_hand(model):
    for parameter in model.parameters():
        parameter.grad = parameter.grad * 0.25


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value, clip_by_hand])
def test_clipping(log_dir, clip):
    model, plain, parts = training.classifier(), training.classifier(), training.batches()
    before, after = [], []
    optimizer = sgd(plain)
    for x, y in parts:
        training.class_loss(plain(x), y).backward()
        before.append(training.array(plain[0].weight.grad))
        clip(plain)
        after.append(training.array(plain[0].weight.grad))
        optimizer.step()
        optimizer.zero_grad()
    optimizer = sgd(model)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts:
            loss = training.class_loss(model(x), y)
            loss.backward()
            clip(model)
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    recorded.assert_row("gradient", "0.weight", before)
    recorded.assert_row("clipped", "0.weight", after)


def test_a_loss_scaler_that_skips_steps(log_dir):
    model, plain, parts = training.classifier(), training.classifier(), training.batches(12)
    bad = {4, 7}
    gradients, scales, skipped = [], [], []

    def run(net, watcher=None):
        optimizer = sgd(net)
        if watcher is not None:
            watcher = watcher(net, optimizer)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=5)
        for step, (x, y) in enumerate(parts):
            loss = training.class_loss(net(x), y) * (math.inf if step in bad else 1)
            scaler.scale(loss).backward()
            scale = scaler.get_scale()
            if watcher is None:
                gradients.append(training.array(net[0].weight.grad) / scale)
                scales.append(scale)
                skipped.append(sum(each <= step for each in bad))
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(net.parameters(), 0.05)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            if watcher is not None:
                watcher.step(loss)
        if watcher is not None:
            watcher.close()

    run(plain)
    run(model, lambda net, optimizer: gradhealth.watch(net, optimizer, log_dir, every=1))
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(12))
    got = recorded.column("gradient", "0.weight", "rms")
    for step, gradient in enumerate(gradients):
        if step in bad:
            assert np.isnan(got[step])
        else:
            np.testing.assert_allclose(got[step], statistics(gradient)["rms"], rtol=1e-4)
    recorded.assert_number("training", "loss_scale", scales)
    recorded.assert_number("training", "skipped_steps", skipped)
    assert recorded.settings["loss_scale"] is True
    assert not np.nansum(list(recorded.column("gradient", "0.weight", "bad_steps").values()))
    assert not hasattr(torch.amp.GradScaler.scale, "__wrapped__"), "the class is restored"


def test_a_loss_scaler_without_unscaling_and_with_a_fused_optimizer(log_dir):
    model, plain, parts = training.classifier(), training.classifier(), training.batches()
    expected = training.train(plain, torch.optim.Adam(plain.parameters(), 1e-3, fused=True), parts)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts:
            loss = training.class_loss(model(x), y)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    expected.assert_matches(recorded, rtol=1e-3)
    assert not recorded.tensors("clipped")


def test_autocast(log_dir):
    def loss_of(model, x, y):
        with torch.autocast("cpu", torch.bfloat16):
            return training.class_loss(model(x), y)

    model, plain, parts = training.classifier(), training.classifier(), training.batches()
    expected = training.train(plain, sgd(plain), parts, loss_of)
    optimizer = sgd(model)
    watcher = gradhealth.watch(model, optimizer, log_dir, every=1)
    training.train_watched(watcher, model, optimizer, parts, loss_of)
    recorded = Recorded(log_dir)
    expected.assert_matches(recorded)
    assert recorded.row("activation", "0").dtype == "bfloat16"
    assert recorded.row("gradient", "0.weight").dtype == "float32"


@pytest.mark.parametrize("watched_first", [False, True])
def test_a_compiled_model(log_dir, watched_first):
    model, plain, parts = training.classifier(), training.classifier(), training.batches()
    expected = training.train(plain, sgd(plain), parts)
    optimizer = sgd(model)
    compiled = None if watched_first else torch.compile(model, backend="aot_eager", fullgraph=True)
    watcher = gradhealth.watch(model if watched_first else compiled, optimizer, log_dir, every=1)
    if watched_first:
        compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    training.train_watched(watcher, compiled, optimizer, parts)
    expected.assert_matches(Recorded(log_dir), rtol=1e-3)


def test_several_models_and_optimizers(log_dir):
    generator, critic = nn.Linear(4, 6), nn.Linear(6, 1)
    of_generator, of_critic = sgd(generator), sgd(critic)
    gradients = {"generator": [], "critic": []}
    with (
        gradhealth.watch(generator, of_generator, log_dir, every=1, name="generator") as first,
        gradhealth.watch(critic, of_critic, log_dir, every=1, name="critic") as second,
    ):
        for _ in range(4):
            fake = generator(torch.randn(8, 4))
            critic_loss = critic(fake.detach()).mean() - critic(torch.randn(8, 6)).mean()
            critic_loss.backward()
            gradients["critic"].append(training.array(critic.weight.grad))
            of_critic.step()
            second.step({"critic_loss": critic_loss})
            loss = -critic(fake).mean()
            loss.backward()
            gradients["generator"].append(training.array(generator.weight.grad))
            of_generator.step()
            first.step({"generator_loss": loss})
            of_critic.zero_grad()
            of_generator.zero_grad()
    recorded = Recorded(log_dir)
    by_stream = {}
    for record in recorded.records:
        by_stream.setdefault(record.table.stream, []).append(record)
    assert {name: len(records) for name, records in by_stream.items()} == {"generator": 4, "critic": 4}
    for name, records in by_stream.items():
        rows = [(row.kind, row.tensor) for row in records[0].table.rows]
        assert ("loss", f"{name}_loss") in rows
        index = rows.index(("gradient", "weight"))
        got = [float(record.column("rms")[index]) for record in records]
        np.testing.assert_allclose(got, [statistics(each)["rms"] for each in gradients[name]], rtol=1e-4)


def test_one_model_with_two_optimizers(log_dir):
    model, plain, parts = training.classifier(), training.classifier(), training.batches()

    def two(net):
        return torch.optim.SGD(net[0].parameters(), RATE), torch.optim.Adam(net[2:].parameters(), RATE)

    def train(net, watcher=None):
        kept = training.Kept()
        optimizers = two(net)
        watcher = watcher(net, optimizers) if watcher else None
        for x, y in parts:
            before = training.state(net)
            loss = training.class_loss(net(x), y)
            loss.backward()
            gradients = {name: training.array(each.grad) for name, each in net.named_parameters()}
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
            if watcher:
                watcher.step(loss)
            kept.add(net, before, gradients, float(loss.detach()))
        if watcher:
            watcher.close()
        return kept

    expected = train(plain)
    train(model, lambda net, optimizers: gradhealth.watch(net, optimizers, log_dir, every=1))
    expected.assert_matches(Recorded(log_dir))


def test_one_watcher_of_networks_that_are_trained_in_turn(log_dir):
    networks = nn.ModuleDict({"generator": nn.Linear(4, 6), "critic": nn.Linear(6, 1)})
    generator, critic = networks["generator"], networks["critic"]
    of_generator, of_critic = sgd(generator), sgd(critic)
    gradients = {"generator": [], "critic": []}
    with gradhealth.watch(networks, [of_generator, of_critic], log_dir, every=1) as watcher:
        for _ in range(4):
            fake = generator(torch.randn(8, 4))
            critic_loss = critic(fake.detach()).mean() - critic(torch.randn(8, 6)).mean()
            critic_loss.backward()
            gradients["critic"].append(training.array(critic.weight.grad))
            of_critic.step()
            loss = -critic(fake).mean()  # its gradient reaches the critic too
            loss.backward()
            gradients["generator"].append(training.array(generator.weight.grad))
            of_generator.step()
            networks.zero_grad()
            watcher.step({"critic": critic_loss, "generator": loss})
    recorded = Recorded(log_dir)
    for name, values in gradients.items():
        recorded.assert_row("gradient", f"{name}.weight", values)
        flight = recorded.flight("gradient", f"{name}.weight")
        np.testing.assert_allclose(
            list(flight.values()), [statistics(each)["rms"] for each in values], rtol=1e-4
        )


def test_without_an_optimizer_each_call_is_a_step(log_dir):
    model, parts = training.classifier(), training.batches(4)
    with gradhealth.watch(model, None, log_dir, every=1) as watcher:
        for x, y in parts:
            loss = training.class_loss(model(x), y)
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= RATE * parameter.grad
                    parameter.grad = None
            watcher.step(loss)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 1, 2, 3]
    assert set(recorded.reasons("update").values()) == {"the watcher has no optimizer"}


def test_an_exception_in_a_step(log_dir):
    model, parts = training.classifier(), training.batches(30)
    optimizer = sgd(model)
    failing = iter(range(30))

    def loss_of(net, x, y):
        output = net(x)
        if next(failing) == 17:
            output.register_hook(_failing)
        return training.class_loss(output, y)

    watcher = gradhealth.watch(model, optimizer, log_dir)
    with pytest.raises(RuntimeError, match="in the backward pass"):
        training.train_watched(watcher, model, optimizer, parts, loss_of)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 10]
    assert max(recorded.flight("loss", "loss")) == 16
    assert not any(module._forward_hooks for module in model.modules())


def test_a_training_that_goes_on_after_an_exception(log_dir):
    model, plain, parts = training.classifier(), training.classifier(), training.batches(6)
    expected = training.train(plain, sgd(plain), parts[:3] + parts[4:])
    optimizer = sgd(model)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for step, (x, y) in enumerate(parts):
            output = model(x)
            if step == 3:
                output.register_hook(_failing)
            loss = training.class_loss(output, y)
            try:
                loss.backward()
            except RuntimeError:
                optimizer.zero_grad()
                continue
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    expected.assert_matches(Recorded(log_dir))


def _failing(gradient):
    raise RuntimeError("in the backward pass")


def test_validation_passes_are_not_measured(log_dir):
    model, parts = training.classifier(), training.batches(4)
    optimizer = sgd(model)
    outputs = []
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts:
            output = model(x)
            outputs.append(training.array(output))
            loss = training.class_loss(output, y)
            with torch.no_grad():
                model(100 * x)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            model.eval()
            with torch.no_grad():
                model(100 * x)
            model(100 * x)  # somebody forgot `no_grad`
            model.train()
            watcher.step(loss)
            watcher.epoch({"loss": loss.item(), "val_loss": 2.0, "note": "no number"})
    recorded = Recorded(log_dir)
    recorded.assert_row("activation", "4", outputs)
    assert [epoch.values["val_loss"] for epoch in recorded.epochs] == [2.0] * 4
    assert "note" not in recorded.epochs[0].values


@pytest.mark.parametrize("trained_in", [True, False])
def test_the_mode_of_the_model_when_the_watcher_begins_does_not_matter(log_dir, trained_in):
    model, parts = training.classifier(), training.batches(3)
    model.train(not trained_in)
    optimizer = sgd(model)
    outputs = []
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        model(parts[0][0])  # a check before the training
        for x, y in parts:
            model.train(trained_in)
            output = model(x)
            outputs.append(training.array(output))
            training.class_loss(output, y).backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(1.0)
            model.train(not trained_in)
            model(100 * x)
    recorded = Recorded(log_dir)
    assert recorded.tensors("activation") == ["0", "1", "2", "3", "4"]
    recorded.assert_row("activation", "4", outputs)


@pytest.mark.filterwarnings("ignore:.*script_method:DeprecationWarning")  # PyTorch's own
def test_a_compiled_step_of_the_optimizer(log_dir):
    model, plain, parts = training.classifier(), training.classifier(), training.batches()
    expected = training.train(plain, sgd(plain), parts)
    optimizer = sgd(model)
    step = torch.compile(lambda: optimizer.step(), backend="aot_eager")
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts:
            loss = training.class_loss(model(x), y)
            loss.backward()
            step()
            optimizer.zero_grad()
            watcher.step(loss)
    expected.assert_matches(Recorded(log_dir), rtol=1e-3)


def test_steps_that_are_numbered_by_the_training(log_dir):
    model, parts = training.classifier(), training.batches(4)
    optimizer = sgd(model)
    with gradhealth.watch(model, optimizer, log_dir, every=2) as watcher:
        for step, (x, y) in enumerate(parts, start=100):
            loss = training.class_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss, step=step)
    assert Recorded(log_dir).steps == [100, 102]


def test_a_nan_in_a_late_sample_is_found_in_the_step_itself(log_dir):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = sgd(model)
    with gradhealth.watch(model, optimizer, log_dir) as watcher:
        for step in range(40):
            x = torch.randn(30000, 4)
            if step == 13:
                x[-1, 2] = torch.nan
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    # One record of the trip, though all later steps are NaN, and one of the end.
    assert recorded.steps == [0, 10, 13, 20, 30, 39]
    assert recorded.column("input", "input", "nan_count")[13] == 1
    assert recorded.column("gradient", "0.weight", "nan_count")[13] == 16
    assert recorded.column("gradient", "0.weight", "bad_steps")[20] == 7


def test_a_spike_is_recorded_in_full(log_dir):
    model, parts = training.classifier(), training.batches(40)
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    gradients = []
    with gradhealth.watch(model, optimizer, log_dir) as watcher:
        for step, (x, y) in enumerate(parts):
            loss = training.class_loss(model(x), y) * (1000 if step == 34 else 1)
            loss.backward()
            gradients.append(training.array(model[0].weight.grad))
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 10, 20, 30, 34]
    recorded.assert_row("gradient", "0.weight", gradients)
    assert recorded.column("update", "0.weight", "rms")[34] > 0


def test_a_spike_that_the_host_sees_late_as_on_an_accelerator(log_dir, monkeypatch):
    # There is no accelerator here: the copy to the host is delayed by the checks of more than a step.
    original, states = FlightRecorder.check, []

    def late(self, *arguments):
        original(self, *arguments)
        states.append(bool(self._tripped))
        self._on_host.fill_(states[-6] if len(states) > 5 else False)

    monkeypatch.setattr(flight_recorder, "HOST", ())
    monkeypatch.setattr(FlightRecorder, "check", late)
    model, parts = training.classifier(), training.batches(40)
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    gradients = []
    with gradhealth.watch(model, optimizer, log_dir) as watcher:
        for step, (x, y) in enumerate(parts):
            loss = training.class_loss(model(x), y) * (1000 if step == 33 else 1)
            loss.backward()
            gradients.append(training.array(model[0].weight.grad))
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    assert recorded.steps[:4] == [0, 10, 20, 30]
    (seen,) = recorded.steps[4:]
    assert seen in (34, 35)
    recorded.assert_row("gradient", "0.weight", gradients)
    spike = statistics(gradients[33])["rms"]
    assert recorded.column("gradient", "0.weight", "peak_rms")[seen] == pytest.approx(spike, rel=1e-4)
    assert recorded.column("gradient", "0.weight", "peak_rms_ago")[seen] == seen - 33
