"""Votes, and what public packages make of them: full.csv, missing.csv (votes.csv of two small data sets, with the manifests) and
expected.txt, lines of `CASE FIGURE values`. tests/data/test_adjudicate.c holds maskfer against them to 1e-6.

    python make_votes.py          in this folder; versions that were used stand in the first line of expected.txt

Rules: crowd-kit. Fleiss' kappa: statsmodels (complete votes only). Cohen's kappa: scikit-learn. Krippendorff's alpha: nltk, through
crowd-kit. EM rules run a fixed number of rounds, so that no rule for stopping comes in; GLAD runs until nothing moves, its
gradient steps to 1e-9, since its rounds are made otherwise than ours but end in the same place."""
import csv
import importlib.metadata as meta
import random
import warnings

import numpy as np
import pandas as pd
from crowdkit.aggregation import GLAD, DawidSkene, MajorityVote, OneCoinDawidSkene
from crowdkit.metrics.data import alpha_krippendorff
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

warnings.filterwarnings("ignore")
CLASSES = "surprise fear disgust happy sad angry neutral".split()
SEED = 20240229
out = []


def put(case, figure, values):
    out.append("%s %s %s" % (case, figure, " ".join(repr(float(v)) if v == v else "nan" for v in np.ravel(values))))


def draw(case, pictures, people, missing, unsure, rng):
    skill = [rng.uniform(0.45, 0.95) for _ in range(people)]
    labels, votes = [], []
    for i in range(pictures):
        true = rng.randrange(7)
        labels.append(true if rng.random() < 0.9 else rng.randrange(7))
        for w in range(people):
            if rng.random() < missing and not (w == i % people):
                continue
            said = true if rng.random() < skill[w] else rng.choice([true, (true + 1) % 7, rng.randrange(7)])
            votes.append((i, w, -1 if rng.random() < unsure and not (w == i % people) else said))
    with open(case + "_manifest.csv", "w") as f:
        f.write("image,label\n")
        for i, k in enumerate(labels):
            f.write("%d.png,%s\n" % (i, CLASSES[k]))
    with open(case + ".csv", "w") as f:
        f.write("image,annotator,verdict,label\n")
        for i, w, k in votes:
            f.write("%d.png,a%d,%s\n" % (i, w, "unsure," if k < 0 else "agree," if k == labels[i] else "other," + CLASSES[k]))
    return pd.DataFrame([v for v in votes if v[2] >= 0], columns=["task", "worker", "label"])


def soft(frame, pictures):
    return frame.reindex(index=range(pictures), columns=range(7)).fillna(0).to_numpy()


def rules(case, df, pictures, people):
    put(case, "majority", soft(MajorityVote().fit_predict_proba(df), pictures))
    for rounds in (1, 10, 200):
        m = DawidSkene(n_iter=rounds, tol=-1e9)
        put(case, "dawid-skene-%d" % rounds, soft(m.fit_predict_proba(df), pictures))
        e = np.zeros((people, 7, 7))
        for (w, said), row in m.errors_.iterrows():
            e[w, :, said] = row.reindex(range(7)).to_numpy()
        put(case, "dawid-skene-%d-confusion" % rounds, e)
        m = OneCoinDawidSkene(n_iter=rounds, tol=-1e9)
        put(case, "one-coin-%d" % rounds, soft(m.fit_predict_proba(df), pictures))
        put(case, "one-coin-%d-skill" % rounds, m.skills_.reindex(range(people)))
    m = GLAD(n_iter=150, tol=-1e9, m_step_max_iter=500, m_step_tol=1e-9)
    put(case, "glad", soft(m.fit_predict_proba(df), pictures))
    put(case, "glad-ability", m.alphas_.reindex(range(people)))
    put(case, "glad-easiness", np.exp(m.betas_.reindex(range(pictures))))


def agreement(case, df, pictures, people):
    put(case, "krippendorff", [alpha_krippendorff(df)])
    pivot = df.pivot(index="task", columns="worker", values="label")
    kappas = []
    for a in range(people):
        for b in range(a + 1, people):
            both = pivot[[a, b]].dropna()
            kappas.append(cohen_kappa_score(both[a], both[b]))
    put(case, "cohen", kappas)
    table = np.zeros((pictures, 7))
    for t, _, k in df.itertuples(index=False):
        table[t, k] += 1
    if (table.sum(1) == people).all():
        put(case, "fleiss", [fleiss_kappa(table)])
        put(case, "fleiss-class", [fleiss_kappa(np.stack([table[:, k], people - table[:, k]], 1)) for k in range(7)])
    # Gwet 2014, section 3.3: means over pictures with two votes or more. Written out here, since statsmodels refuses such votes.
    n = table.sum(1)
    t, n = table[n >= 2], n[n >= 2]
    p_a = ((t * (t - 1)).sum(1) / (n * (n - 1))).mean()
    share = (t / n[:, None]).mean(0)
    put(case, "fleiss-general", [(p_a - (share**2).sum()) / (1 - (share**2).sum())])
    put(case, "percent", [p_a])


def main():
    rng = random.Random(SEED)
    used = ["crowd-kit", "statsmodels", "scikit-learn", "nltk", "numpy", "pandas", "scipy"]
    out.append("# made by make_votes.py, seed %d, with %s" % (SEED, ", ".join("%s %s" % (u, meta.version(u)) for u in used)))
    for case, pictures, people, missing, unsure in (("full", 60, 7, 0, 0), ("missing", 80, 6, 0.25, 0.08)):
        df = draw(case, pictures, people, missing, unsure, rng)
        rules(case, df, pictures, people)
        agreement(case, df, pictures, people)
    open("expected.txt", "w").write("\n".join(out) + "\n")


main()
