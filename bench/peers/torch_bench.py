"""Images per second of PyTorch: one JSON line. Run by bench/bench.py in a process of its own, so that peak memory is its own."""
import argparse
import contextlib
import json
import resource
import statistics
import sys
import time

import torch

import nets

a = argparse.ArgumentParser()
a.add_argument("job", choices=["train", "infer"])
a.add_argument("--model", default="resnet18")
a.add_argument("--size", type=int, default=224)
a.add_argument("--batch", type=int, default=32)
a.add_argument("--precision", choices=["f32", "bf16"], default="f32")
a.add_argument("--threads", type=int, default=2)
a.add_argument("--steps", type=int, default=7)
a.add_argument("--compile", action="store_true")
o = a.parse_args()

torch.manual_seed(1)
torch.set_num_threads(o.threads)
net = nets.make(o.model).to(memory_format=torch.channels_last)
x = torch.randn(o.batch, 3, o.size, o.size).contiguous(memory_format=torch.channels_last)
y = torch.randint(0, 7, (o.batch,))
cast = (lambda: torch.autocast("cpu", dtype=torch.bfloat16)) if o.precision == "bf16" else contextlib.nullcontext
train = o.job == "train"
net.train(train)
run = torch.compile(net) if o.compile else net
optim = torch.optim.Adam(net.parameters(), lr=1e-4)
loss_fn = torch.nn.CrossEntropyLoss()


def step():
    if train:
        optim.zero_grad(set_to_none=True)
        with cast():
            loss = loss_fn(run(x).float(), y)
        loss.backward()
        optim.step()
        return float(loss)
    with torch.inference_mode(), cast():
        return float(run(x).float().sum())


for _ in range(3):
    step()
times = []
for _ in range(o.steps):
    t = time.perf_counter()
    step()
    times.append(time.perf_counter() - t)
m = statistics.median(times)
json.dump({"images_per_second": o.batch / m, "milliseconds_median": 1e3 * m,
           "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
           "torch": torch.__version__, "compile": o.compile}, sys.stdout)
print()
