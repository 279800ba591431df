"""Planted faults get their finding, and healthy trainings none: judged as `gradhealth check` does."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import tb_gradhealth.torch as gradhealth
from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor


def task(steps, batch=32, seed=1):
    """A classification of points that is learnable, and not linear."""
    random = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x = torch.randn(batch, 8, generator=random)
        yield x, (2 * (x[:, 0] > 0) + (x[:, 1] * x[:, 2] > 0)).long()


def train(log_dir, model, steps=300, optimizer=None, change=lambda step, x: x, **options):
    """Train a model; return its findings that are more than information, and the assessment."""
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 1e-2)
    with gradhealth.watch(model, optimizer, log_dir, **options) as watcher:
        for step, (x, y) in enumerate(task(steps)):
            loss = cross_entropy(model(change(step, x)), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss, targets=y)
    monitor = Monitor([Root(str(log_dir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (run,) = snapshot.runs.values()
        counted = [each for each in run.health.findings() if each.severity != "info"]
        return counted, run.health.assessment()


def dense(activation, depth=3, width=32):
    torch.manual_seed(2)
    inner = [part for _ in range(depth) for part in (nn.Linear(width, width), activation())]
    return nn.Sequential(nn.Linear(8, width), activation(), *inner, nn.Linear(width, 4))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.GELU])
def test_healthy_networks(log_dir, activation):
    findings, assessment = train(log_dir, dense(activation, depth=1))
    assert not findings
    assert assessment.verdict == "healthy"


def test_a_deep_network_of_sigmoids(log_dir):
    findings, _ = train(log_dir, dense(nn.Sigmoid, depth=12))
    assert ("vanishing-gradient", "critical", "0") in {(f.symptom, f.severity, f.layer) for f in findings}


def test_a_dead_relu(log_dir):
    model = dense(nn.ReLU)
    with torch.no_grad():
        model[4].bias.fill_(-100.0)
    findings, _ = train(log_dir, model)
    dead = {(finding.symptom, finding.layer) for finding in findings}
    assert ("dead-units", "5") in dead
    assert ("dead-layer", "4") in dead


def test_a_learning_rate_that_is_far_too_high(log_dir):
    model = dense(nn.ReLU)
    findings, assessment = train(log_dir, model, 200, torch.optim.SGD(model.parameters(), 30.0))
    assert assessment.verdict in ("critical", "warning")
    expected = {"exploding-gradient", "non-finite", "loss-diverging", "update-ratio"}
    assert expected & {finding.symptom for finding in findings}


@pytest.mark.parametrize("sample", [0, 31])
def test_a_nan_in_the_input(log_dir, sample):
    def spoil(step, x):
        if step == 23:
            x = x.clone()
            x[sample, 3] = torch.nan
        return x

    findings, assessment = train(log_dir, dense(nn.Tanh), 60, change=spoil)
    assert assessment.verdict == "critical"
    first = min((each for each in findings if each.symptom == "non-finite"), key=lambda each: each.order)
    assert first.opened_step == 23
    assert first.tensor == "input"


def test_a_training_that_is_stopped(log_dir):
    model = dense(nn.ReLU)
    found = []
    with pytest.raises(gradhealth.TrainingUnhealthy):
        train(
            log_dir,
            model,
            400,
            change=lambda step, x: x * torch.nan if step == 30 else x,
            every=2,
            stop_on="critical",
            on_finding=found.append,
        )
    assert "non-finite" in {finding.symptom for finding in found}
