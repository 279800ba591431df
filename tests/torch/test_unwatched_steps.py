"""Steps that the time budget leaves out: no hook runs in them, and what they may hide is seen."""

import numpy as np
import pytest
import torch
import torch_training as training
from recorded import Recorded
from torch import nn

import tb_gradhealth.torch as gradhealth
from tb_gradhealth.capture.writing import time_budget

STEPS = 200
VALUES = {"WARM_UP_STEPS": 8, "WARM_UP_SECONDS": 0.0, "PAIRS": 2, "REMEASURE_FACTOR": 1000}


@pytest.fixture(autouse=True)
def _thin(monkeypatch):
    """From some step on, one step in 64 is watched, and one record of the cadence in 8 is made."""
    for name, value in VALUES.items():
        monkeypatch.setattr(time_budget, name, value)
    costs = time_budget.Costs(step=1.0, watch=1.0, record=0.16)
    monkeypatch.setattr(time_budget.TimeBudget, "costs", lambda budget: costs)


def hooks(model, optimizer):
    """The hooks of modules and parameters."""
    found = [
        hook
        for module in model.modules()
        for hooks in (module._forward_hooks, module._forward_pre_hooks)
        for hook in hooks.values()
    ]
    return found + [
        hook for each in model.parameters() for hook in (each._post_accumulate_grad_hooks or {}).values()
    ]


def test_modules_and_parameters_have_no_hooks(log_dir):
    model = training.classifier()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    hooked = []
    with gradhealth.watch(model, optimizer, log_dir) as watcher:
        for x, y in training.batches(STEPS):
            hooked.append(bool(hooks(model, optimizer)))
            loss = training.class_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    assert recorded.settings["watched_every"] == 64
    watched = list(recorded.flight("gradient", "0.weight"))
    assert 2 <= len([step for step in watched if step > 60]) <= 6
    assert [step for step in range(watched[0], STEPS) if hooked[step]] == watched
    assert not hooks(model, optimizer)


def test_the_results_are_the_same_to_the_last_bit(log_dir):
    models = []
    for recorded in (False, True):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.2), nn.ReLU(), nn.Linear(5, 3))
        optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
        watcher = gradhealth.watch(model, optimizer, log_dir) if recorded else None
        for x, y in training.batches(STEPS):
            loss = training.class_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            if watcher:
                watcher.step(loss)
        models.append(model)
    watcher.close()
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(one, other)


def test_rows_that_only_unwatched_steps_touch_count_as_touched(log_dir):
    model = nn.Sequential(nn.Embedding(STEPS + 10, 2, sparse=True), nn.Linear(2, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with gradhealth.watch(model, optimizer, log_dir) as watcher:
        for step in range(700):
            loss = model(torch.tensor([step % STEPS])).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    assert len(recorded.flight("gradient", "1.weight")) < 150
    share = recorded.column("gradient", "0.weight", "untouched_fraction")
    assert list(share.values())[-1] == pytest.approx(10 / (STEPS + 10))


class ReturnsItsLoss(nn.Module):
    """A model as those of Hugging Face."""

    def __init__(self):
        super().__init__()
        self.inner = training.classifier()

    def forward(self, x, y, factor):
        return {"loss": factor * training.class_loss(self.inner(x), y)}


@pytest.mark.parametrize("returned", [True, False])
def test_a_loss_that_is_not_finite_is_recorded(log_dir, returned):
    model, spoiled = ReturnsItsLoss(), 150
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with gradhealth.watch(model, optimizer, log_dir) as watcher:
        for step, (x, y) in enumerate(training.batches(STEPS)):
            loss = model(x, y, factor=np.inf if step == spoiled else 1.0)["loss"]
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            watcher.step(None if returned else {"loss": loss})
    recorded = Recorded(log_dir)
    assert spoiled not in recorded.flight("gradient", "inner.0.weight")
    assert spoiled + 1 in recorded.steps


def test_a_compiled_model_is_not_compiled_again(log_dir):
    torch._dynamo.reset()
    model = training.classifier()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    compiled = torch.compile(model, backend="eager")
    torch._dynamo.utils.counters.clear()
    with gradhealth.watch(compiled, optimizer, log_dir) as watcher:
        for x, y in training.batches(STEPS):
            loss = training.class_loss(compiled(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert len(Recorded(log_dir).flight("gradient", "0.weight")) < 100
