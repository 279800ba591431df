"""What is measured of the parts of a model: roles, depths, functions, units, embeddings, frozen layers."""

import numpy as np
import pytest
import torch
import torch_training as training
from recorded import Recorded, statistics
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import tb_gradhealth.torch as gradhealth

RATE = 0.1


def watched(log_dir, model, parts, loss_of=None, every=1, optimizer=None):
    optimizer = optimizer or torch.optim.SGD(model.parameters(), RATE)
    watcher = gradhealth.watch(model, optimizer, log_dir, every=every)
    training.train_watched(watcher, model, optimizer, parts, loss_of)
    return Recorded(log_dir)


def images(steps=4):
    return [(torch.randn(8, 1, 8, 8), torch.randint(3, (8,))) for _ in range(steps)]


class Functional(nn.Module):
    """A network whose activation functions are no modules, and whose first layer is defined last."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.dense = nn.Linear(6 * 9, 6)
        self.norm = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(4, 6, 3, padding=1)
        self.first = nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.first(x)), 2)
        x = functional.relu(self.norm(self.second(x)) + 1, inplace=True)
        x = torch.tanh(self.dense(x[:, :, :3, :3].flatten(1)))
        return self.head(x)


def test_functions_that_are_no_modules(log_dir):
    model = Functional()
    expected = []
    model.first.register_forward_hook(lambda module, args, y: expected.append(training.array(y.relu())))
    recorded = watched(log_dir, model, images())
    row = recorded.row("activation", "first")
    assert (row.activation, row.shape, row.inputs, row.between) == ("relu", (-1, 8, 8, 4), ("input",), "")
    recorded.assert_row("activation", "first", expected)
    assert recorded.row("activation", "second").activation == ""
    assert recorded.row("activation", "dense").activation == "tanh"
    assert recorded.row("activation", "dense").inputs == ("norm",)
    assert recorded.row("activation", "dense").between == "add, relu"
    assert recorded.row("activation", "head").output
    depths = {row.layer: row.depth for row in recorded.records[0].table.rows if row.kind == "weight"}
    assert depths == {"first": 0, "second": 1, "norm": 2, "dense": 3, "head": 4}
    roles = {row.tensor: row.role for row in recorded.records[0].table.rows if row.kind == "weight"}
    assert roles["first.weight"] == "kernel"
    assert roles["norm.weight"] == "norm"
    assert roles["dense.bias"] == "bias"


class Residual(nn.Module):
    """Blocks that end in an addition, with one ReLU module that is called twice."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)

    def forward(self, x):
        return x + self.second(self.relu(self.first(self.relu(x * 1))))


def test_modules_that_are_called_twice_and_blocks_that_end_in_an_operation(log_dir):
    model = nn.Sequential(Residual(), nn.Linear(6, 3))
    recorded = watched(log_dir, model, training.batches())
    assert recorded.tensors("activation") == ["0.relu", "0.first", "0.relu_2", "0.second", "0", "1"]
    assert recorded.row("activation", "0.relu_2").inputs == ("0.first",)
    assert set(recorded.row("activation", "0").inputs) == {"0.second"}
    assert recorded.row("activation", "0").between == ""
    negative = recorded.column("activation", "0.first", "minimum")
    assert min(negative.values()) < 0, "measured before the operation in place"
    assert min(recorded.column("activation", "0.relu_2", "minimum").values()) == 0


def test_dead_and_dormant_units(log_dir):
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    with torch.no_grad():
        model[0].bias[1] = -100.0
    outputs = []
    model[1].register_forward_hook(lambda module, args, y: outputs.append(training.array(y)))
    recorded = watched(log_dir, model, images(22), every=10)
    dead = recorded.column("activation", "1", "dead_fraction")
    assert np.isnan(dead[0])
    assert dead[10] == pytest.approx(0.25)
    assert recorded.column("activation", "1", "window")[10] == 10, "known from the second step on"
    by_unit = outputs[10].mean(axis=(0, 2, 3))
    share = np.mean(by_unit <= 0.025 * by_unit.mean())
    assert recorded.column("activation", "1", "dormant_fraction")[10] == pytest.approx(share)


def test_a_unit_that_is_active_only_late_in_the_batch_is_not_dead(log_dir):
    class Late(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, x):
            return self.relu(x * self.weight)

    x = torch.full([40000, 2], -1.0)
    x[:, 0] = 1.0
    x[-1, 1] = 1.0
    parts = [(x, None)] * 12
    model = Late()
    still = torch.optim.SGD(model.parameters(), 0.0)
    recorded = watched(log_dir, model, parts, lambda model, x, y: model(x).sum(), 10, still)
    assert recorded.column("activation", "relu", "dead_fraction")[10] == 0


