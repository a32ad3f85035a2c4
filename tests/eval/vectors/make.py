"""Vectors of tests/eval/test_vectors.c: figures and tests by scikit-learn, SciPy and statsmodels.

    python make.py > eval.txt        (seed 20261125; the versions are in the file's first line)

A line is a key and numbers. `case NAME N CLASSES` begins a table of answers: label, answer (-1: not read) and
probabilities of each picture, then `want KEY VALUES...`. Paired tests are one line each. NaN is `nan`."""
import itertools
import sys

import numpy as np
import scipy
import scipy.optimize
import scipy.special
import scipy.stats
import sklearn
import sklearn.calibration
import sklearn.metrics as sk
import statsmodels
import statsmodels.stats.contingency_tables
import statsmodels.stats.multitest
import statsmodels.stats.proportion

rng = np.random.default_rng(20261125)


def show(*values):
    return " ".join(v if isinstance(v, str) else "%.17g" % v for v in values)


def put(*values):
    print(show(*values))


def want(key, *values):
    put("want", key, *values)


def soften(p, temperature):
    z = np.log(np.maximum(p, np.finfo(float).eps)) / temperature
    return scipy.special.softmax(z, axis=1)


def fit(p, y):
    """The zero of the derivative of the log loss by 1/T."""
    z = np.log(np.maximum(p, np.finfo(float).eps))

    def slope(s):
        w = scipy.special.softmax(s * z, axis=1)
        return np.mean((w * z).sum(1) - z[np.arange(len(y)), y])

    if slope(0.01) >= 0:
        return 100.0
    if slope(100.0) <= 0:
        return 0.01
    return 1 / scipy.optimize.brentq(slope, 0.01, 100.0, xtol=1e-15, rtol=1e-14, maxiter=1000)


def reliability(p, y, a):
    """Bins by scikit-learn's calibration_curve of "the answer is right" against its probability."""
    conf, right = p[np.arange(len(y)), a], (a == y).astype(int)
    at = np.searchsorted(np.linspace(0, 1, 16)[1:-1], conf)
    count = np.bincount(at, minlength=15)
    if len(set(right)) == 2:
        acc, mean = sklearn.calibration.calibration_curve(right, conf, n_bins=15, strategy="uniform")
        full = np.flatnonzero(count)
        assert len(full) == len(acc)
    else:  # that function wants both outcomes
        full = np.flatnonzero(count)
        acc = np.array([right[at == b].mean() for b in full])
        mean = np.array([conf[at == b].mean() for b in full])
    gap = np.abs(acc - mean)
    return count, full, acc, mean, float((count[full] / count.sum() * gap).sum()), float(gap.max())


def case(name, y, p, unread=(), groups=None, absent_answers=False):
    n, k = p.shape
    a = p.argmax(1)
    a[list(unread)] = -1
    read = a >= 0
    put("case", name, n, k)
    for i in range(n):
        put("row", int(y[i]), int(a[i]), -1 if groups is None else int(groups[i]), *p[i])
    labels = list(range(k))
    present = sorted(set(y))
    occurs = sorted(set(y) | set(a[read]))
    eps = np.finfo(float).eps
    want("accuracy", sk.accuracy_score(y, a))
    want("wilson", *statsmodels.stats.proportion.proportion_confint((y == a).sum(), n, method="wilson"))
    want("balanced", np.mean(sk.recall_score(y, a, labels=present, average=None, zero_division=0)))
    if not unread:
        assert abs(sk.balanced_accuracy_score(y, a) - np.mean(sk.recall_score(y, a, labels=present, average=None))) < 1e-12
    want("macro_f1", sk.f1_score(y, a, labels=occurs, average="macro"))
    want("weighted_f1", sk.f1_score(y, a, labels=occurs, average="weighted"))
    for key, f in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        want(key, *f(y, a, labels=labels, average=None, zero_division=np.nan))
    want("support", *[int((y == c).sum()) for c in labels])
    confusion = sk.confusion_matrix(y[read], a[read], labels=labels)
    want("confusion", *[int(v) for v in confusion.ravel()])
    yr, pr, ar = y[read], p[read], a[read]
    want("top2", sk.top_k_accuracy_score(yr, pr, k=2, labels=labels, normalize=False) / n if k > 2 else read.sum() / n)
    want("log_loss", sk.log_loss(yr, np.clip(pr, eps, 1), labels=labels) if np.allclose(np.clip(pr, eps, 1).sum(1), 1) else
         -np.mean(np.log(np.maximum(pr[np.arange(len(yr)), yr], eps))))
    onehot = np.eye(k)[yr]
    brier = float(((pr - onehot) ** 2).sum(1).mean())
    if k > 2 and tuple(int(v) for v in sklearn.__version__.split(".")[:2]) >= (1, 7):
        assert abs(sk.brier_score_loss(yr, pr, labels=labels) - brier) < 1e-12
    want("brier", brier)
    roc = [sk.roc_auc_score(onehot[:, c], pr[:, c]) if 0 < onehot[:, c].sum() < len(yr) else np.nan for c in labels]
    ap = [sk.average_precision_score(onehot[:, c], pr[:, c]) if onehot[:, c].sum() else np.nan for c in labels]
    want("roc_auc", *roc)
    want("pr_auc", *ap)
    want("macro_auc", np.nanmean(roc), np.nanmean(ap))
    count, full, acc, mean, ece, mce = reliability(pr, yr, ar)
    want("bins", *[int(v) for v in count])
    want("bin_accuracy", *[acc[list(full).index(b)] if b in full else np.nan for b in range(15)])
    want("bin_confidence", *[mean[list(full).index(b)] if b in full else np.nan for b in range(15)])
    want("ece", ece, mce)
    want("temperature", fit(pr, yr))
    if groups is not None:
        g = np.asarray(groups)[read]
        soft, ts = np.empty_like(pr), []
        for v in sorted(set(groups)):
            rest = g != v
            t = fit(pr[rest], yr[rest]) if rest.any() else 1.0
            ts.append(t)
            soft[g == v] = soften(pr[g == v], t)
        *_, ece, mce = reliability(soft, yr, ar)
        loss = -np.mean(np.log(soft[np.arange(len(yr)), yr]))
        want("scaled", np.mean(ts), ece, mce, loss)
    put("end")


