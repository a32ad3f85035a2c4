"""OADN in plain PyTorch, written from its description (Ding, Zhou, Chellappa 2020; the re-implementation of SCAN's authors for
reading=code) with the names of its state_dict. Bells are drawn pixel by pixel on the whole canvas and resized by PyTorch."""
import math

import nets
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SINGLE = (19, 22, 23, 26, 39, 37, 44, 46, 28, 30, 49, 51, 53, 55, 59, 57)
BETWEEN = ((20, 38), (25, 45), (41, 42), (47, 48), (18, 59), (27, 57))


def face24(marks, h, w, code):
    """[N, 68, 3] -> [N, 24, 3]: oadn-gacnn, part A."""
    p = [marks[:, k - 1].clone() for k in SINGLE]
    for a, b in BETWEEN:
        a, b = marks[:, a - 1], marks[:, b - 1]
        p.append(torch.cat([(a[:, :2] + b[:, :2]) / 2, torch.minimum(a[:, 2:], b[:, 2:])], 1))
    dx, dy = (math.trunc(16 * w / 256), math.trunc(16 * h / 256)) if code else (16 * w / 256, 16 * h / 256)
    left, right = marks[:, 48].clone(), marks[:, 54].clone()
    left[:, 0] -= dx
    left[:, 1] -= dy
    right[:, 0] += -dx if code else dx
    right[:, 1] += dy if code else -dy
    if not code:
        for k, up in ((0, 2), (1, 10), (2, 10), (3, 2)):
            p[k][:, 1] -= float(np.float32(up * h / 256))
    return torch.stack(p + [left, right], 1)


def bell(place, side, code):
    """One axis of the patch on the canvas: 43 values with deviation 10.75."""
    canvas = np.zeros(side)
    k = math.floor(place)
    patch = np.exp(-((np.arange(43) - 21) / 10.75) ** 2 / 2)
    if not code:
        for j in range(43):
            if 0 <= k - 21 + j < side:
                canvas[k - 21 + j] = patch[j]
        return canvas
    left, right = k - 21, k + 21                       # 1-based, as the program counts
    if left > side or right < 1:
        return canvas
    first, take = max(1, left), max(1, -left)
    for n, j in enumerate(range(first, min(right, side) + 1)):
        if take - 1 + n < 43:
            canvas[j - 1] = patch[take - 1 + n]
    return canvas


def maps(points, side, size, code, sure):
    """points [N, 24, 3] in pixels of the canvas -> [N, 24, h, w]."""
    out = torch.zeros(points.shape[0], points.shape[1], side, side, dtype=torch.float64)
    for n in range(points.shape[0]):
        for m in range(points.shape[1]):
            x, y, c = (float(v) for v in points[n, m])
            if c > sure:
                out[n, m] = torch.from_numpy(np.outer(bell(y, side, code), bell(x, side, code))).clamp_max(1)
    return F.interpolate(out, size=size, mode="bilinear", align_corners=False)


class Oadn(nets.ResNet):
    points = 68

    def __init__(self, classes, channels, width, code, everyone, canvas):
        super().__init__(nets.Bottleneck, (3, 4, 6, 3), classes, channels, width)
        self.layer4[0].conv2.stride = (1, 1)
        self.layer4[0].downsample[0].stride = (1, 1)
        c = 32 * width
        self.fc = nn.Sequential(nn.Linear(c, c // 8), nn.ReLU(), nn.Linear(c // 8, classes))
        self.region_net = nn.Sequential(nn.Linear(c, c // 8), nn.ReLU(), nn.Linear(c // 8, classes))
        self.code, self.everyone, self.canvas = code, everyone, canvas

    def attend(self, x, m):
        side = x.shape[-1]
        canvas = self.canvas or side
        p = face24(self.marks.to(torch.float32), side, side, self.code)
        p[:, :, :2] *= canvas / side
        g = maps(p, canvas, m.shape[2:], self.code, float(np.float32(0.6))).to(m.dtype)
        return torch.stack([(m * g[:, k:k + 1]).mean((2, 3)) for k in range(24)], 1).max(1)[0]

    def embed(self, x):
        return self.attend(x, self.maps(x))

    def forward(self, x):
        m = self.maps(x)
        attention = self.fc(self.attend(x, m))
        a, b = m.shape[2] // 2, m.shape[3] // 2
        regions = [self.region_net(z.mean((2, 3))) for z in (m[:, :, :a, :b], m[:, :, :a, b:], m[:, :, a:, :b], m[:, :, a:, b:])]
        self.heads = [(0.2, attention)] + [(0.8 if self.code else 0.2, r) for r in regions]
        return (attention + sum(regions)) / 5 if self.everyone else sum(regions) / 4


def make(name, classes, channels, options):
    return Oadn(classes, channels, int(options.get("width", 64)), options.get("reading") == "code", options.get("fusion") == "all",
                int(options.get("canvas", 0)))