class Words(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.table = nn.Embedding(20, 4, sparse=sparse)
        self.dense = nn.Linear(4, 3)

    def forward(self, words):
        return self.dense(self.table(words).mean(1))


def words(steps=4):
    random = torch.Generator().manual_seed(1)
    return [
        (torch.randint(0, 8, (8, 5), generator=random), torch.randint(3, (8,), generator=random))
        for _ in range(steps)
    ]


def test_sparse_gradients(log_dir):
    torch.manual_seed(3)
    model, plain = Words(True), Words(True)
    plain.load_state_dict(model.state_dict())
    gradients, untouched, seen = [], [], set()
    optimizer = torch.optim.SGD(plain.parameters(), RATE)
    for x, y in words():
        training.class_loss(plain(x), y).backward()
        gradients.append(training.array(plain.table.weight.grad)[sorted(set(x.flatten().tolist()))])
        seen |= set(x.flatten().tolist())
        untouched.append(1 - len(seen) / 20)
        optimizer.step()
        optimizer.zero_grad()
    recorded = watched(log_dir, model, words())
    recorded.assert_row("gradient", "table.weight", gradients)
    recorded.assert_number("gradient", "table.weight", untouched, "untouched_fraction")
    assert recorded.row("gradient", "table.weight").role == "embedding"
    assert recorded.row("input", "input").dtype == "int64"


def test_frozen_parameters_that_are_unfrozen(log_dir):
    model, parts = training.classifier(), training.batches(6)
    for parameter in model[0].parameters():
        parameter.requires_grad = False
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    gradients = []
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for step, (x, y) in enumerate(parts):
            if step == 3:
                for parameter in model[0].parameters():
                    parameter.requires_grad = True
            loss = training.class_loss(model(x), y)
            loss.backward()
            if step >= 3:
                gradients.append(training.array(model[0].weight.grad))
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
    recorded = Recorded(log_dir)
    tables = [record.table for record in recorded.records]
    (frozen,) = (r for r in tables[0].rows if (r.kind, r.tensor) == ("gradient", "0.weight"))
    assert frozen.not_measured == "frozen: it is not trained"
    assert len({table.id for table in tables}) == 2
    assert recorded.steps == list(range(6))
    got = recorded.column("gradient", "0.weight", "rms")
    np.testing.assert_allclose(
        [got[step] for step in (3, 4, 5)], [statistics(each)["rms"] for each in gradients], rtol=1e-4
    )


class LowRank(nn.Module):
    """A frozen layer with a trained low-rank correction."""

    def __init__(self):
        super().__init__()
        self.base = nn.Linear(6, 3)
        self.lora_a = nn.Linear(6, 2, bias=False)
        self.lora_b = nn.Linear(2, 3, bias=False)
        nn.init.zeros_(self.lora_b.weight)
        self.base.requires_grad_(False)

    def forward(self, x):
        return self.base(x) + self.lora_b(self.lora_a(x))


def test_low_rank_adaptation(log_dir):
    recorded = watched(log_dir, LowRank(), training.batches())
    reasons = recorded.reasons("gradient")
    assert reasons["base.weight"] == "frozen: it is not trained"
    assert reasons["lora_a.weight"] == reasons["lora_b.weight"] == ""
    assert recorded.row("weight", "lora_a.weight").role == "other"
    assert recorded.column("gradient", "lora_a.weight", "rms")[0] == 0
    assert recorded.column("gradient", "lora_b.weight", "rms")[0] > 0


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 4)
        self.out = nn.Linear(4, 20, bias=False)
        self.out.weight = self.table.weight

    def forward(self, words):
        return self.out(self.table(words).mean(1))


def test_tied_weights_have_one_gradient(log_dir):
    model, plain = Tied(), Tied()
    plain.load_state_dict(model.state_dict())
    expected = training.train(plain, torch.optim.SGD(plain.parameters(), RATE), words())
    recorded = watched(log_dir, model, words())
    assert recorded.tensors("gradient") == ["table.weight"]
    expected.assert_matches(recorded)


class Checkpointed(nn.Module):
    def __init__(self, reentrant):
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.block = nn.Sequential(nn.Linear(6, 6), nn.ReLU())
        self.head = nn.Linear(6, 3)
        self.reentrant = reentrant

    def forward(self, x):
        x = torch.tanh(self.first(x))
        return self.head(checkpoint(self.block, x, use_reentrant=self.reentrant))


@pytest.mark.parametrize("reentrant", [False, True])
def test_activation_checkpointing(log_dir, reentrant):
    model, plain, parts = Checkpointed(reentrant), Checkpointed(reentrant), training.batches()
    plain.load_state_dict(model.state_dict())
    expected = training.train(plain, torch.optim.SGD(plain.parameters(), RATE), parts)
    recorded = watched(log_dir, model, parts)
    expected.assert_matches(recorded)
    inner = [] if reentrant else ["block.0", "block.1"]
    assert recorded.tensors("activation") == ["first", *inner, "head"]


