"""maskfer against PyTorch, in turn, on one machine: images per second, ratios, peak memory. Called by `make bench`.

Each figure is the median over `--rounds` rounds; in each round every peer runs once, in a process of its own, one after the
other, so a machine whose speed drifts treats all alike. Ratios are taken round by round, then their median. At the end a
summary holds the ratios against what maskfer sets itself (TARGETS)."""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


FULL = "train:f32,train:bf16,infer:f32,infer:bf16,latency:f32,latency:bf16"
BOTH = "train:f32,train:bf16,infer:f32,infer:bf16"
# architecture: (side of the pictures, pictures a batch, jobs, steps timed, PyTorch's compiled form too); of the heavy ones
# few pictures and steps, so that the whole takes an hour or two
MODELS = {
    "resnet18": (224, 32, FULL, 7, True),
    "resnet50": (224, 16, BOTH, 3, False),
    "mobilenet_v2": (224, 32, FULL, 5, False),
    "vgg16": (224, 8, BOTH, 3, False),
    "cbam_resnet50": (224, 16, BOTH, 3, False),
    "resmasking": (224, 4, BOTH, 3, False),
}
# In bf16, of training and of inference: at least so many times the peer's speed, and at most this share of its memory.
TARGETS = {"debian": 1.5, "newest": 1.1, "newest+compile": 1.1}
MEMORY = 0.7


def last_json(cmd, env=None):
    r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=os.path.join(HERE, "peers"), env=env)
    if r.returncode != 0:
        return None, (r.stderr.strip().splitlines() or ["exit status %d" % r.returncode])[-1]
    return json.loads(r.stdout.strip().splitlines()[-1]), None


def measure(o, model, job, rows):
    """Rounds of one job; a row a peer."""
    side, pictures, _, timed, compiled = MODELS.get(model, MODELS["resnet18"])
    kind, prec = job.split(":")
    size, batch = o.size or side, 1 if kind == "latency" else o.batch or pictures
    steps = o.steps or (30 if kind == "latency" else timed)
    args = ["train" if kind == "train" else "infer", "--model", model, "--size", str(size), "--batch", str(batch),
            "--precision", prec, "--threads", str(o.threads), "--steps", str(steps)]
    peers = [("maskfer", [o.maskfer, "bench"] + args + ["--json"])]
    for name, python in (("debian", o.debian), ("newest", o.newest)):
        if not python:
            continue
        peers.append((name, [python, "torch_bench.py"] + args))
        if name == "newest" and compiled and not o.no_compile:
            peers.append(("newest+compile", [python, "torch_bench.py"] + args + ["--compile"]))
    what = "%s %s" % (model, job)
    got = {n: [] for n, _ in peers}
    for _ in range(o.rounds):
        for name, cmd in peers:
            r, why = last_json(cmd)
            if r is None:
                print("%-26s %-15s failed: %s" % (what, name, why), flush=True)
            got[name].append(r)
    for name, _ in peers:
        good = [r for r in got[name] if r]
        if not good:
            continue
        speed = statistics.median(r["images_per_second"] for r in good)
        ms = statistics.median(r["milliseconds_median"] for r in good)
        mem = statistics.median(r["peak_memory_bytes"] for r in good)
        pairs = [(m, r) for m, r in zip(got["maskfer"], got[name]) if m and r]
        ratio = statistics.median(m["images_per_second"] / r["images_per_second"] for m, r in pairs) if pairs else float("nan")
        share = statistics.median(m["peak_memory_bytes"] / r["peak_memory_bytes"] for m, r in pairs) if pairs else float("nan")
        rows.append([job, model, size, batch, o.threads, name, good[0].get("torch", ""), round(speed, 2), round(ms, 2),
                     round(mem / 2**20), round(ratio, 3), round(share, 3)])
        print("%-26s %-15s %8.2f images/s %9.2f ms %6d MiB   maskfer is %.2f x as fast, with %.2f x the memory" %
              (what, name, speed, ms, mem / 2**20, ratio, share), flush=True)


def summary(rows):
    """The ratios in bf16 against the targets."""
    met = of = 0
    print("\n%-26s %-15s %18s %18s" % ("against the targets", "peer", "times as fast", "share of memory"))
    for job, model, _, _, _, peer, _, _, _, _, ratio, share in rows:
        if peer not in TARGETS or job not in ("train:bf16", "infer:bf16"):
            continue
        fast, small = ratio >= TARGETS[peer], share <= MEMORY
        met += fast + small
        of += 2
        print("%-26s %-15s %6.2f of %.1f %-5s %6.2f of %.1f %-5s" %
              ("%s %s" % (model, job), peer, ratio, TARGETS[peer], "met" if fast else "short", share, MEMORY, "met" if small else "over"))
    print("%d of %d targets met" % (met, of) if of else "no target was measured: they are of bf16, against PyTorch")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--maskfer", required=True)
    p.add_argument("--newest", help="python with the newest PyTorch wheel")
    p.add_argument("--debian", help="python with Debian's PyTorch")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--models", default=",".join(MODELS))
    p.add_argument("--size", type=int, help="in place of each architecture's own")
    p.add_argument("--batch", type=int)
    p.add_argument("--steps", type=int)
    p.add_argument("--jobs", help="in place of each architecture's own: " + FULL)
    p.add_argument("--no-compile", action="store_true")
    p.add_argument("--out", default=os.path.join(HERE, "results", "torch.csv"))
    o = p.parse_args()
    flags = open("/proc/cpuinfo").read()
    hardware = "amx_bf16" in flags or "avx512_bf16" in flags
    rows = []
    for model in o.models.split(","):
        for job in (o.jobs or MODELS.get(model, (0, 0, BOTH))[2]).split(","):
            if job.endswith(":bf16") and not hardware:
                print("%s %s left out: this CPU has no bf16 (neither AMX nor AVX512-BF16); emulated speed would say nothing" % (model, job), flush=True)
                continue
            measure(o, model, job, rows)
    summary(rows)
    os.makedirs(os.path.dirname(o.out), exist_ok=True)
    with open(o.out, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["job", "model", "size", "batch", "threads", "peer", "version", "images_per_second", "milliseconds", "peak_mib",
                    "maskfer_speed_ratio", "maskfer_memory_ratio"])
        w.writerows(rows)
    print("written: %s" % os.path.relpath(o.out))


if __name__ == "__main__":
    sys.exit(main())
