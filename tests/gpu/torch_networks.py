"""ResNet50 and a GPT-like network in PyTorch, and their training in bf16."""

import tempfile

import torch
from torch import nn
from torch.nn import functional

import tb_gradhealth.torch as gradhealth


class Bottleneck(nn.Module):
    """A block of ResNet50."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv3, self.norm3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.shortcut = nn.Identity()
        if before != 4 * width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output."""
        y = functional.relu(self.norm1(self.conv1(x)))
        y = functional.relu(self.norm2(self.conv2(y)))
        return functional.relu(self.norm3(self.conv3(y)) + self.shortcut(x))


def resnet50(width: int = 64, counts: tuple[int, ...] = (3, 4, 6, 3)) -> nn.Module:
    """ResNet50, with so many channels and blocks in each stage."""
    blocks: list[nn.Module] = []
    before = width
    for stage, count in enumerate(counts):
        for index in range(count):
            stride = 2 if stage and not index else 1
            blocks.append(Bottleneck(before, width * 2**stage, stride))
            before = 4 * width * 2**stage
    return nn.Sequential(
        nn.Conv2d(3, width, 7, 2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, padding=1),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(before, 1000),
    )


class Block(nn.Module):
    """A block of a transformer."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attention, self.project = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output, [batch, positions, size]."""
        parts = self.attention(self.norm1(x)).chunk(3, -1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(mixed.transpose(1, 2).flatten(2))
        return x + self.narrow(functional.gelu(self.widen(self.norm2(x))))


class Gpt(nn.Module):
    """A language model."""

    def __init__(self, blocks: int, size: int, heads: int, positions: int, vocabulary: int) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(vocabulary, size), nn.Embedding(positions, size)
        self.blocks = nn.ModuleList(Block(size, heads) for _ in range(blocks))
        self.norm, self.head = nn.LayerNorm(size), nn.Linear(size, vocabulary, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The scores of the next token, [batch, vocabulary, positions]."""
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).transpose(1, 2)


class Training:
    """A network in training on one batch, in bf16.

    Attributes:
        log_dir: where it is recorded.
    """

    def __init__(self, name: str, batch: int, device: str, recorded: bool) -> None:
        """Make it.

        Args:
            name: ``"ResNet50"`` or ``"GPT"``.
            batch: samples of a batch.
            device: ``"cuda"``, or ``"cpu"`` for a tiny network.
            recorded: whether it is.
        """
        torch.manual_seed(0)
        tiny = device == "cpu"
        if name == "ResNet50":
            self._model = (resnet50(4, (1, 1)) if tiny else resnet50()).to(
                device, memory_format=torch.channels_last
            )
            side = 32 if tiny else 224
            x = torch.randn(batch, 3, side, side, device=device)
            self._x = x.contiguous(memory_format=torch.channels_last)
            self._y = torch.randint(1000, (batch,), device=device)
        else:
            sizes = (2, 32, 2, 16, 64) if tiny else (12, 768, 12, 1024, 50304)
            self._model = Gpt(*sizes).to(device)
            tokens = torch.randint(sizes[-1], (batch, sizes[3] + 1), device=device)
            self._x, self._y = tokens[:, :-1], tokens[:, 1:]
        self._device = device
        # On a CPU, Adam reads its own numbers in each step, which the check of waiting would count.
        self._optimizer = torch.optim.SGD(self._model.parameters(), 1e-4, momentum=0.9)
        self._watcher = None
        if recorded:
            self.log_dir = tempfile.mkdtemp()
            self._watcher = gradhealth.watch(self._model, self._optimizer, self.log_dir, overhead=None)

    def step(self) -> None:
        """Run a step, without waiting for the device."""
        with torch.autocast(self._device, torch.bfloat16):
            loss = functional.cross_entropy(self._model(self._x), self._y)
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._watcher is not None:
            self._watcher.step(loss)

    def wait(self) -> None:
        """Wait for the device."""
        if self._device == "cuda":
            torch.cuda.synchronize()

    def close(self) -> None:
        """End the recording."""
        if self._watcher is not None:
            self._watcher.close()
