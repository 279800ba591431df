"""Trainings by Lightning's and Hugging Face's trainers."""

import warnings

import numpy as np
import pytest
import torch
import torch_training as training
from recorded import Recorded
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from tb_gradhealth.torch.huggingface import GradHealth as HuggingFaceCallback
from tb_gradhealth.torch.lightning import GradHealth as LightningCallback

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import lightning.pytorch as lightning
    import transformers

pytestmark = pytest.mark.filterwarnings("ignore")  # the trainers' own advice about workers and loggers


def data():
    x, y = zip(*training.batches(6), strict=True)
    return torch.cat(x), torch.cat(y)


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = training.classifier()

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, index):
        loss = training.class_loss(self(batch[0]), batch[1])
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", training.class_loss(self(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def by_lightning(tmp_path, callbacks, module=None, **options):
    module = module or Module()
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=2,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        **options,
    )
    loader = DataLoader(TensorDataset(*data()), batch_size=training.BATCH)
    trainer.fit(module, loader, loader)
    return module


def test_lightning(tmp_path, log_dir):
    plain = training.classifier()
    expected = training.train(plain, torch.optim.SGD(plain.parameters(), 0.1), 2 * training.batches(6))
    module = by_lightning(tmp_path, [LightningCallback(log_dir, every=1)])
    for ours, theirs in zip(module.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(12))
    for kind, values in (("gradient", expected.gradients), ("update", expected.updates)):
        for name, steps in values.items():
            recorded.assert_row(kind, f"net.{name}", steps, rtol=1e-3)
    recorded.assert_number("loss", "loss", expected.losses, "rms")
    assert recorded.row("activation", "net.1").activation == "tanh"
    assert recorded.row("activation", "net.4").output
    assert recorded.tensors("input") == ["input"]
    assert [epoch.step for epoch in recorded.epochs] == [5, 11]
    np.testing.assert_allclose(recorded.epochs[0].values["loss"], np.mean(expected.losses[:6]), rtol=1e-4)
    assert recorded.epochs[1].values["val_loss"] > 0


def test_lightning_with_clipping_and_accumulation(tmp_path, log_dir):
    by_lightning(
        tmp_path, [LightningCallback(log_dir, every=1)], gradient_clip_val=0.01, accumulate_grad_batches=2
    )
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(6))
    names = recorded.tensors("clipped")
    assert len(names) == 6
    for step in recorded.steps:
        norm = {
            kind: sum(
                recorded.column(kind, name, "rms")[step] ** 2 * np.prod(recorded.row(kind, name).shape)
                for name in names
            )
            ** 0.5
            for kind in ("gradient", "clipped")
        }
        assert norm["gradient"] > 0.01
        assert norm["clipped"] == pytest.approx(0.01, rel=1e-3)


def test_lightning_stops(tmp_path, log_dir):
    class Spoiled(Module):
        def training_step(self, batch, index):
            return super().training_step(batch, index) * torch.nan

    callback = LightningCallback(log_dir, every=1, stop_on="critical", stop_patience=1)
    by_lightning(tmp_path, [callback], Spoiled())
    assert callback.watcher.stopped_by.symptom == "non-finite"
    assert len(Recorded(log_dir).records) < 12


def test_unknown_options(log_dir):
    for kind in (LightningCallback, HuggingFaceCallback):
        with pytest.raises(TypeError, match="evry is no option: write name, activations"):
            kind(log_dir, evry=3)


class Rows(Dataset):
    def __init__(self):
        self.x, self.y = data()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return {"features": self.x[index], "labels": self.y[index]}


class WithLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = training.classifier()

    def forward(self, features, labels=None):
        logits = self.net(features)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.parametrize("accumulation", [1, 2])
def test_hugging_face(tmp_path, log_dir, accumulation):
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"),
        per_device_train_batch_size=training.BATCH,
        gradient_accumulation_steps=accumulation,
        num_train_epochs=2,
        learning_rate=0.1,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=0.01,
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    callback = HuggingFaceCallback(log_dir, every=1)
    trainer = transformers.Trainer(
        WithLoss(), arguments, train_dataset=Rows(), eval_dataset=Rows(), callbacks=[callback]
    )
    trainer.train()
    recorded = Recorded(log_dir)
    steps = 12 // accumulation
    assert recorded.steps == list(range(steps))
    assert set(recorded.column("loss", "loss", "rms")) == set(range(steps))
    logged = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    if accumulation == 1:
        recorded.assert_number("loss", "loss", logged, "rms", rtol=1e-3)
    norms = [entry["grad_norm"] for entry in trainer.state.log_history if "grad_norm" in entry]
    names = recorded.tensors("gradient")
    for step in recorded.steps:
        squares = [
            recorded.column("gradient", name, "rms")[step] ** 2
            * np.prod(recorded.row("gradient", name).shape)
            for name in names
        ]
        assert sum(squares) ** 0.5 == pytest.approx(norms[step], rel=1e-3)
    assert recorded.settings["optimizer"] == "SGD"
    assert [epoch.step for epoch in recorded.epochs] == [steps // 2 - 1, steps - 1]
    assert recorded.epochs[0].values["val_loss"] > 0
    assert recorded.tensors("input") == ["features", "labels"]
    assert not any(module._forward_hooks for module in trainer.model.modules())
