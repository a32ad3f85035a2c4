"""maskfer compare against scikit-learn, SciPy and statsmodels on fresh predictions: every figure within 1e-9, and CPU time.

    python judging.py MASKFER [--seed N]      (make parity)"""
import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import scipy
import scipy.special
import scipy.stats
import sklearn
import sklearn.metrics as sk
import statsmodels
import statsmodels.stats.contingency_tables
import statsmodels.stats.multitest
import statsmodels.stats.proportion

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "eval", "vectors"))
import make  # noqa: E402

p = argparse.ArgumentParser()
p.add_argument("maskfer")
p.add_argument("--seed", type=int, default=int(time.time()))
p.add_argument("--people", type=int, default=600)
o = p.parse_args()
rng = np.random.default_rng(o.seed)
warnings.filterwarnings("ignore")
CLASSES = ["surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"]
METHODS = {"baseline": 0.9, "contrastive": 1.3, "distill": 1.0}
FOLDS = 10
worst, bad = {}, 0


def see(what, got, want):
    got, want = np.asarray(got, float), np.asarray(want, float)
    assert got.shape == want.shape and (np.isnan(got) == np.isnan(want)).all(), (what, got, want)
    gap = np.nanmax(np.abs(got - want) / np.maximum(1, np.abs(want)), initial=0)
    worst[what] = max(worst.get(what, 0), float(gap))


