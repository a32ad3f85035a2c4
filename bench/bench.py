"""maskfer against PyTorch, in turn, on one machine: images per second, ratios, peak memory. Called by `make bench`.

Each figure is the median over `--rounds` rounds; in each round every peer runs once, in a process of its own, one after the
other, so a machine whose speed drifts treats all alike. Ratios are taken round by round, then their median."""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def last_json(cmd, env=None):
    r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=os.path.join(HERE, "peers"), env=env)
    if r.returncode != 0:
        return None, (r.stderr.strip().splitlines() or ["exit status %d" % r.returncode])[-1]
    return json.loads(r.stdout.strip().splitlines()[-1]), None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--maskfer", required=True)
    p.add_argument("--newest", help="python with the newest PyTorch wheel")
    p.add_argument("--debian", help="python with Debian's PyTorch")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--model", default="resnet18")
    p.add_argument("--size", type=int, default=224)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--jobs", default="train:f32,train:bf16,infer:f32,infer:bf16,latency:f32,latency:bf16")
    p.add_argument("--no-compile", action="store_true")
    p.add_argument("--out", default=os.path.join(HERE, "results", "torch.csv"))
    o = p.parse_args()
    flags = open("/proc/cpuinfo").read()
    hardware = "amx_bf16" in flags or "avx512_bf16" in flags
    rows = []
    for job in o.jobs.split(","):
        kind, prec = job.split(":")
        if prec == "bf16" and not hardware:
            print("%-13s left out: this CPU has no bf16 (neither AMX nor AVX512-BF16); emulated speed would say nothing" % job, flush=True)
            continue
        batch = 1 if kind == "latency" else o.batch
        args = ["train" if kind == "train" else "infer", "--model", o.model, "--size", str(o.size), "--batch", str(batch),
                "--precision", prec, "--threads", str(o.threads)]
        steps = ["--steps", "30"] if kind == "latency" else []
        peers = [("maskfer", [o.maskfer, "bench"] + args + steps + ["--json"])]
        for name, python in (("debian", o.debian), ("newest", o.newest)):
            if not python:
                continue
            peers.append((name, [python, "torch_bench.py"] + args + steps))
            if name == "newest" and not o.no_compile:
                peers.append(("newest+compile", [python, "torch_bench.py"] + args + steps + ["--compile"]))
        got = {n: [] for n, _ in peers}
        for _ in range(o.rounds):
            for name, cmd in peers:
                r, why = last_json(cmd)
                if r is None:
                    print("%-13s %-15s failed: %s" % (job, name, why), flush=True)
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
            rows.append([job, o.model, o.size, batch, o.threads, name, good[0].get("torch", ""), round(speed, 2), round(ms, 2),
                         round(mem / 2**20), round(ratio, 3), round(share, 3)])
            print("%-13s %-15s %8.2f images/s %9.2f ms %6d MiB   maskfer is %.2f x as fast, with %.2f x the memory" %
                  (job, name, speed, ms, mem / 2**20, ratio, share), flush=True)
    os.makedirs(os.path.dirname(o.out), exist_ok=True)
    with open(o.out, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["job", "model", "size", "batch", "threads", "peer", "version", "images_per_second", "milliseconds", "peak_mib",
                    "maskfer_speed_ratio", "maskfer_memory_ratio"])
        w.writerows(rows)
    print("written: %s" % os.path.relpath(o.out))


if __name__ == "__main__":
    sys.exit(main())
