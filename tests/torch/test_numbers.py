"""The numbers in the records are those of the same training in NumPy, or written out by hand."""

import numpy as np
import pytest
import torch
import torch_training as training
from recorded import Recorded, statistics
from torch import nn

import tb_gradhealth.torch as gradhealth

RATE = 0.1


def network_in_numpy(model, parts):
    """A dense network with tanh and mean squared error, trained by SGD in NumPy, in float64."""
    kept = training.Kept()
    w1, b1, w2, b2 = (training.array(each) for each in model.parameters())
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    activations = []
    for x, y in parts:
        x, y = training.array(x), training.array(y)
        hidden = np.tanh(x @ w1.T + b1)
        output = hidden @ w2.T + b2
        error = 2 * (output - y) / output.size
        inner = (error @ w2) * (1 - hidden**2)
        gradients = [inner.T @ x, inner.sum(0), error.T @ hidden, error.sum(0)]
        for name, weight, gradient in zip(names, (w1, b1, w2, b2), gradients, strict=True):
            kept.gradients.setdefault(name, []).append(gradient)
            kept.updates.setdefault(name, []).append(-RATE * gradient)
            weight -= RATE * gradient
            kept.weights.setdefault(name, []).append(weight.copy())
        kept.losses.append(float(np.mean((output - y) ** 2)))
        activations.append({"1": hidden, "2": output, "input": x})
    return kept, activations


@pytest.mark.parametrize("zero_first", [False, True])
def test_a_dense_network_in_float64(log_dir, zero_first):
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    parts = [(torch.randn(8, 6), torch.randn(8, 3)) for _ in range(5)]
    expected, activations = network_in_numpy(model, parts)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts:
            loss = nn.functional.mse_loss(model(x), y)
            if zero_first:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if not zero_first:
                optimizer.zero_grad()
            watcher.step(loss, targets=y)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 1, 2, 3, 4]
    expected.assert_matches(recorded)
    for kind, name in (("activation", "1"), ("activation", "2"), ("input", "input")):
        recorded.assert_row(kind, name, [step[name] for step in activations])
    recorded.assert_row("target", "target", [training.array(y) for _, y in parts])


def test_the_flight_recorder_has_every_step(log_dir):
    model, parts = training.classifier(), training.batches(25)
    plain = training.classifier()
    expected = training.train(plain, torch.optim.SGD(plain.parameters(), RATE), parts)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    training.train_watched(gradhealth.watch(model, optimizer, log_dir), model, optimizer, parts)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 10, 20]
    for kind, values in (("gradient", expected.gradients), ("weight", expected.weights)):
        for name, steps in values.items():
            flight = recorded.flight(kind, name)
            assert list(flight) == list(range(25))
            rms = [statistics(step)["rms"] for step in steps]
            np.testing.assert_allclose(list(flight.values()), rms, rtol=1e-4)
    np.testing.assert_allclose(list(recorded.flight("loss", "loss").values()), expected.losses, rtol=1e-4)
    largest = recorded.column("gradient", "0.weight", "peak_rms")
    rms = [statistics(step)["rms"] for step in expected.gradients["0.weight"]]
    np.testing.assert_allclose([largest[10], largest[20]], [max(rms[1:11]), max(rms[11:21])], rtol=1e-4)


DTYPES = {"float64": torch.float64, "bfloat16": torch.bfloat16, "float16": torch.float16}


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(log_dir, dtype):
    def build():
        return training.classifier().to(DTYPES[dtype])

    parts = [(x.to(DTYPES[dtype]), y) for x, y in training.batches()]
    model, plain = build(), build()
    expected = training.train(plain, torch.optim.SGD(plain.parameters(), RATE), parts)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    training.train_watched(gradhealth.watch(model, optimizer, log_dir, every=1), model, optimizer, parts)
    recorded = Recorded(log_dir)
    assert recorded.row("weight", "0.weight").dtype == dtype
    assert recorded.row("activation", "0").dtype == dtype
    expected.assert_matches(recorded)


