"""Fit src/face/landmarks_mean_list.h: 68 points from 5, by ridge regression over photos with 68 points each.

python fit_landmarks.py FOLDER > src/face/landmarks_mean_list.h      FOLDER has list.csv with a column pts (68 lines "x y" a file)

Frame: origin between the eyes, x along them, unit the eye distance d. All is divided by s = sqrt((1 + (my / 1.09)^2) / 2), which
changes less when the head turns or nods. Features of a face, even ones first: 1, ny/s - 0.6, my/s - 1.09, wx/s - 0.9, 1/s - 1; odd
ones: nx/s, mx/s, wy/s, where n is the nose tip, m the middle of the mouth corners, w the step from one to the other. Every face is
used a second time as its mirror image, so odd features change sign and points change sides; half of the points suffice.
Faces turned by more than about 30 degrees are left out. Printed to stderr: the overlap (intersection over union) of a mask-like
outline from all 68 points and from 5, in the sample and leaving one face out. Needs numpy and Pillow; no randomness."""
import csv
import sys

import numpy as np
from PIL import Image, ImageDraw

RIDGE, TURNED, FRONTAL = 0.3, 0.55 * 0.9, 0.55 * 0.42
MIRROR = (list(range(16, -1, -1)) + list(range(26, 16, -1)) + [27, 28, 29, 30] + [35, 34, 33, 32, 31] + [45, 44, 43, 42, 47, 46] +
          [39, 38, 37, 36, 41, 40] + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55] + [64, 63, 62, 61, 60, 67, 66, 65])
HALF = [i for i in range(68) if i <= MIRROR[i]]


def frame(a):
    left, right = a[36:42].mean(0), a[42:48].mean(0)
    d = np.hypot(*(right - left))
    ux = (right - left) / d
    q = a - (left + right) / 2
    return np.stack([q @ ux, q @ [-ux[1], ux[0]]], 1) / d


def features(q):
    n, m, w = q[30], (q[48] + q[54]) / 2, q[54] - q[48]
    s = np.sqrt(0.5 * (1 + (m[1] / 1.09) ** 2))
    return s, np.array([1, n[1] / s - 0.6, m[1] / s - 1.09, w[0] / s - 0.9, 1 / s - 1, n[0] / s, m[0] / s, w[1] / s])


def fit(faces):
    f = [features(q) for q in faces]
    x = np.array([v for _, v in f])
    flip = x * np.array([1, 1, 1, 1, 1, -1, -1, -1])
    penalty = RIDGE * np.eye(8)
    penalty[0, 0] = 0
    both = np.concatenate([x, flip])
    out = {}
    for i in HALF:
        own = np.array([q[i] / s for q, (s, _) in zip(faces, f)])
        other = np.array([q[MIRROR[i]] * [-1, 1] / s for q, (s, _) in zip(faces, f)])
        out[i] = np.linalg.solve(both.T @ both + penalty, both.T @ np.concatenate([own, other]))
    return out


def predict(model, q):
    s, x = features(q)
    flip = x * np.array([1, 1, 1, 1, 1, -1, -1, -1])
    p = np.zeros((68, 2))
    for i in HALF:
        p[MIRROR[i]] = flip @ model[i] * s * [-1, 1]
        p[i] = x @ model[i] * s
    return p


def mask(p):
    top = p[27] + 0.35 * (p[30] - p[27])
    low = [(1 - t % 1) * p[int(t)] + t % 1 * p[min(int(t) + 1, 16)] for t in (11.5, 11, 10, 9, 8, 7, 6, 5, 4.5)]
    low[4] = low[4] + [0, 0.04]
    im = Image.new("1", (200, 200))
    ImageDraw.Draw(im).polygon([tuple(v * 40 + [100, 60]) for v in [p[2], top, p[14]] + low], fill=1)
    return np.array(im)


def overlap(a, b):
    return (mask(a) & mask(b)).sum() / (mask(a) | mask(b)).sum()


def with_tip(p, q):
    p[30] = q[30]
    return p


folder = sys.argv[1]
faces = []
for row in csv.DictReader(open(folder + "/list.csv")):
    faces.append(frame(np.loadtxt(folder + "/" + row["pts"])))
used = [q for q in faces if abs(q[30, 0]) <= TURNED]
judged = [i for i, q in enumerate(used) if abs(q[30, 0]) <= FRONTAL]
model = fit(used)
inside = [overlap(used[i], with_tip(predict(model, used[i]), used[i])) for i in judged]
out = [overlap(used[i], with_tip(predict(fit(used[:i] + used[i + 1:]), used[i]), used[i])) for i in judged]
print("%d faces, %d judged: median overlap %.3f in the sample, %.3f leaving one out"
      % (len(used), len(judged), np.median(inside), np.median(out)), file=sys.stderr)

print("/* face/landmarks_mean_list.h: 68 points from 5; written by bench/peers/fit_landmarks.py, which says what the numbers are.")
print(" * Least squares over %d photos. A row: point, the factors of the eight features for x, and for y. */" % len(used))
for i in HALF:
    row = ["%.3fF" % v for v in np.round(model[i].T.ravel(), 3) + 0.0]
    print("MF_POINT(%d, %s,\n         %s)" % (i, ", ".join(row[:8]), ", ".join(row[8:])))
