"""The networks of the demo: one that learns, and five with one fault each. Images are [batch, 1, 8, 8]."""

from collections import OrderedDict

import torch
from torch import nn

CLASSES = 10


def healthy_cnn() -> nn.Module:
    """Convolutions with batch normalization, a usual healthy network."""
    return _named(
        conv_0=nn.Conv2d(1, 16, 3, padding=1, bias=False),
        norm_0=nn.BatchNorm2d(16),
        relu_0=nn.ReLU(),
        conv_1=nn.Conv2d(16, 32, 3, padding=1, bias=False),
        norm_1=nn.BatchNorm2d(32),
        relu_1=nn.ReLU(),
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        logits=nn.Linear(32, CLASSES),
    )


def deep_sigmoid() -> nn.Module:
    """Fault: twelve sigmoid layers. Each passes at most a quarter of the gradient it receives."""
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    for depth in range(12):
        layers[f"hidden_{depth}"] = nn.Linear(64 if depth == 0 else 32, 32)
        layers[f"sigmoid_{depth}"] = nn.Sigmoid()
    return _named(**layers, logits=nn.Linear(32, CLASSES))


def dead_relu() -> nn.Module:
    """Fault: the second hidden layer starts with strongly negative biases, so most units are always zero."""
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    for depth in range(3):
        hidden = nn.Linear(64, 64)
        nn.init.kaiming_normal_(hidden.weight)
        nn.init.zeros_(hidden.bias)
        layers[f"hidden_{depth}"], layers[f"relu_{depth}"] = hidden, nn.ReLU()
    nn.init.normal_(layers["hidden_1"].bias, mean=-4.0, std=1.0)
    return _named(**layers, logits=nn.Linear(64, CLASSES))


def plain_cnn() -> nn.Module:
    """No fault in the network: its run receives one batch of broken images."""
    return _named(
        conv_0=nn.Conv2d(1, 16, 3),
        relu_0=nn.ReLU(),
        conv_1=nn.Conv2d(16, 32, 3),
        relu_1=nn.ReLU(),
        flatten=nn.Flatten(),
        logits=nn.Linear(512, CLASSES),
    )


class Contrast(nn.Module):
    """Fault: (image - mean) / deviation without a guard. An empty image gives 0 / 0."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scale every image to mean 0 and deviation 1."""
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        deviation = images.std(dim=(1, 2, 3), keepdim=True)
        return (images - mean) / deviation


def unguarded_contrast() -> nn.Module:
    """A small network behind the unguarded layer."""
    return _named(
        contrast=Contrast(),
        flatten=nn.Flatten(),
        hidden=nn.Linear(64, 64),
        relu=nn.ReLU(),
        logits=nn.Linear(64, CLASSES),
    )


class PixelRNN(nn.Module):
    """Fault: a plain recurrent layer over 64 pixels whose recurrent weights amplify, without clipping.

    Adam divides by the gradient's size, so the weights do not explode and the loss only stays high: the
    explosion is visible in the gradient alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(1, 32, batch_first=True)
        nn.init.xavier_uniform_(self.rnn.weight_ih_l0)
        nn.init.normal_(self.rnn.weight_hh_l0, std=0.5)
        self.logits = nn.Linear(32, CLASSES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The scores of the classes after the last pixel."""
        outputs, _ = self.rnn(images.flatten(1).unsqueeze(-1))
        return self.logits(outputs[:, -1])


def pixel_rnn() -> nn.Module:
    """A recurrent network that explodes."""
    return PixelRNN()


def _named(**layers: nn.Module) -> nn.Sequential:
    """The layers in order, with names: findings name them."""
    return nn.Sequential(OrderedDict(layers))
