"""gACNN in plain PyTorch, written from its description: "gacnn" as the SCAN authors' program has it, with the names of its state_dict,
"gacnn_caffe" as the original definition (Li, Zeng, Shan, Chen 2019). Windows are cut by indexing, sample by sample."""
import math

import torch
from oadn import face24
from torch import nn
from torch.nn import functional as F


class Plain(nn.BatchNorm2d):
    """Batch norm without learned weight and bias, of maps and of vectors."""

    def __init__(self, c):
        super().__init__(c, affine=False)
        del self._parameters["weight"], self._parameters["bias"]
        self.register_buffer("weight", torch.ones(c))
        self.register_buffer("bias", torch.zeros(c))

    def _check_input_dim(self, x):
        pass


def window(m, row, column):
    """6 x 6 of one sample's map [C, h, w], zeros outside."""
    out = torch.zeros(m.shape[0], 6, 6, dtype=m.dtype)
    for i in range(6):
        for j in range(6):
            if 0 <= row + i < m.shape[1] and 0 <= column + j < m.shape[2]:
                out[:, i, j] = m[:, row + i, column + j]
    return out


def cells(x, n):
    return x if x.shape[2] == n else F.adaptive_avg_pool2d(x, n)


class Gacnn(nn.Module):
    points = 68

    def __init__(self, classes, channels, w, code, whole):
        super().__init__()
        layers, ci = [], channels
        for k in (1, 1, 0, 2, 2, 0, 4, 4, 4, 0, 8, 8):
            layers += [nn.Conv2d(ci, k * w, 3, 1, 1), nn.ReLU()] if k else [nn.MaxPool2d(2, 2)]
            ci = k * w or ci
        self.base = nn.Sequential(*layers)
        c = 8 * w
        block = lambda n: nn.Sequential(nn.MaxPool2d(2, 2), nn.Conv2d(c, 2 * w, 1), nn.ReLU(), nn.BatchNorm2d(2 * w), nn.Flatten(),
                                        nn.Linear(2 * w * n, w), nn.ReLU(), nn.Linear(w, 1), nn.Sigmoid())  # noqa: E731
        self.local_attention_block = nn.ModuleList(block(9) for _ in range(24))
        self.PG_unit_1 = nn.ModuleList(nn.Sequential(nn.Conv2d(c, c, 3, 1, 1), nn.ReLU()) for _ in range(24))
        self.PG_unit_2 = nn.ModuleList(nn.Sequential(nn.Flatten(), nn.Linear(36 * c, w), nn.ReLU()) for _ in range(24))
        if whole:
            self.global_attention_block = block(49)
            self.GG_unit_1 = nn.Sequential(nn.MaxPool2d(2, 2), nn.Conv2d(c, c, 3, 1, 1), nn.ReLU())
            self.GG_unit_2 = nn.Sequential(nn.Flatten(), nn.Linear(196 * c, c), nn.ReLU())
        self.fc1 = nn.Linear(24 * w + (c if whole else 0), 16 * w)
        self.fc2 = nn.Linear(16 * w, classes)
        self.code, self.whole = code, whole

    def patches(self, m, side):
        p = face24(self.marks.double(), side, side, self.code)
        n = m.shape[2]
        for k in range(24):
            yield torch.stack([window(m[i], *self.place(float(p[i, k, 0]), float(p[i, k, 1]), side, n)) for i in range(m.shape[0])])

    def place(self, x, y, side, n):
        a, b = (min(max(int(v * n / side), 3), n - 4) - 3 for v in (x, y))
        return (a, b) if self.code else (b, a)

    def embed(self, x):
        m = self.base(x)
        units = []
        for k, patch in enumerate(self.patches(m, x.shape[2])):
            u = self.PG_unit_1[k](patch)
            units.append(self.local_attention_block[k](u) * self.PG_unit_2[k](u))
        if self.whole:
            u = self.GG_unit_1(m)
            g = self.global_attention_block
            units.append(g[1:](cells(g[0](u), 7)) * self.GG_unit_2(cells(u, 14)))
        return self.fc1(torch.cat(units, 1))

    def forward(self, x):
        return self.fc2(self.embed(x))


