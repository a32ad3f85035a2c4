"""A small cross-validation and what is to be found in it, for tests/eval/test_compare.c.

    python make_compare.py DIR      writes DIR/compare.csv and DIR/compare.txt (seed 20261126; versions in the first line)

compare.txt: `pair A B COLUMN KEY VALUE` and `figure METHOD COLUMN KEY VALUE`, computed by NumPy, SciPy and statsmodels from
the CSV text alone."""
import collections
import csv
import os
import sys

import numpy as np
import scipy
import scipy.stats
import statsmodels
import statsmodels.stats.contingency_tables
import statsmodels.stats.multitest

METHODS = {"baseline": 0.7, "contrastive": 2.6, "distill": 1.1}
CLASSES = ["happy", "sad", "angry"]
PEOPLE, FOLDS = 23, 5


def write(path):
    rng = np.random.default_rng(20261126)
    with open(path, "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["method", "fold", "image", "subject", "occlusion", "label", "predicted"] + ["p_" + c for c in CLASSES])
        for method, skill in METHODS.items():
            for person in range(PEOPLE):
                for label, name in enumerate(CLASSES):
                    for masked in (0, 1):
                        z = rng.normal(size=3)
                        z[label] += skill * (0.4 if masked else 1.2)
                        p = np.round(scipy.special.softmax(z), 6)
                        w.writerow([method, person % FOLDS, "p%d_%s_%d.png" % (person, name, masked), person,
                                    "mask" if masked else "none", name, CLASSES[int(p.argmax())]] + ["%.6f" % v for v in p])


def main(folder):
    write(os.path.join(folder, "compare.csv"))
    rows = list(csv.DictReader(open(os.path.join(folder, "compare.csv"))))
    right = collections.defaultdict(dict)  # method -> (fold, image) -> right
    for r in rows:
        right[r["method"]][int(r["fold"]), r["image"]] = int(r["label"] == r["predicted"])
    out = open(os.path.join(folder, "compare.txt"), "w")
    print("# scipy", scipy.__version__, "statsmodels", statsmodels.__version__, "numpy", np.__version__, file=out)

    def keys(column):
        return [k for k in right["baseline"] if column == "average" or k[1].endswith("_1.png") == (column == "masked")]

    def folds(method, column):
        v = []
        for f in range(FOLDS):
            kinds = [[right[method][k] for k in keys(c) if k[0] == f]
                     for c in (("non-masked", "masked") if column == "average" else (column,))]
            v.append(np.mean([100 * np.mean(k) for k in kinds]))
        return np.array(v)

    for column in ("non-masked", "masked", "average"):
        for m in METHODS:
            v = folds(m, column)
            lo, hi = scipy.stats.t.interval(0.95, FOLDS - 1, loc=v.mean(), scale=v.std(ddof=1) / np.sqrt(FOLDS))
            for key, value in (("mean", v.mean()), ("sd", v.std(ddof=1)), ("lo", lo), ("hi", hi)):
                print("figure", m, column, key, "%.17g" % value, file=out)
        ps, lines = [], []
        for a, b in (("contrastive", "baseline"), ("distill", "baseline"), ("distill", "contrastive")):
            d = folds(a, column) - folds(b, column)
            k = keys(column)
            each = len(k) / FOLDS
            ratio = each / (len(k) - each)
            error = d.std(ddof=1) * np.sqrt(1 / FOLDS + ratio)
            p = 2 * scipy.stats.t.sf(abs(d.mean() / error), FOLDS - 1)
            half = error * scipy.stats.t.ppf(0.975, FOLDS - 1)
            ra, rb = np.array([right[a][i] for i in k]), np.array([right[b][i] for i in k])
            n10, n01 = int((ra > rb).sum()), int((rb > ra).sum())
            mc = statsmodels.stats.contingency_tables.mcnemar([[0, n10], [n01, 0]], exact=True).pvalue
            ranks = scipy.stats.rankdata(np.abs(d[d != 0]))
            signs = np.array(np.meshgrid(*[[0, 1]] * len(ranks))).reshape(len(ranks), -1).T
            plus, w = signs @ ranks, ranks[d[d != 0] > 0].sum()
            wilcoxon = min(1, 2 * min((plus <= w).mean(), (plus >= w).mean()))
            ps.append(p)
            for key, value in (("diff", d.mean()), ("lo", d.mean() - half), ("hi", d.mean() + half), ("p", p),
                               ("mean_a", folds(a, column).mean()), ("only_a", n10), ("only_b", n01), ("mcnemar", mc),
                               ("wilcoxon", wilcoxon), ("cohens_d", d.mean() / d.std(ddof=1)), ("ratio", ratio),
                               ("pooled", 100 * (ra.mean() - rb.mean())), ("people", PEOPLE)):
                lines.append([a, b, column, key, "%.17g" % value])
        holm = statsmodels.stats.multitest.multipletests(ps, method="holm")[1]
        for (a, b), p in zip((("contrastive", "baseline"), ("distill", "baseline"), ("distill", "contrastive")), holm):
            lines.append([a, b, column, "p_holm", "%.17g" % p])
        for line in lines:
            print("pair", *line, file=out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
