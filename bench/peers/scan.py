"""SCAN with complementary context in plain PyTorch, written from its description (Gera and Balasubramanian 2021) with the names of
its state_dicts put together."""
import math

import nets
import torch
from torch import nn


class Unit(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.PReLU(c), nn.BatchNorm2d(c), nn.Sigmoid())

    def forward(self, x):
        return (x * self.attention(x)).mean((2, 3))


class Eca(nn.Module):
    def __init__(self, c):
        super().__init__()
        t = int(abs((math.log2(c) + 1) / 2))
        k = t if t % 2 else t + 1
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        y = self.conv(x.mean((2, 3)).unsqueeze(1)).squeeze(1).sigmoid()
        return x * y[:, :, None, None]


def side(n):
    up = -(-n // 5)
    return up if 4 * up < n else n // 5


class Scan(nets.ResNet):
    def __init__(self, classes, channels, width, code, shared):
        super().__init__(nets.Bottleneck, (3, 4, 6, 3), classes, channels, width)
        del self.layer4
        c2, c3 = 8 * width, 16 * width
        if shared:
            self.local_attention_mask = Unit(c2)
        else:
            self.local_attention_masks = nn.ModuleList(Unit(c2) for _ in range(25))
        self.global_attention_mask = Unit(c2)
        self.fc = nn.Linear(2 * c2, classes)
        self.eca = Eca(c3)
        self.region_net = nn.Sequential(nn.Linear(c3, c3 // 4), nn.ReLU(), nn.Linear(c3 // 4, classes))
        self.code, self.shared = code, shared

    def patches(self, f):
        n, c, h, w = f.shape
        p, q = side(h), side(w)
        grid = [[f[:, :, p * i:p * i + p if i < 4 else h, q * j:q * j + q if j < 4 else w] for j in range(5)] for i in range(5)]
        bottom = grid[4][:4]
        if self.code:
            strip = f[:, :, 4 * p:, :4 * q].reshape(n, c, 4, h - 4 * p, q)
            bottom = [strip[:, :, j] for j in range(4)]
        return [grid[i][j] for i in range(4) for j in range(4)] + [grid[i][4] for i in range(4)] + bottom + [grid[4][4]]

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        f2 = self.layer2(self.layer1(x))
        f3 = self.layer3(f2)
        parts = self.patches(f2)
        units = [self.local_attention_mask] * 25 if self.shared else self.local_attention_masks
        local = torch.stack([u(v) for u, v in zip(units, parts)]).max(0)[0]
        v = torch.cat([local, self.global_attention_mask(f2)], 1)
        attention = self.fc(v / v.norm(dim=1, keepdim=True))
        e = self.eca(f3)
        a, b = f3.shape[2] // 2, f3.shape[3] // 2
        regions = [self.region_net(z.mean((2, 3))) for z in (e[:, :, :a, :b], e[:, :, :a, b:], e[:, :, a:, :b], e[:, :, a:, b:])]
        self.heads = [(0.2, attention)] + [(0.8 if self.code else 0.2, r) for r in regions]
        return (attention + sum(regions)) / 5


def make(name, classes, channels, options):
    return Scan(classes, channels, int(options.get("width", 64)), options.get("reading") == "code", options.get("shared") == "true")