def write(path):
    fold = rng.permutation(np.arange(o.people) % FOLDS)
    with open(path, "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["method", "fold", "image", "subject", "occlusion", "label", "predicted"] + ["p_" + c for c in CLASSES])
        for m, skill in METHODS.items():
            for person in range(o.people):
                for label, name in enumerate(CLASSES):
                    for masked in (0, 1):
                        z = rng.normal(size=len(CLASSES)) * 1.5
                        z[label] += skill * (1 if masked else 2)
                        q = scipy.special.softmax(z).astype(np.float32)
                        w.writerow([m, fold[person], "p%d_%s_%d" % (person, name, masked), person, "mask" if masked else "none", name,
                                    CLASSES[int(q.argmax())]] + ["%.9g" % v for v in q])


def number(v):
    return np.nan if v is None else v


def load(path):
    with open(path) as f:
        rows = list(csv.DictReader(f))
    at = {c: i for i, c in enumerate(CLASSES)}
    return {"method": np.array([r["method"] for r in rows]), "fold": np.array([int(r["fold"]) for r in rows]),
            "masked": np.array([r["occlusion"] != "none" for r in rows]), "who": np.array([int(r["subject"]) for r in rows]),
            "image": np.array([r["image"] for r in rows]), "y": np.array([at[r["label"]] for r in rows]),
            "a": np.array([at[r["predicted"]] for r in rows]), "p": np.array([[float(r["p_" + c]) for c in CLASSES] for r in rows])}


def figures(m, d, use):
    y, a, q = d["y"][use], d["a"][use], d["p"][use]
    labels = list(range(len(CLASSES)))
    onehot = np.eye(len(CLASSES))[y]
    see("accuracy", m["accuracy"], sk.accuracy_score(y, a))
    see("Wilson interval", m["accuracy_wilson95"],
        statsmodels.stats.proportion.proportion_confint((y == a).sum(), len(y), method="wilson"))
    see("balanced accuracy", m["balanced_accuracy"], sk.balanced_accuracy_score(y, a))
    see("macro F1", m["macro_f1"], sk.f1_score(y, a, average="macro"))
    see("weighted F1", m["weighted_f1"], sk.f1_score(y, a, average="weighted"))
    see("top-2", m["top2"], sk.top_k_accuracy_score(y, q, k=2, labels=labels))
    see("log loss", m["log_loss"], -np.mean(np.log(q[np.arange(len(y)), y])))
    see("Brier", m["brier"], ((q - onehot) ** 2).sum(1).mean())
    see("confusion", m["confusion"], sk.confusion_matrix(y, a, labels=labels))
    see("row shares", m["confusion_share"], sk.confusion_matrix(y, a, labels=labels, normalize="true"))
    for key, f in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        see("class " + key, [number(m["classes"][c][key]) for c in CLASSES], f(y, a, labels=labels, average=None, zero_division=np.nan))
    see("ROC AUC", [m["classes"][c]["roc_auc"] for c in CLASSES], [sk.roc_auc_score(onehot[:, c], q[:, c]) for c in labels])
    see("macro ROC AUC", m["roc_auc"], sk.roc_auc_score(y, q, multi_class="ovr", labels=labels))
    see("average precision", [m["classes"][c]["pr_auc"] for c in CLASSES],
        [sk.average_precision_score(onehot[:, c], q[:, c]) for c in labels])
    *_, ece, _ = make.reliability(q, y, a)
    see("ECE", m["ece"], ece)


def calibration(c, d, use):
    y, a, q, fold = d["y"][use], d["a"][use], d["p"][use], d["fold"][use]
    soft, temperatures = np.empty_like(q), []
    for f in range(FOLDS):
        t = make.fit(q[fold != f], y[fold != f])
        temperatures.append(t)
        soft[fold == f] = make.soften(q[fold == f], t)
    count, full, acc, mean, ece, mce = make.reliability(soft, y, a)
    s = c["temperature_scaled"]
    see("temperature", s["temperature"], np.mean(temperatures))
    see("ECE after temperature", [s["ece"], s["mce"]], [ece, mce])
    see("reliability bins", [s["bins"][b]["accuracy"] for b in full], acc)


def columns(d, method):
    """Fold accuracies in percent: non-masked, masked, average."""
    right = d["y"] == d["a"]
    out = [[100 * right[(d["method"] == method) & (d["fold"] == f) & (d["masked"] == k)].mean() for f in range(FOLDS)] for k in (0, 1)]
    return np.array(out + [np.mean(out, axis=0)])


def comparisons(j, d):
    names = {"non-masked": 0, "masked": 1, "average": 2}
    by = {}
    for c in j["comparisons"]:
        k = names[c["pictures"]]
        da, db = columns(d, c["a"])[k], columns(d, c["b"])[k]
        diff = da - db
        ratio = 1 / (FOLDS - 1)
        error = diff.std(ddof=1) * np.sqrt(1 / FOLDS + ratio)
        pv = 2 * scipy.stats.t.sf(abs(diff.mean() / error), FOLDS - 1)
        half = error * scipy.stats.t.ppf(0.975, FOLDS - 1)
        see("difference", c["difference"], diff.mean())
        see("corrected t", [c["folds"]["corrected_t_p"], *c["interval95"]], [pv, diff.mean() - half, diff.mean() + half])
        size = np.round(np.abs(diff), 12)  # quotients of counts: equal ones may differ in the last bit, and are ties
        see("Wilcoxon", c["folds"]["wilcoxon_p"], scipy.stats.wilcoxon(diff, method="exact").pvalue if len(set(size)) == FOLDS
            and (size != 0).all() else c["folds"]["wilcoxon_p"])
        see("Cohen's d", c["folds"]["cohens_d"], diff.mean() / diff.std(ddof=1))
        use = [(d["method"] == m) & ((d["masked"] == k) | (k == 2)) for m in (c["a"], c["b"])]
        ra, rb = [dict(zip(d["image"][u], d["y"][u] == d["a"][u])) for u in use]
        b = sum(ra[i] and not rb[i] for i in ra)
        n = sum(rb[i] and not ra[i] for i in ra)
        see("McNemar", [c["mcnemar"]["only_a_right"], c["mcnemar"]["only_b_right"], c["mcnemar"]["p"]],
            [b, n, statsmodels.stats.contingency_tables.mcnemar([[0, b], [n, 0]], exact=True).pvalue])
        by.setdefault(c["pictures"], []).append((pv, c["p_holm"]))
    for pairs in by.values():
        see("Holm", [x[1] for x in pairs], statsmodels.stats.multitest.multipletests([x[0] for x in pairs], method="holm")[1])


def spent(who):
    u = resource.getrusage(who)
    return u.ru_utime + u.ru_stime


with tempfile.TemporaryDirectory() as folder:
    path = folder + "/fresh.csv"
    write(path)
    before = spent(resource.RUSAGE_CHILDREN)
    j = json.loads(subprocess.run([o.maskfer, "compare", path, "--json", "--resamples", "100"], check=True, stdout=subprocess.PIPE).stdout)
    ours = spent(resource.RUSAGE_CHILDREN) - before
    before = spent(resource.RUSAGE_SELF)
    d = load(path)
    for m in j["methods"]:
        for key, part in (("all", slice(None)), ("non_masked", ~d["masked"]), ("masked", d["masked"])):
            use = d["method"] == m["name"]
            use = use if isinstance(part, slice) else use & part
            figures(m["measures"][key], d, use)
        calibration(m["calibration"], d, d["method"] == m["name"])
        c = columns(d, m["name"])
        for k, key in enumerate(("non_masked", "masked", "average")):
            see("mean and sd over folds", [m[key]["mean"], m[key]["sd"]], [c[k].mean(), c[k].std(ddof=1)])
            see("interval over folds", m[key]["interval95"],
                scipy.stats.t.interval(0.95, FOLDS - 1, loc=c[k].mean(), scale=c[k].std(ddof=1) / np.sqrt(FOLDS)))
    comparisons(j, d)
    theirs = spent(resource.RUSAGE_SELF) - before
print("%d answers, seed %d; scikit-learn %s, SciPy %s, statsmodels %s" % (len(d["y"]), o.seed, sklearn.__version__, scipy.__version__,
                                                                          statsmodels.__version__))
for what, gap in worst.items():
    ok = gap <= 1e-9
    bad += not ok
    print("%-40s %.2e  limit 1e-09  %s" % (what, gap, "ok" if ok else "TOO LARGE"))
print("CPU seconds for reading, all figures and tests: maskfer %.2f, Python %.2f (%.1f x)" % (ours, theirs, theirs / ours))
print("%d figure(s) out of limits" % bad)
sys.exit(1 if bad else 0)
