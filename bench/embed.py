"""t-SNE of maskfer against scikit-learn and openTSNE, in turn, on one machine. Called by `make bench`.

Seconds are of the embedding alone (neighbours to last iteration), by the clock and of CPU time; ratios are taken round by round, then
their median. By the clock is what counts on a machine with nothing else to do; on a busy one only the CPU time says something. All maps
are judged by one measure (embed_tool --measure): Kullback-Leibler divergence from exact affinities at perplexity 30, and trustworthiness."""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20
# The peer's neighbour search and products need no help from variables that pick slower kernels.
ENV = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}


def features(n, d, classes, rank=8):
    """Classes on flat pieces of `rank` dimensions, with noise: what a trained network's features look like."""
    r = np.random.default_rng(SEED)
    centre, basis = r.normal(size=(classes, d)), r.normal(size=(classes, rank, d)) / np.sqrt(rank)
    label = r.integers(0, classes, n)
    inside = r.normal(size=(n, rank)) * np.linspace(2, 0.3, rank)
    return (centre[label] + np.einsum("nr,nrd->nd", inside, basis[label]) + 0.3 * r.normal(size=(n, d))).astype(np.float32)


def call(cmd, threads):
    env = dict(ENV, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    if r.returncode != 0:
        print("failed: %s\n%s" % (" ".join(cmd), r.stderr.strip()[-400:]), flush=True)
        return None
    return json.loads(r.stdout.strip().splitlines()[-1])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tool", required=True)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--jobs", default="2000x512:scikit-learn,openTSNE;5000x64:scikit-learn,openTSNE;50000x50:openTSNE")
    p.add_argument("--out", default=os.path.join(HERE, "results", "embed.csv"))
    o = p.parse_args()
    rows = []
    for job in o.jobs.split(";"):
        size, peers = job.split(":")
        n, d = (int(v) for v in size.split("x"))
        with tempfile.TemporaryDirectory() as tmp:
            x = os.path.join(tmp, "x.f32")
            features(n, d, 7 if n < 20000 else 20).tofile(x)
            names, got, judged = ["maskfer"] + peers.split(","), {}, {}
            for round_ in range(o.rounds if n < 20000 else 1):
                for name in names:
                    y = os.path.join(tmp, name + ".f32")
                    cmd = [o.tool, str(n), str(d), x, y, str(o.threads)] if name == "maskfer" else \
                        [sys.executable, os.path.join(HERE, "peers", "tsne_peer.py"), name, str(n), str(d), x, y, str(o.threads)]
                    got.setdefault(name, []).append(call(cmd, o.threads))
                    if round_ == 0 and got[name][0]:
                        judged[name] = call([o.tool, str(n), str(d), x, y, str(o.threads), "--measure"], o.threads)
            for name in names:
                pairs = [(a, b) for a, b in zip(got["maskfer"], got[name]) if a and b]
                if not pairs or not judged.get(name):
                    continue
                cpu = statistics.median(b["cpu_seconds"] for _, b in pairs)
                ratio = statistics.median(b["cpu_seconds"] / a["cpu_seconds"] for a, b in pairs)
                wall = statistics.median(b["wall_seconds"] for _, b in pairs)
                clock = statistics.median(b["wall_seconds"] / a["wall_seconds"] for a, b in pairs)
                mem = max(b["peak_memory_bytes"] for _, b in pairs)
                rows.append([size, o.threads, name, pairs[0][1].get("version", ""), round(wall, 3), round(clock, 2), round(cpu, 3), round(ratio, 2),
                             judged[name]["kl"], judged[name]["trustworthiness"], round(mem / 2**20)])
                print("%-9s %-13s %8.2f s (maskfer is %6.2f x as fast), %8.2f s CPU (%6.2f x)  KL %.4f  trustworthiness %.4f  %5d MiB" %
                      (size, name, wall, clock, cpu, ratio, judged[name]["kl"], judged[name]["trustworthiness"], mem / 2**20), flush=True)
    os.makedirs(os.path.dirname(o.out), exist_ok=True)
    with open(o.out, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["size", "threads", "program", "version", "seconds", "maskfer_is_faster_by", "cpu_seconds", "faster_in_cpu_seconds", "kl",
                    "trustworthiness", "peak_mib"])
        w.writerows(rows)


main()
