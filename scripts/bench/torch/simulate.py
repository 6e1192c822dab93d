"""
The plain PyTorch loop over peers, without a network, in one process with one thread:

    simulate.py DATA BEGINNING MODEL PEERS ROUNDS RHO EVERY SEED

BEGINNING is what beginning.js wrote: the peers' shares, their standardisation and the first model, so that both sides
begin alike. Trains the first PEERS of them, one local epoch a round, batch 32, learning rate 0.05 * 0.998^round; then
merges on a ring with weights 1/3, as flat vectors; evaluates every peer's model on the whole test set each EVERY rounds
and after the last. Says {"ready": ...}, waits for a line, then says {"seconds", "samples", "accuracy", "cpuSeconds",
"peakMB"}: seconds are without loading and with evaluation, CPU seconds are those of the whole process.
"""

import gzip
import json
import pathlib
import resource
import sys
import time

import numpy
import torch

from models import MODELS, begin_with, faster_format, parameter_count, train_step

BATCH = 32


def read_idx(folder: pathlib.Path, name: str) -> numpy.ndarray:
    packed = folder / f"{name}.gz"
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    dimensions = data[3]
    shape = numpy.frombuffer(data, ">i4", dimensions, 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def main() -> None:
    folder, beginning, name = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    peers, rounds, rho, every = int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]), int(sys.argv[7])
    torch.set_num_threads(1)
    torch.manual_seed(int(sys.argv[8]))

    def images(split: str) -> torch.Tensor:
        return torch.from_numpy(read_idx(folder, f"{split}-images-idx3-ubyte").copy()).unsqueeze(1).float() / 255

    labels = torch.from_numpy(read_idx(folder, "train-labels-idx1-ubyte").copy()).long()
    test_labels = torch.from_numpy(read_idx(folder, "t10k-labels-idx1-ubyte").copy()).long()
    inputs, test = images("train"), images("t10k")
    memory_format = faster_format(name, BATCH)
    shards = []
    for shard in json.loads((beginning / "shards.json").read_text())[:peers]:
        indices, mean, std = shard["indices"], shard["mean"], shard["std"]
        own = (inputs[indices] - mean) / std
        shards.append((own.contiguous(memory_format=memory_format), labels[indices], mean, std))
    del inputs

    build, _ = MODELS[name]
    models = [build() for _ in range(peers)]
    for model in models:
        begin_with(model, beginning)
    models = [model.to(memory_format=memory_format) for model in models]

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
                "cpuSeconds": time.process_time(),
                "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
