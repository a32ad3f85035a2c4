"""`maskfer data adjudicate` beside crowd-kit on the same drawn votes, in turn. Called by `make bench`.

maskfer is timed as a whole process, from votes.csv to the report on standard output (nothing is copied); crowd-kit is timed from a
data frame that lies in memory to its result, imports and reading left out. Each figure is the median over `--rounds` rounds of CPU
seconds (user and system), since a machine that does other things besides spoils the clock's."""
import argparse
import csv
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

CLASSES = "surprise fear disgust happy sad angry neutral".split()
HERE = os.path.dirname(os.path.abspath(__file__))


def draw(folder, pictures, people, seed):
    """10 annotators of unlike skill, pictures of unlike difficulty, 3 % of the votes missing, 2 % abstentions."""
    rng = random.Random(seed)
    skill = [rng.uniform(0.5, 0.95) for _ in range(people)]
    rows = []
    with open(folder + "/dataset.yaml", "w") as f:
        f.write("name: votes\nclasses: [%s]\n" % ", ".join(CLASSES))
    with open(folder + "/manifest.csv", "w") as m, open(folder + "/votes.csv", "w") as v:
        m.write("image,label\n")
        v.write("image,annotator,verdict,label\n")
        for i in range(pictures):
            true, hard = rng.randrange(7), rng.random()
            label = true if rng.random() < 0.9 else rng.randrange(7)
            m.write("%d.png,%s\n" % (i, CLASSES[label]))
            for w in range(people):
                if rng.random() < 0.03:
                    continue
                said = true if rng.random() < skill[w] * (1 - 0.4 * hard) else rng.randrange(7)
                if rng.random() < 0.02:
                    v.write("%d.png,a%d,unsure,\n" % (i, w))
                    continue
                v.write("%d.png,a%d,%s\n" % (i, w, "agree," if said == label else "other," + CLASSES[said]))
                rows.append((i, w, said))
    return rows


def ours(program, folder, rule):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock = time.perf_counter()
    r = subprocess.run([program, "data", "adjudicate", folder, "--rule", rule, "--threads", "1"], stdout=subprocess.PIPE, text=True)
    clock = time.perf_counter() - clock
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if r.returncode:
        sys.exit("votes: maskfer failed on rule " + rule)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def theirs(make, frame):
    before, clock = time.process_time(), time.perf_counter()
    make().fit(frame)
    return time.process_time() - before, time.perf_counter() - clock


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--maskfer", required=True)
    p.add_argument("--pictures", type=int, default=10000)
    p.add_argument("--people", type=int, default=10)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--slow", action="store_true", help="crowd-kit's GLAD too: minutes")
    p.add_argument("--out", default=os.path.join(HERE, "results", "votes.csv"))
    o = p.parse_args()
    try:
        import pandas as pd
        from crowdkit.aggregation import GLAD, DawidSkene, MajorityVote, OneCoinDawidSkene
    except ImportError as e:
        print("votes: crowd-kit is not installed (%s); left out" % e)
        return
    warnings.filterwarnings("ignore")
    peers = {"majority": MajorityVote, "dawid-skene": DawidSkene, "one-coin": OneCoinDawidSkene}
    if o.slow:
        peers["glad"] = GLAD
    with tempfile.TemporaryDirectory() as folder:
        frame = pd.DataFrame(draw(folder, o.pictures, o.people, o.seed), columns=["task", "worker", "label"])
        got = {}
        for _ in range(o.rounds):
            for rule in ("majority", "msde", "dawid-skene", "one-coin", "glad"):
                one = got.setdefault(rule, {"ours": [], "theirs": [], "wall": []})
                cpu, clock = ours(o.maskfer, folder, rule)
                one["ours"].append(cpu)
                one["wall"].append(clock)
                if rule in peers:
                    one["theirs"].append(theirs(peers[rule], frame)[0])
    rows = []
    for rule, one in got.items():
        peer = statistics.median(one["theirs"]) if one["theirs"] else None
        ratio = statistics.median(t / u for t, u in zip(one["theirs"], one["ours"])) if peer else None
        rows.append([rule, o.pictures, o.people, "%.3f" % statistics.median(one["ours"]), "%.3f" % statistics.median(one["wall"]),
                     "%.3f" % peer if peer else "", "%.1f" % ratio if ratio else ""])
        print("%-12s maskfer %7s s CPU (%s s by the clock)   crowd-kit %8s s CPU   %s" %
              (rule, rows[-1][3], rows[-1][4], rows[-1][5] or "-", "%s times as long" % rows[-1][6] if ratio else ""), flush=True)
    os.makedirs(os.path.dirname(o.out), exist_ok=True)
    with open(o.out, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["rule", "pictures", "annotators", "maskfer_cpu_s", "maskfer_wall_s", "crowdkit_cpu_s", "ratio"])
        w.writerows(rows)


main()
