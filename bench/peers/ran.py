"""The region attention network in plain PyTorch, written from its description (Wang et al. 2020) with the names of its state_dict.
A view is the box cut out and resized by PyTorch's own bilinear interpolation."""
import math

import nets
import torch
from torch import nn
from torch.nn import functional as F

SIX = ((0, 0, 0.75, 0.75), (0.25, 0, 1, 0.75), (0.125, 0.25, 0.875, 1), (0.05, 0.05, 0.95, 0.95), (0.075, 0.075, 0.925, 0.925))
EIGHT = ((0.125, 0.25, 0.875, 1), (0, 0, 0.75, 0.75), (0.25, 0, 1, 0.75), (0.05, 0.05, 0.95, 0.95), (0.1, 0.1, 0.9, 0.9),
         (0.125, 0.125, 0.875, 0.875), (0.125, 0, 0.875, 0.75))


class Ran(nets.ResNet):
    def __init__(self, block, depth, classes, channels, width, code, boxes, relation, radius):
        super().__init__(block, depth, classes, channels, width)
        d = 8 * width * block.out
        self.alpha = nn.Sequential(nn.Linear(d, 1), nn.Sigmoid())
        if relation:
            self.beta = nn.Sequential(nn.Linear(2 * d, 1), nn.Sigmoid())
        self.fc = nn.Linear(2 * d if relation else d, classes)
        self.code, self.boxes, self.relation = code, boxes, relation
        self.margin = 0.1 if code else 0.02
        self.radius = radius  # None: boxes are given
        self.points = 5 if radius else 0

    def crop(self, x, box):
        h, w = x.shape[2:]
        cut = int if self.code else round
        left, top, right, bottom = (cut(v * n + (1e-9 if self.code else 0)) for v, n in zip(box, (w, h, w, h)))
        return F.interpolate(x[:, :, top:bottom, left:right], size=(h, w), mode="bilinear", align_corners=False)

    def around(self, x, k):
        """Squares around landmark k, moved into the picture, sample by sample."""
        h, w = x.shape[2:]
        cut = math.floor if self.code else round
        side = cut(2 * self.radius * min(h, w) + (1e-9 if self.code else 0))
        out = []
        for i in range(x.shape[0]):
            left, top = (min(max(cut(float(c) - side / 2), 0), n - side) for c, n in zip(self.marks[i, k, :2].double(), (w, h)))
            out.append(F.interpolate(x[i:i + 1, :, top:top + side, left:left + side], size=(h, w), mode="bilinear", align_corners=False))
        return torch.cat(out)

    def embed(self, x):
        views = [self.around(x, k) for k in range(5)] if self.radius else [self.crop(x, b) for b in self.boxes]
        views = views + [x] if self.code else [x] + views
        f = torch.stack([self.features(v) for v in views], 1)              # [N, n, D]
        a = self.alpha(f)                                                  # [N, n, 1]
        if self.code:
            a = a.softmax(1)
        whole = (f * a).sum(1) / a.sum(1)
        flat = a.squeeze(2)
        own, crops = (flat[:, -1], flat[:, :-1]) if self.code else (flat[:, 0], flat[:, 1:])
        self.penalty = (self.margin - (crops.max(1)[0] - own)).clamp_min(0).mean()
        if not self.relation:
            return whole
        c = torch.cat([f, whole.unsqueeze(1).expand_as(f)], 2)
        b = self.beta(c)
        if self.code:
            b = b.softmax(1)
        return (c * a * b).sum(1) / (a * b).sum(1)

    def forward(self, x):
        return self.fc(self.embed(x))


def make(name, classes, channels, options):
    block, depth = nets.DEPTHS[name[3:]]
    return Ran(block, depth, classes, channels, int(options.get("width", 64)), options.get("reading") == "code",
               EIGHT if options.get("views") == "8" else SIX, options.get("relation", "true") == "true",
               float(options.get("crop_radius", 0.25)) if options.get("crops") == "landmarks" else None)