class Spectral(nn.Module):
    """A layer with complex weights."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 3, dtype=torch.complex64))

    def forward(self, x):
        return (x.to(torch.complex64) @ self.weight).real


def test_complex_numbers_are_measured_as_real_and_imaginary_parts(log_dir):
    model, plain = Spectral(), Spectral()
    plain.load_state_dict(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    parts = training.batches(3)
    weights = []
    for x, y in parts:
        training.class_loss(plain(x), y).backward()
        with torch.no_grad():
            plain.weight -= RATE * plain.weight.grad
        plain.weight.grad = None
        weights.append(torch.view_as_real(plain.weight.detach()).double().numpy().copy())
    training.train_watched(gradhealth.watch(model, optimizer, log_dir, every=1), model, optimizer, parts)
    Recorded(log_dir).assert_row("weight", "weight", weights)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_large_tensors_and_images(log_dir, layout):
    def build():
        torch.manual_seed(3)
        return nn.Sequential(nn.Conv2d(16, 40, 3), nn.ReLU(), nn.Flatten(), nn.Linear(40 * 4, 3)).to(
            memory_format=layout
        )

    parts = [(torch.randn(4, 16, 4, 4), torch.randint(3, (4,))) for _ in range(3)]
    model, plain = build(), build()
    expected = training.train(plain, torch.optim.SGD(plain.parameters(), RATE), parts)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    training.train_watched(gradhealth.watch(model, optimizer, log_dir, every=1), model, optimizer, parts)
    recorded = Recorded(log_dir)
    assert np.prod(recorded.row("gradient", "0.weight").shape) > 4096
    assert recorded.row("activation", "1").shape == (-1, 2, 2, 40)
    expected.assert_matches(recorded, kinds="gradient weight loss")
    updates = [statistics(update)["rms"] for update in expected.updates["0.weight"]]
    recorded.assert_number("update", "0.weight", updates, "rms", rtol=1e-3)


def test_faults_in_large_and_small_tensors_are_counted(log_dir):
    model = nn.Sequential(nn.Linear(100, 100), nn.Linear(100, 2))
    optimizer = torch.optim.SGD(model.parameters(), 1e-30)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for step in range(3):
            loss = model(torch.randn(4, 100)).sum()
            loss.backward()
            if step == 1:
                with torch.no_grad():
                    model[0].weight[0, :3] = torch.tensor([torch.nan, torch.inf, -torch.inf])
                    model[1].bias[0] = torch.nan
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    weights = training.array(model[0].weight)
    for name, nans, infinities in (("0.weight", 1, 2), ("1.bias", 1, 0)):
        assert recorded.column("weight", name, "nan_count")[1] == nans
        assert recorded.column("weight", name, "inf_count")[1] == infinities
    finite = weights[np.isfinite(weights)]
    np.testing.assert_allclose(
        recorded.column("weight", "0.weight", "rms")[1], np.sqrt(np.mean(finite**2)), rtol=1e-5
    )


def test_numbers_whose_squares_overflow_or_vanish_are_exact(log_dir):
    model = nn.Linear(80, 80)
    with torch.no_grad():
        model.weight.fill_(1e25)
        model.bias.fill_(1e-25)
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        loss = (model(torch.zeros(2, 80)) * 1e-20).sum()
        loss.backward()
        optimizer.step()
        watcher.step(loss)
    recorded = Recorded(log_dir)
    np.testing.assert_allclose(recorded.column("weight", "weight", "rms")[0], 1e25, rtol=1e-5)
    np.testing.assert_allclose(recorded.column("weight", "bias", "rms")[0], 1e-25, rtol=1e-5)


def test_sampled_updates(log_dir):
    model = nn.Linear(1100, 1000)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        before = training.state(model)
        loss = model(torch.randn(4, 1100)).square().mean()
        loss.backward()
        optimizer.step()
        watcher.step(loss)
    recorded = Recorded(log_dir)
    assert recorded.row("update", "weight").sampled == 65536
    exact = np.sqrt(np.mean((training.state(model)["weight"] - before["weight"]) ** 2))
    np.testing.assert_allclose(recorded.column("update", "weight", "rms")[0], exact, rtol=0.02)