class Gate(nn.Module):
    def __init__(self, c, w, values, out):
        super().__init__()
        self.gate_conv, self.gate_conv_bn = nn.Conv2d(c, 2 * w, 1, 1, 1), Plain(2 * w)
        self.gate_fc1, self.gate_fc1_bn = nn.Linear(2 * w, w), Plain(w)
        self.gate_fc2, self.gate_fc2_bn = nn.Linear(w, 1), Plain(1)
        self.gate_scale = nn.Module()
        self.gate_scale.weight = nn.Parameter(torch.ones(1))
        self.fc = nn.Linear(values, out)

    def gated(self, x, values):
        g = torch.relu(self.gate_conv_bn(self.gate_conv(F.max_pool2d(x, 2, 2)))).mean((2, 3))
        g = self.gate_fc2_bn(self.gate_fc2(torch.relu(self.gate_fc1_bn(self.gate_fc1(g)))))
        return torch.sigmoid(g * self.gate_scale.weight) * torch.relu(self.fc(values.flatten(1)))


class Patch(Gate):
    def __init__(self, c, w):
        super().__init__(c, w, 36 * c, w)
        self.conv1, self.conv1_bn = nn.Conv2d(c, c, 3, 1, 1), Plain(c)
        self.conv2, self.conv2_bn = nn.Conv2d(c, c, 3, 1, 1), Plain(c)

    def forward(self, x):
        u = torch.relu(self.conv2_bn(self.conv2(torch.relu(self.conv1_bn(self.conv1(x))))))
        return self.gated(u, u)


class Caffe(Gacnn):
    def __init__(self, classes, channels, w, dropout, whole):
        nn.Module.__init__(self)
        self.data_bn = nn.BatchNorm2d(channels)
        ci = channels
        for s, n, k in ((1, 2, 1), (2, 2, 2), (3, 3, 4), (4, 3 if whole else 2, 8), (5, 2 if whole else 0, 8)):
            for i in range(1, n + 1):
                setattr(self, "conv%d_%d" % (s, i), nn.Conv2d(ci, k * w, 3, 1, 1))
                setattr(self, "conv%d_%d_bn" % (s, i), Plain(k * w))
                ci = k * w
        c = 8 * w
        for k in range(24):
            setattr(self, "pg%d" % k, Patch(c, w))
        if whole:
            self.gg = Gate(c, w, 196 * c, c)
        self.fc1 = nn.Linear(24 * w + (c if whole else 0), 16 * w)
        self.fc2 = nn.Linear(16 * w, classes)
        self.code, self.whole, self.p = False, whole, dropout

    def stage(self, x, s, first, last):
        for i in range(first, last + 1):
            x = torch.relu(getattr(self, "conv%d_%d_bn" % (s, i))(getattr(self, "conv%d_%d" % (s, i))(x)))
        return x

    def place(self, x, y, side, n):
        return tuple(math.floor(v * n / side - 3 + 0.5) for v in (y, x))

    def embed(self, x):
        side, x = x.shape[2], self.data_bn(x)
        for s, n in ((1, 2), (2, 2), (3, 3)):
            x = F.max_pool2d(self.stage(x, s, 1, n), 2, 2)
        m = self.stage(x, 4, 1, 2)
        units = [getattr(self, "pg%d" % k)(patch) for k, patch in enumerate(self.patches(m, side))]
        if self.whole:
            x = self.stage(F.max_pool2d(self.stage(m, 4, 3, 3), 2, 2), 5, 1, 2)
            units.append(self.gg.gated(x, cells(x, 14)))
        return torch.relu(self.fc1(torch.cat(units, 1)))

    def forward(self, x):
        return self.fc2(F.dropout(self.embed(x), self.p, self.training))


def make(name, classes, channels, options):
    w, whole = int(options.get("width", 64)), options.get("global_unit", "true") == "true"
    if name == "gacnn_caffe":
        return Caffe(classes, channels, w, float(options.get("dropout", 0.5)), whole)
    return Gacnn(classes, channels, w, options.get("reading") == "code", whole)
