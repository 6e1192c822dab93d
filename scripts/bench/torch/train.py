"""
Training steps in PyTorch, as many as asked for, a line of JSON each way:

    train.py MODEL BATCH THREADS [DEVICE]       THREADS 0: all cores; DEVICE cpu or cuda
    -> {"parameters": 199210, "format": "channels_last"}
    <- {"steps": 40, "rho": 0.05}
    -> {"seconds": 0.05, "cpuSeconds": 0.05}

MODEL "count" prints how many parameters each model has, and ends.
"""

import json
import os
import sys
import time
from collections.abc import Callable

import torch

from models import MODELS, faster_format, parameter_count, train_step

SAMPLES = 2048
"""More than the caches hold, made in a moment. As in steps.js."""


def say(record: dict) -> None:
    print(json.dumps(record), flush=True)


def runner(
    name: str, batch: int, device: str, memory_format: torch.memory_format
) -> tuple[int, Callable[[int, float], dict]]:
    build, shape = MODELS[name]
    torch.manual_seed(1)
    model = build().to(device=device, memory_format=memory_format)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs = torch.randn(SAMPLES, *shape).to(device=device, memory_format=memory_format)
    labels = torch.randint(0, 10, (SAMPLES,)).to(device)

    def synchronise() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    def run(steps: int, rho: float) -> dict:
        synchronise()
        started, cpu_started = time.perf_counter(), time.process_time()
        done = 0
        while done < steps:
            for indices in torch.randperm(SAMPLES, device=device).split(batch)[: steps - done]:
                train_step(model, optimiser, inputs[indices], labels[indices], rho)
                done += 1
        synchronise()
        return {"seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu_started}

    return parameter_count(model), run


def main() -> None:
    name = sys.argv[1]
    if name == "count":
        say({model: parameter_count(build()) for model, (build, _) in MODELS.items()})
        return
    batch, threads = int(sys.argv[2]), int(sys.argv[3])
    device = sys.argv[4] if len(sys.argv) > 4 else "cpu"
    torch.set_num_threads(threads if threads > 0 else len(os.sched_getaffinity(0)))

    memory_format = faster_format(name, batch, device)
    parameters, run = runner(name, batch, device, memory_format)
    say({"parameters": parameters, "format": str(memory_format).removeprefix("torch.")})
    for line in sys.stdin:
        request = json.loads(line)
        say(run(request["steps"], request["rho"]))


if __name__ == "__main__":
    main()
