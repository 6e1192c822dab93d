"""The models of the benchmark in PyTorch, with the same parameters as ours: the counts are compared in every run."""

import json
import pathlib
import time

import numpy
import torch
from torch import nn
from torch.nn import functional


def mlp(inputs: int = 784, classes: int = 10) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, classes)
    )


def lenet5(classes: int = 10) -> nn.Module:
    """The Caffe variant for 28x28: no activation between convolution and pool, 431,080 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 20, 5),
        nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(800, 500),
        nn.ReLU(),
        nn.Linear(500, classes),
    )


def cnn(classes: int = 10) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 64, 512),
        nn.ReLU(),
        nn.Linear(512, classes),
    )


class Block(nn.Module):
    """Two 3x3 convolutions with group normalisation and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.GroupNorm(32, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(32, outputs)
        self.shortcut = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.GroupNorm(32, outputs))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def resnet18(classes: int = 10) -> nn.Module:
    """CIFAR stem (3x3, stride 1, no pool), every batch normalisation replaced by 32 groups."""
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [
        Block(inputs, outputs, 1 if inputs == outputs else 2) for inputs, outputs in zip(widths[:-1], widths[1:])
    ]
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 1, 1, bias=False),
        nn.GroupNorm(32, 64),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, classes),
    )


MODELS = {
    "mlp": (mlp, (1, 28, 28)),
    "lenet5": (lenet5, (1, 28, 28)),
    "cnn": (cnn, (1, 28, 28)),
    "resnet18": (resnet18, (3, 32, 32)),
}


def parameter_count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def begin_with(model: nn.Module, beginning: pathlib.Path) -> None:
    """Takes the numbers of initial.f32 (beginning.js), whose tensors are in the order of the layers, as PyTorch's are."""
    tensors = json.loads((beginning / "initial.json").read_text())
    numbers = torch.from_numpy(numpy.fromfile(beginning / "initial.f32", "<f4"))
    parameters = list(model.parameters())
    assert len(parameters) == len(tensors)
    channels = None
    with torch.no_grad():
        for parameter, tensor in zip(parameters, tensors):
            shape = tensor["shape"]
            values, numbers = numbers[: parameter.numel()].view(shape), numbers[parameter.numel() :]
            if len(shape) == 4:
                # Height, width, inputs, outputs.
                values = values.permute(3, 2, 0, 1)
                channels = shape[3]
            elif len(shape) == 2:
                if channels is not None:
                    # What is flattened has its channels last with us, first with PyTorch.
                    values = values.view(-1, channels, shape[1]).transpose(0, 1).reshape(shape)
                    channels = None
                values = values.T
            parameter.copy_(values)


def train_step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    inputs: torch.Tensor,
    labels: torch.Tensor,
    rho: float,
) -> None:
    """One step of SGD; with rho > 0 of SAM: two passes over the same batch, one norm over all tensors."""
    optimiser.zero_grad()
    functional.cross_entropy(model(inputs), labels).backward()
    if rho > 0:
        parameters = [p for p in model.parameters() if p.grad is not None]
        with torch.no_grad():
            norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad) for p in parameters]))
            scale = rho / (norm + 1e-12)
            held = [p.clone() for p in parameters]
            for p in parameters:
                p.add_(p.grad * scale)
        optimiser.zero_grad()
        functional.cross_entropy(model(inputs), labels).backward()
        with torch.no_grad():
            for p, before in zip(parameters, held):
                p.copy_(before)
    optimiser.step()


def faster_format(name: str, batch: int, device: str = "cpu") -> torch.memory_format:
    """Of PyTorch's two layouts for images the one in which this model trains faster here, as its user would choose."""
    if name == "mlp":
        # Dense layers know none.
        return torch.contiguous_format
    build, shape = MODELS[name]
    seconds = {}
    for memory_format in (torch.contiguous_format, torch.channels_last):
        model = build().to(device=device, memory_format=memory_format)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
        inputs = torch.randn(batch, *shape).to(device=device, memory_format=memory_format)
        labels = torch.randint(0, 10, (batch,)).to(device)
        times = []
        for _ in range(4):
            started = time.perf_counter()
            train_step(model, optimiser, inputs, labels, 0)
            if device == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - started)
        # The first step warms up; the least of three, which a busy moment spoils least.
        seconds[memory_format] = min(times[1:])
    return min(seconds, key=seconds.__getitem__)
