"""Writes embedding.txt: a matrix, its principal components, and the measures of an embedding, as scikit-learn gives them.
Run with numpy and scikit-learn; the versions and the seed are the file's first line."""
import os

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

SEED, N, D, CLASSES = 4, 120, 9, 4
rng = np.random.default_rng(SEED)
label = rng.integers(0, CLASSES, N)
x = (rng.normal(size=(CLASSES, D))[label] * 1.5 + rng.normal(size=(N, D))).astype(np.float32)
y = (x[:, :2] + 0.7 * rng.normal(size=(N, 2))).astype(np.float32)
x64, y64 = x.astype(np.float64), y.astype(np.float64)


def knn(points, k):
    return (cross_val_predict(KNeighborsClassifier(k, algorithm="brute"), points, label, cv=LeaveOneOut()) == label).mean()


pca = PCA(D, svd_solver="full").fit(x64)
axes = pca.components_ * np.sign(pca.components_[np.arange(D), np.abs(pca.components_).argmax(1)])[:, None]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "embedding.txt"), "w") as f:
    f.write("# make_embedding.py: numpy %s, scikit-learn %s, seed %d\n" % (np.__version__, sklearn.__version__, SEED))

    def put(name, a):
        f.write(name + " " + " ".join("%.17g" % v for v in np.asarray(a, dtype=np.float64).ravel()) + "\n")

    put("size", [N, D, CLASSES])
    put("x", x)
    put("y", y)
    put("label", label)
    put("variance", pca.explained_variance_)
    put("axes", axes)
    for k in (1, 5, 12):
        put("trustworthiness_%d" % k, [trustworthiness(x64, y64, n_neighbors=k)])
        put("x_knn_%d" % k, [knn(x64, k)])
        put("y_knn_%d" % k, [knn(y64, k)])
    put("x_silhouette", [silhouette_score(x64, label)])
    put("y_silhouette", [silhouette_score(y64, label)])
