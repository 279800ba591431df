"""What a training notices of the watcher: nothing but its time."""

import copy
import gc
import pickle
import signal
import subprocess
import sys
import weakref

import pytest
import torch
import torch_training as training
from recorded import Recorded
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import tb_gradhealth.torch as gradhealth
from tb_gradhealth.capture.torch.observing import flight_recorder
from tb_gradhealth.capture.writing import time_budget


def network(dropout=0.2):
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(4 * 36, 3),
    )


def images(steps):
    random = torch.Generator().manual_seed(5)
    return [
        (torch.randn(8, 1, 8, 8, generator=random), torch.randint(3, (8,), generator=random))
        for _ in range(steps)
    ]


def trained(watcher_of=None, steps=25):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    torch.manual_seed(11)
    watcher = watcher_of(model, optimizer) if watcher_of else None
    for x, y in images(steps):
        loss = training.class_loss(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        if watcher:
            watcher.step(loss, targets=y)
    if watcher:
        watcher.close()
    return model


@pytest.mark.parametrize("every", [1, 10])
def test_the_results_are_the_same_to_the_last_bit(log_dir, every):
    plain = trained()
    ours = trained(lambda model, optimizer: gradhealth.watch(model, optimizer, log_dir, every=every))
    for name, value in plain.state_dict().items():
        assert torch.equal(value, ours.state_dict()[name]), name
    assert len(Recorded(log_dir).records) >= 3


def test_no_hook_remains(log_dir):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    hooks = model._forward_hooks, model._forward_pre_hooks
    scale = torch.amp.GradScaler.scale
    watcher = gradhealth.watch(model, optimizer, log_dir)
    assert torch.amp.GradScaler.scale is not scale
    watcher.close()
    assert (model._forward_hooks, model._forward_pre_hooks) == hooks
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    for parameter in model.parameters():
        assert not parameter._post_accumulate_grad_hooks
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert torch.amp.GradScaler.scale is scale
    watcher.step(torch.ones([]))  # does nothing


def trained_and_dropped(log_dir, close):
    """References to a model and an optimizer that nobody else refers to."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    watcher = gradhealth.watch(model, optimizer, log_dir)
    for x, y in images(15):
        loss = training.class_loss(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        watcher.step(loss)
    if close:
        watcher.close()
        return [weakref.ref(model), weakref.ref(optimizer)], watcher
    return [weakref.ref(model), weakref.ref(optimizer)], None


@pytest.mark.parametrize("close", [True, False])
def test_nothing_outlives_the_training(log_dir, close):
    scale = torch.amp.GradScaler.scale
    references, kept = trained_and_dropped(log_dir, close)
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert torch.amp.GradScaler.scale is scale
    assert kept is None or not kept.findings()
    assert max(Recorded(log_dir).flight("loss", "loss")) == 14, "it is closed when it is garbage-collected"


ENDLESS = """
import sys
import torch
from torch.utils.data import DataLoader, TensorDataset
import tb_gradhealth.torch as gradhealth

torch.set_num_threads(1)
data = TensorDataset(torch.randn(64, 4))
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), 0.01)
watcher = gradhealth.watch(model, optimizer, sys.argv[1])
step = 0
while True:
    for (x,) in DataLoader(data, 8, num_workers=1, multiprocessing_context="fork"):
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        watcher.step(loss)
        step += 1
        if step == 26:
            print("ready", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_ended(log_dir, number):
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(log_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == -number
    recorded = Recorded(log_dir)
    assert recorded.steps[:3] == [0, 10, 20]
    if number != signal.SIGKILL:
        assert max(recorded.flight("loss", "loss")) >= 25


class Waits(TorchDispatchMode):
    """Counts the operations for which the host waits for a device."""

    NAMES = ("_local_scalar_dense", "is_nonzero", "equal", "nonzero", "item")

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket.__name__ in self.NAMES:
            self.found.append(str(function))
        return function(*args, **(kwargs or {}))


def test_the_host_waits_only_where_there_is_a_record(log_dir, monkeypatch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
    transfers = []
    original = torch.Tensor.cpu
    monkeypatch.setattr(flight_recorder, "HOST", ())  # there is no accelerator here
    monkeypatch.setattr(torch.Tensor, "cpu", lambda self, *a, **k: transfers.append(1) or original(self))
    waited = {}
    with gradhealth.watch(model, optimizer, log_dir, every=5, overhead=None) as watcher:
        for step, (x, y) in enumerate(images(21)):
            transfers.clear()
            with Waits() as waits:
                loss = training.class_loss(model(x), y)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                watcher.step(loss)
            waited[step] = len(waits.found) + len(transfers)
    assert all(count == 0 for step, count in waited.items() if step % 5), waited
    assert all(waited[step] for step in (0, 5, 10, 15, 20))


def test_a_watched_model_can_be_copied_and_saved(log_dir, tmp_path):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in images(2):
            loss = training.class_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
        twin = copy.deepcopy(model)
        torch.save(model, tmp_path / "model.pt")
        torch.save(optimizer, tmp_path / "optimizer.pt")
        restored = torch.load(tmp_path / "model.pt", weights_only=False)
        twin(x)
        restored(x)
        pickle.loads(pickle.dumps(model))
    recorded = Recorded(log_dir)
    assert recorded.tensors("activation") == ["0", "1", "2", "5"]
    assert torch.equal(restored[0].weight, model[0].weight)


def test_an_error_of_ours_ends_the_recording_and_not_the_training(log_dir, monkeypatch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    watcher = gradhealth.watch(model, optimizer, log_dir, every=1)
    monkeypatch.setattr(torch, "_foreach_norm", None)
    x, y = images(1)[0]
    loss = training.class_loss(model(x), y)
    with pytest.warns(RuntimeWarning, match="stops recording; the training goes on"):
        loss.backward()
    optimizer.step()
    watcher.step(loss)
    watcher.close()
    assert not any(module._forward_hooks for module in model.modules())


def test_wrong_arguments():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(TypeError, match="not a str"):
        gradhealth.watch("model", optimizer, "unused")
    with pytest.raises(TypeError, match="write an optimizer"):
        gradhealth.watch(model, 0.1, "unused")
    with pytest.raises(ValueError, match="every=0"):
        gradhealth.watch(model, optimizer, "unused", every=0)
    with pytest.raises(ValueError, match="updates='all'"):
        gradhealth.watch(model, optimizer, "unused", updates="all")
    with pytest.raises(ValueError, match="stop_on"):
        gradhealth.watch(model, optimizer, "unused", stop_on="info")
    assert not any(module._forward_hooks for module in model.modules())


def test_the_time_budget_thins_the_watching(log_dir, monkeypatch):
    for name, value in {"WARM_UP_STEPS": 8, "WARM_UP_SECONDS": 0.0, "PAIRS": 4}.items():
        monkeypatch.setattr(time_budget, name, value)
    # In a tiny network the cost of watching is less than the noise of a busy machine.
    costs = time_budget.Costs(1e-3, 2e-4, 3e-4)
    monkeypatch.setattr(time_budget.TimeBudget, "costs", lambda budget: costs)
    model, batches = network(dropout=0.0), images(400)
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    spoiled = 395
    with gradhealth.watch(model, optimizer, log_dir, every=8) as watcher:
        for step, (x, y) in enumerate(batches):
            loss = training.class_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss * (torch.inf if step == spoiled else 1))
    recorded = Recorded(log_dir)
    pace = time_budget.pace_within(costs, 0.02, 8)
    assert recorded.settings["watched_every"] == pace.watch > 4
    assert recorded.settings["every"] == 8 * pace.record > 8
    watched = [step for step in recorded.flight("gradient", "0.weight") if step >= 300]
    assert 0 < len(watched) < 40, watched
    assert spoiled not in watched
    assert spoiled + 1 in watched, "watched, since the loss was not finite"
    assert spoiled + 1 in recorded.steps


def test_no_tensorflow_is_imported(tmp_path):
    program = f"""
import sys
blocked = ("tensorflow", "keras", "jax", "tf_keras")
sys.modules.update(dict.fromkeys(blocked))  # an import of them raises an error
import torch
import tb_gradhealth.torch as gradhealth
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
with gradhealth.watch(model, optimizer, {str(tmp_path)!r}) as watcher:
    for _ in range(25):
        loss = model(torch.randn(8, 4)).square().mean()
        loss.backward(); optimizer.step(); optimizer.zero_grad(); watcher.step(loss)
    watcher.findings()
from tb_gradhealth.monitor import Monitor
assert not any(sys.modules[name] for name in blocked)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Recorded(tmp_path).steps == [0, 10, 20]


def test_the_package_itself_imports_no_torch():
    program = "import sys, tb_gradhealth; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_torch_there_is_one_sentence():
    program = """
import sys
sys.modules["torch"] = None
try:
    import tb_gradhealth.torch
except ModuleNotFoundError as error:
    assert "pip install 'tb_gradhealth[torch]'" in str(error), error
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", program], check=True)