def test_recurrent_layers_and_attention(log_dir):
    class Sequences(nn.Module):
        def __init__(self):
            super().__init__()
            self.memory = nn.LSTM(6, 4, batch_first=True)
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.norm = nn.LayerNorm(4)
            self.head = nn.Linear(4, 3)

        def forward(self, x):
            x, _ = self.memory(x)
            mixed, _ = self.attention(x, x, x)
            return self.head(self.norm(x + mixed)[:, -1])

    parts = [(torch.randn(8, 5, 6), torch.randint(3, (8,))) for _ in range(3)]
    recorded = watched(log_dir, Sequences(), parts)
    roles = {row.tensor: row.role for row in recorded.records[0].table.rows if row.kind == "weight"}
    assert roles["memory.weight_ih_l0"] == "kernel"
    assert roles["memory.weight_hh_l0"] == "recurrent"
    assert roles["memory.bias_hh_l0"] == "bias"
    assert roles["attention.in_proj_weight"] == "kernel"
    assert recorded.row("activation", "memory").shape == (-1, 5, 4)
    assert recorded.row("activation", "norm").between == "add"
    assert recorded.reasons("gradient")["attention.in_proj_weight"] == ""


def test_conditional_layers_that_appear_later_and_are_absent_in_some_steps(log_dir):
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.common = nn.Linear(6, 3)
            self.extra = nn.Linear(6, 3)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            y = self.common(x)
            return y + self.extra(x) if self.calls > 3 and self.calls % 2 else y

    recorded = watched(log_dir, Branching(), training.batches(12))
    assert len({record.table.id for record in recorded.records}) <= 3
    got = recorded.column("gradient", "extra.weight", "rms")
    assert all(got[step] > 0 for step in (4, 6, 8, 10))
    assert all(np.isnan(got[step]) for step in (5, 7, 9, 11))
    assert recorded.column("gradient", "extra.weight", "bad_steps")[11] == 0


def test_a_single_layer_is_a_model(log_dir):
    recorded = watched(log_dir, nn.Linear(6, 3), training.batches())
    assert recorded.tensors("activation") == ["output"]
    assert recorded.row("gradient", "weight").layer == "output"
    assert recorded.row("activation", "output").output


def test_models_with_several_inputs_and_named_losses(log_dir):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(6, 3), nn.Linear(2, 3)

        def forward(self, x, *, other):
            return {"left": self.left(x), "right": self.right(other)}

    model = Two()
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in training.batches():
            other = torch.randn(8, 2)
            outputs = model(x, other=other)
            losses = {name: training.class_loss(value, y) for name, value in outputs.items()}
            sum(losses.values()).backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(losses, targets={"class": y})
    recorded = Recorded(log_dir)
    assert recorded.tensors("input") == ["input", "other"]
    assert recorded.tensors("loss") == ["left", "right"]
    assert recorded.tensors("target") == ["class"]
    assert recorded.row("activation", "right").inputs == ("other",)


def test_layers_without_parameters_before_the_first_call(log_dir):
    model = nn.Sequential(nn.LazyLinear(5), nn.ReLU(), nn.Linear(5, 3))
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    recorded = watched(log_dir, model, training.batches(), optimizer=optimizer)
    assert recorded.row("weight", "0.weight").shape == (5, 6)
    assert recorded.column("gradient", "0.weight", "rms")[0] > 0


def test_outputs_that_are_no_dense_tensors_are_left_out(log_dir):
    class Sparse(nn.Module):
        def forward(self, x):
            return x.to_sparse()

    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.sparse, self.head = nn.Linear(6, 5), Sparse(), nn.Linear(5, 3)

        def forward(self, x):
            return self.head(self.sparse(self.first(x)).to_dense())

    recorded = watched(log_dir, Mixed(), training.batches())
    assert recorded.tensors("activation") == ["first", "head"]


def test_the_functions_of_several_heads(log_dir):
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(6, 3), nn.Linear(6, 3)

        def forward(self, x):
            return torch.sigmoid(self.left(x)), functional.leaky_relu(self.right(x), 0.3)

    model = Heads()
    outputs = []
    model.right.register_forward_hook(
        lambda module, args, y: outputs.append(training.array(functional.leaky_relu(y, 0.3)))
    )
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, _ in training.batches():
            left, right = model(x)
            losses = {"left": left.sum(), "right": right.square().sum()}
            sum(losses.values()).backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(losses)
    recorded = Recorded(log_dir)
    assert recorded.row("activation", "left").activation == "sigmoid"
    assert recorded.row("activation", "right").activation == "leaky_relu"
    recorded.assert_row("activation", "right", outputs)
