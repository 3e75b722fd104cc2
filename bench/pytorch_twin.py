"""The benchmark's workloads in PyTorch: float32 without TF32, eager and compiled, as a yardstick on the same machine.

    python3 bench/pytorch_twin.py [--device cuda] [--workload W1,W4,matmul] [--repetitions 9]

Prints one JSON object of the shape that `npm run bench -- gpu` prints; progress goes to stderr.
"""

import argparse
import json
import platform
import statistics
import sys
import time

import torch
from torch.nn import functional

ADAM = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}
BATCH_SECONDS = 0.02  # as in bench/race/race.ts, on hardware

TRAINING = {
    "W1": ([784, 1024, 1024, 10], 128, "softmax"),
    "W2": ([784, 256, 10], 32, "softmax"),
    "W3": ([2, 8, 8, 1], 16, "sigmoid"),
    "W4": ([784, 4096, 4096, 10], 512, "softmax"),
}
MATMUL = {
    f"matmul{size}{letters}": (size, letters)
    for size in (256, 512, 1024, 4096)
    for letters in ("NN", "NT", "TN")
}
OTHERS = ("crossEntropy", "columnSum", "adam")


def uniform(*shape, device, limit=1.0):
    return (2 * torch.rand(*shape, device=device) - 1) * limit


def compiled(function, wanted):
    return torch.compile(function) if wanted else function


def adam(parameters, device, wanted):
    """Adam as it comes; in the compiled run the one kernel that PyTorch has for all parameters, where it has one."""
    fused = {"fused": True} if wanted and device == "cuda" else {}
    return torch.optim.Adam(parameters, **ADAM, **fused)


def training_step(name, device, wanted):
    sizes, batch, loss_name = TRAINING[name]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1]).to(device)
    x = uniform(batch, sizes[0], device=device)
    if loss_name == "softmax":
        y = torch.randint(sizes[-1], (batch,), device=device)
        loss_of = functional.cross_entropy
    else:
        y = torch.randint(2, (batch, 1), device=device).float()
        loss_of = functional.binary_cross_entropy_with_logits
    forward = compiled(lambda: loss_of(model(x), y), wanted)
    optimizer = adam(model.parameters(), device, wanted)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = forward()
        loss.backward()
        optimizer.step()
        return loss

    return step


def operation(name, device, wanted):
    if name in MATMUL:
        size, letters = MATMUL[name]
        a, b = uniform(size, size, device=device), uniform(size, size, device=device)
        left = a.t() if letters[0] == "T" else a
        right = b.t() if letters[1] == "T" else b
        product = compiled(torch.matmul, wanted)
        return lambda: product(left, right)
    if name == "columnSum":
        x = uniform(4096, 4096, device=device)
        total = compiled(lambda: x.sum(0), wanted)
        return total
    if name == "crossEntropy":
        logits = uniform(4096, 1000, device=device, limit=4).requires_grad_()
        labels = torch.randint(1000, (4096,), device=device)
        loss_of = compiled(lambda: functional.cross_entropy(logits, labels), wanted)
        return lambda: torch.autograd.grad(loss_of(), logits)[0]
    weights = torch.nn.Parameter(uniform(10_000_000, device=device))
    weights.grad = uniform(10_000_000, device=device)
    optimizer = adam([weights], device, wanted)

    def step():
        optimizer.step()
        return weights

    return step


def timed(step, calls):
    """Seconds of so many calls, ended by reading one number of the last: that waits for all before it."""
    start = time.perf_counter()
    for _ in range(calls):
        last = step()
    last.flatten()[0].item()
    return time.perf_counter() - start


def measure(step, repetitions):
    for _ in range(3):
        timed(step, 1)  # compiles, and makes Adam's state
    calls = 1
    for _ in range(4):
        seconds = timed(step, calls)
        if seconds > 0.75 * BATCH_SECONDS:
            break
        calls = min(10_000, calls * 64, -(-int(calls * BATCH_SECONDS * 1e9) // max(1, int(seconds * 1e9))))
    batches = [1000 * timed(step, calls) / calls for _ in range(repetitions)]
    return {
        "milliseconds": {"median": statistics.median(batches), "low": min(batches), "high": max(batches)},
        "batches": len(batches),
        "calls": calls,
    }


def chosen(text):
    names = [*TRAINING, *MATMUL, *OTHERS]
    groups = {"training": list(TRAINING), **{f"matmul{size or ''}": [
        name for name in MATMUL if name.startswith(f"matmul{size or ''}")] for size in (None, 256, 512, 1024, 4096)}}
    if text is None:
        return names
    wanted = {name for part in text.split(",") for name in groups.get(part.strip(), [part.strip()])}
    unknown = wanted - set(names)
    if unknown:
        sys.exit(f"There is no workload {', '.join(sorted(unknown))}. There are: {', '.join(names)}.")
    return [name for name in names if name in wanted]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workload", default=None)
    parser.add_argument("--repetitions", type=int, default=9)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    modes = {"pytorch eager": False}
    if hasattr(torch, "compile"):
        modes["pytorch compiled"] = True

    start = time.perf_counter()
    races, failures = [], {}
    for name in chosen(options.workload):
        make = training_step if name in TRAINING else operation
        times, absent = {}, {}
        for mode, wanted in modes.items():
            try:
                times[mode] = measure(make(name, options.device, wanted), options.repetitions)
                print(f"{name} {mode}: {times[mode]['milliseconds']['median']:.4f} ms", file=sys.stderr)
            except Exception as error:  # a compiler that is not there, say: the rest goes on
                absent[mode] = f"failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
                print(f"{name} {mode}: {absent[mode]}", file=sys.stderr)
        if not times:
            failures[name] = "; ".join(absent.values())
        races.append({"workload": name, "times": times, "absent": absent})
    hardware = torch.cuda.get_device_name() if options.device == "cuda" else platform.processor() or "CPU"
    print(json.dumps({
        "command": " ".join(["python3", *sys.argv]),
        "adapter": {"description": hardware, "isFallback": options.device != "cuda"},
        "versions": {"pytorch": torch.__version__, "python": platform.python_version()},
        "races": races,
        "failures": failures,
        "seconds": round(time.perf_counter() - start),
    }))


if __name__ == "__main__":
    main()
