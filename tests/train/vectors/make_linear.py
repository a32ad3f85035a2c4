"""Makes linear.txt beside this file: linear classifiers by scikit-learn.

    python make_linear.py

A case is its name, solver (svm, svm-plain, softmax), C, samples, numbers, classes, and lines: x, labels, sample weights, then the
weights [classes, numbers] and the biases [classes] at the solution. Numbers of seed 5. LinearSVC regularises its bias as that of
a constant feature 1, one class against the rest; LogisticRegression does not regularise it."""
import os

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

rng = np.random.default_rng(5)


def problem(n, d, k, noise):
    centres = rng.normal(size=(k, d))
    y = np.arange(n) % k
    x = (centres[y] + noise * rng.normal(size=(n, d))).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), y


CASES = [
    ("squared", "svm", 1.0, 40, 5, 3, 1.0, False),
    ("squared-large-c", "svm", 100.0, 40, 5, 3, 1.0, False),
    ("squared-weighted", "svm", 0.5, 36, 11, 4, 0.8, True),
    ("plain", "svm-plain", 1.0, 40, 5, 3, 1.0, False),
    ("plain-large-c", "svm-plain", 30.0, 36, 11, 4, 0.8, False),
    ("plain-weighted", "svm-plain", 2.0, 36, 4, 3, 1.2, True),
    ("softmax", "softmax", 1.0, 40, 5, 3, 1.0, False),
    ("softmax-weighted", "softmax", 10.0, 36, 11, 4, 0.8, True),
]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "linear.txt"), "w") as f:
    f.write(f"# made by make_linear.py with scikit-learn {sklearn.__version__}, numpy {np.__version__}, seed 5\n")
    for name, solver, c, n, d, k, noise, weighted in CASES:
        x, y = problem(n, d, k, noise)
        s = rng.uniform(0.3, 3.0, size=n) if weighted else np.ones(n)
        if solver == "softmax":
            m = LogisticRegression(C=c, tol=1e-12, max_iter=100000, solver="newton-cg")
        else:
            m = LinearSVC(C=c, loss="hinge" if solver == "svm-plain" else "squared_hinge", dual=True, tol=1e-10,
                          max_iter=50000000, random_state=0)
        m.fit(x.astype(np.float64), y, sample_weight=s)
        f.write(f"case {name} {solver} {c:g} {n} {d} {k}\n")
        for row in (x, y, s, m.coef_, m.intercept_):
            f.write(" ".join(f"{v:.9g}" if row is x else f"{v:.12g}" for v in np.asarray(row).ravel().tolist()) + "\n")
