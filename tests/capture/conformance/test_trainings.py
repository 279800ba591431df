"""The same small training in each framework gets the same verdict and the same findings."""

import conformance
import numpy as np
import pytest
from conformance import Network
from recorded import Recorded

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor

STEPS = 160


def task(steps=STEPS, batch=32, seed=1):
    """A classification of points that is learnable, and not linear."""
    random = np.random.default_rng(seed)
    for _ in range(steps):
        x = random.normal(size=[batch, 8]).astype(np.float32)
        yield x, (2 * (x[:, 0] > 0) + (x[:, 1] * x[:, 2] > 0)).astype(np.int32)


def healthy():
    return Network.of("relu", [8, 32, 32, 4]), list(task()), 0.1


def vanishing():
    return Network.of("sigmoid", [8, *[24] * 10, 4]), list(task()), 0.1


def dead():
    network = Network.of("relu", [8, 32, 32, 32, 4])
    network.layers[1] = network.layers[1][0], np.full([32], -100.0, np.float32)
    return network, list(task()), 0.1


def spoiled():
    batches = list(task(60))
    batches[23][0][31, 3] = np.nan
    # In the first record of TensorFlow there is no update; a small one is no finding in the others.
    return Network.of("tanh", [8, 32, 32, 4]), batches, 0.02


def too_fast():
    return Network.of("relu", [8, 32, 32, 4]), list(task(60)), 1000.0


PLANTED = {
    vanishing: ("critical", {("vanishing-gradient", "dense_0")}),
    dead: ("critical", {("dead-units", "dense_1"), ("dead-layer", "dense_1")}),
    spoiled: ("critical", {("non-finite", "input")}),
    too_fast: ("critical", set()),
}


def judged(log_dir):
    """Verdict, and symptom, layer and first step of each finding that is more than information."""
    monitor = Monitor([Root(str(log_dir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (run,) = snapshot.runs.values()
        findings = {
            (finding.symptom, finding.layer, finding.opened_step)
            for finding in run.health.findings()
            if finding.severity != "info"
        }
        return run.health.assessment().verdict, findings


@pytest.fixture(scope="module", params=[healthy, *PLANTED], ids=lambda case: case.__name__)
def trained(request, tmp_path_factory):
    """A case, and the log directories by framework."""
    folder = tmp_path_factory.mktemp("run")
    for framework, train in conformance.TRAININGS.items():
        train(folder / framework, *request.param())
    return request.param, {framework: folder / framework for framework in conformance.TRAININGS}


def test_the_same_verdict_and_findings(trained):
    case, folders = trained
    judgements = {framework: judged(folder) for framework, folder in folders.items()}
    assert len({verdict for verdict, _ in judgements.values()}) == 1, judgements
    symptoms = [{symptom for symptom, _, _ in findings} for _, findings in judgements.values()]
    assert all(each == symptoms[0] for each in symptoms), judgements
    verdict, findings = list(judgements.values())[-1]
    if case is healthy:
        assert (verdict, findings) == ("healthy", set())
        return
    right, planted = PLANTED[case]
    assert verdict == right
    for _, found in judgements.values():
        assert planted <= {(symptom, layer) for symptom, layer, _ in found}


COMPARABLE = {healthy: STEPS, vanishing: STEPS, dead: STEPS, spoiled: 23, too_fast: 1}
"""Steps before the one from which a training has nothing but NaN, or rounding errors grow."""


def test_the_same_numbers(trained):
    case, folders = trained
    recorded = [Recorded(folder) for folder in folders.values()]
    losses = [before(COMPARABLE[case], each.flight("loss", "loss")) for each in recorded]
    assert len(losses[0]) == min(COMPARABLE[case], 64), "the newest steps"
    assert_close(losses)
    for column in ("rms", "zero_fraction", "dead_fraction", "saturated_fraction"):
        columns = [each.column("activation", "dense_1", column) for each in recorded]
        assert_close([before(COMPARABLE[case], values) for values in columns])


def before(step, values):
    """The values of the steps before one."""
    return [value for number, value in values.items() if number < step]


def assert_close(by_framework):
    first, *others = by_framework
    assert first
    for values in others:
        np.testing.assert_allclose(values, first, rtol=1e-3, atol=1e-3)