def answers(n, k, sharp, skill):
    y = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) * sharp
    z[np.arange(n), y] += skill
    return y, scipy.special.softmax(z, axis=1)


def six(p):
    """As a file of six decimals holds them: zeros, ties and sums near 1."""
    return np.round(p, 6)


def main():
    put("# scikit-learn " + sklearn.__version__ + ", scipy " + scipy.__version__ + ", statsmodels " + statsmodels.__version__ +
        ", numpy " + np.__version__)
    y, p = answers(240, 7, 1.5, 1.2)
    case("seven", y, p, groups=np.arange(240) % 5)
    y, p = answers(90, 7, 6.0, 1.0)
    case("sure", y, six(p), groups=np.arange(90) // 30)
    y, p = answers(60, 5, 1.0, 1.0)
    y[y == 3] = 2
    case("absent", y, p)
    y, p = answers(80, 4, 1.0, 1.5)
    case("unread", y, p, unread=(3, 17, 18, 79), groups=np.arange(80) % 2)
    y, p = answers(41, 2, 1.0, 0.7)
    case("two", y, np.round(p, 1))
    y, p = answers(12, 3, 0.1, 9.0)
    case("right", y, p)

    for b, c in ((0, 0), (0, 1), (0, 8), (5, 5), (3, 12), (40, 21), (700, 620), (5000, 5300), (1, 4000)):
        r = statsmodels.stats.contingency_tables.mcnemar([[10, b], [c, 10]], exact=True)
        put("mcnemar", b, c, float(r.pvalue))
    for n in (2, 5, 10, 30):
        d, ratio = rng.normal(1.0, 2.0, n), 1 / max(n - 1, 2)
        mean, error = d.mean(), d.std(ddof=1) * np.sqrt(1 / n + ratio)
        lo, hi = scipy.stats.t.interval(0.95, n - 1, loc=mean, scale=error)
        put("corrected_t", n, ratio, *d, mean / error, 2 * scipy.stats.t.sf(abs(mean / error), n - 1), lo, hi)
    d = rng.normal(0.5, 2.0, 12)  # without the correction it is the paired t-test
    r = scipy.stats.ttest_1samp(d, 0)
    put("corrected_t", 12, 0.0, *d, r.statistic, r.pvalue, *r.confidence_interval())
    for n in (1, 2, 6, 10, 25, 50, 51, 120):
        d = rng.normal(0.3, 1.0, n)
        r = scipy.stats.wilcoxon(d, method="exact" if n <= 50 else "asymptotic", correction=False)
        put("wilcoxon", n, *d, r.pvalue)
    d = np.round(rng.normal(0.4, 1.5, 90))  # ties and zeros, normal form
    assert (d != 0).sum() > 50
    put("wilcoxon", 90, *d, scipy.stats.wilcoxon(d, method="asymptotic", correction=False).pvalue)
    for n in (6, 11):  # ties and zeros, exact: all sign patterns, counted one by one
        d = np.round(rng.normal(0.7, 1.5, n))
        e = d[d != 0]
        ranks = scipy.stats.rankdata(np.abs(e))
        plus = np.array([(ranks * np.array(s)).sum() for s in itertools.product((0, 1), repeat=len(e))])
        w = ranks[e > 0].sum()
        put("wilcoxon", n, *d, min(1.0, 2 * min((plus <= w).mean(), (plus >= w).mean())))
    for n in (1, 3, 10):
        p = rng.uniform(0, 0.2, n)
        put("holm", n, *p, *statsmodels.stats.multitest.multipletests(p, method="holm")[1])
    for n, total in ((8, 40), (60, 700)):
        count = rng.multinomial(total, np.ones(n) / n) + 1.0
        s = np.array([rng.integers(-int(c), int(c) + 1) for c in count], float) + 0.1 * count

        def ratio(i, axis=-1, s=s, c=count):
            return s[i].sum(axis=axis) / c[i].sum(axis=axis)

        r = scipy.stats.bootstrap((np.arange(n),), ratio, n_resamples=400000, batch=20000, method="percentile",
                                  confidence_level=0.95, rng=np.random.default_rng(5), vectorized=True)
        v = r.bootstrap_distribution
        put("bootstrap", n, *s, *count, r.confidence_interval.low, r.confidence_interval.high,
            min(1.0, 2 * min((v <= 0).mean(), (v >= 0).mean())), float(v.std()))


if __name__ == "__main__":
    sys.exit(main())
