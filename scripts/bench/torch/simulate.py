"""
The plain PyTorch loop over peers, without a network, in one process with one thread:

    simulate.py DATA MODEL PEERS OF ROUNDS RHO EVERY

trains the first PEERS of OF peers (client-wise Dirichlet 0.3, equal sizes), one local epoch a round, batch 32, learning
rate 0.05 * 0.998^round; then merges on a ring with weights 1/3, as flat vectors; evaluates every peer's model on the
whole test set each EVERY rounds and after the last. Says {"ready": ...}, waits for a line, then says
{"seconds", "samples", "accuracy", "peakMB"}: loading is not counted, evaluation is.
"""

import gzip
import json
import pathlib
import resource
import sys
import time

import numpy
import torch

from models import MODELS, faster_format, parameter_count, train_step

BATCH = 32
ALPHA = 0.3


def read_idx(folder: pathlib.Path, name: str) -> numpy.ndarray:
    packed = folder / f"{name}.gz"
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    dimensions = data[3]
    shape = numpy.frombuffer(data, ">i4", dimensions, 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def deal(labels: numpy.ndarray, peers: int, generator: numpy.random.Generator) -> list[numpy.ndarray]:
    """Client-wise Dirichlet: every peer draws the classes of its samples from a prior of its own, all sizes equal."""
    classes = int(labels.max()) + 1
    left = [list(generator.permutation(numpy.flatnonzero(labels == c))) for c in range(classes)]
    size = len(labels) // peers
    priors = generator.dirichlet([ALPHA] * classes, peers)
    shards: list[list[int]] = [[] for _ in range(peers)]
    # In shares of 25 samples: numpy's draw for every single sample would take longer than the training.
    while any(len(shard) < size for shard in shards):
        for shard, prior in zip(shards, priors):
            wanted = min(25, size - len(shard))
            if wanted == 0:
                continue
            odds = prior * [len(rest) > 0 for rest in left]
            odds = odds / odds.sum() if odds.sum() > 0 else [len(rest) / sum(map(len, left)) for rest in left]
            for c, count in enumerate(generator.multinomial(wanted, odds)):
                for _ in range(min(count, len(left[c]))):
                    shard.append(left[c].pop())
    return [numpy.array(shard) for shard in shards]


def main() -> None:
    folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    peers, of, rounds, rho, every = int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]), int(sys.argv[7])
    torch.set_num_threads(1)
    torch.manual_seed(1)

    def images(split: str) -> torch.Tensor:
        return torch.from_numpy(read_idx(folder, f"{split}-images-idx3-ubyte").copy()).unsqueeze(1).float() / 255

    train_labels = read_idx(folder, "train-labels-idx1-ubyte").copy()
    labels = torch.from_numpy(train_labels).long()
    test_labels = torch.from_numpy(read_idx(folder, "t10k-labels-idx1-ubyte").copy()).long()
    inputs, test = images("train"), images("t10k")
    memory_format = faster_format(name, BATCH)
    shards = []
    for indices in deal(train_labels, of, numpy.random.default_rng(1))[:peers]:
        own = inputs[indices]
        mean, std = own.mean(), own.std()
        shards.append((((own - mean) / std).contiguous(memory_format=memory_format), labels[indices], mean, std))
    del inputs

    build, _ = MODELS[name]
    models = [build().to(memory_format=memory_format) for _ in range(peers)]
    for model in models[1:]:
        model.load_state_dict(models[0].state_dict())

    def evaluate() -> float:
        accuracies = []
        with torch.no_grad():
            for model, (_, _, mean, std) in zip(models, shards):
                right = 0
                for x, y in zip(test.split(1000), test_labels.split(1000)):
                    right += int((model((x - mean) / std).argmax(1) == y).sum())
                accuracies.append(right / len(test))
        return sum(accuracies) / len(accuracies)

    print(json.dumps({"ready": True, "torch": torch.__version__, "parameters": parameter_count(models[0])}), flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    samples = 0
    accuracy = 0.0
    for t in range(rounds):
        vectors = []
        for model, (x, y, _, _) in zip(models, shards):
            optimiser = torch.optim.SGD(model.parameters(), lr=0.05 * 0.998**t)
            for indices in torch.randperm(len(x)).split(BATCH):
                train_step(model, optimiser, x[indices], y[indices], rho)
            samples += len(x)
            vectors.append(torch.cat([p.detach().reshape(-1) for p in model.parameters()]))
        for i, model in enumerate(models):
            merged = (vectors[i - 1] + vectors[i] + vectors[(i + 1) % peers]) / 3
            with torch.no_grad():
                parts = merged.split([p.numel() for p in model.parameters()])
                for p, part in zip(model.parameters(), parts):
                    p.copy_(part.view_as(p))
        if (t + 1) % every == 0 or t == rounds - 1:
            accuracy = evaluate()
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - started,
                "samples": samples,
                "accuracy": accuracy,
                "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
