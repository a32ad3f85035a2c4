"""The recipe of `maskfer train --method supervised` in PyTorch, to hold accuracies against each other.

    python train_peer.py DATASET [--epochs 40] [--batch 64] [--size 64] [--lr 0.001] [--folds 5] [--seed 1] [--rows all]

Reads manifest.csv of a data set of maskfer, makes folds of people, trains a ResNet-18 from random weights, and prints the
last epoch's accuracy on non-masked and masked pictures of each fold with mean and standard deviation (maskfer's is
`--select last`). Augmentation is maskfer's `light`: mirror, small rotation, scale and shift."""
import argparse
import csv
import math
import os
import random

import numpy as np
import torch
from PIL import Image

p = argparse.ArgumentParser()
p.add_argument("dataset")
p.add_argument("--epochs", type=int, default=40)
p.add_argument("--batch", type=int, default=64)
p.add_argument("--size", type=int, default=64)
p.add_argument("--lr", type=float, default=0.001)
p.add_argument("--weight-decay", type=float, default=0.0001)
p.add_argument("--folds", type=int, default=5)
p.add_argument("--seed", type=int, default=1)
p.add_argument("--rows", choices=["all", "clear", "occluded"], default="all")
o = p.parse_args()


class Block(torch.nn.Module):
    def __init__(self, ci, co, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(ci, co, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(co)
        self.conv2 = torch.nn.Conv2d(co, co, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(co)
        self.down = None
        if stride != 1 or ci != co:
            self.down = torch.nn.Sequential(torch.nn.Conv2d(ci, co, 1, stride, bias=False), torch.nn.BatchNorm2d(co))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.down is None else self.down(x)))


def resnet18(classes):
    layers = [torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False), torch.nn.BatchNorm2d(64), torch.nn.ReLU(), torch.nn.MaxPool2d(3, 2, 1)]
    ci = 64
    for co, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(ci, co, stride), Block(co, co, 1)]
        ci = co
    net = torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(512, classes))
    for m in net.modules():
        if isinstance(m, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(m.weight, mode="fan_out")
    return net


def load():
    with open(os.path.join(o.dataset, "manifest.csv"), newline="") as f:
        rows = list(csv.DictReader(f))
    x = np.stack([np.asarray(Image.open(os.path.join(o.dataset, r["image"])).convert("RGB").resize((o.size, o.size), Image.BILINEAR))
                  for r in rows])
    names = sorted({r["label"] for r in rows})
    y = torch.tensor([names.index(r["label"]) for r in rows])
    mask = torch.tensor([r["occlusion"] not in ("", "none") for r in rows])
    mean, std = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    x = (torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255 - mean) / std
    return x, y, mask, [r["subject"] for r in rows], len(names)


def light(x):
    """Mirror at a half, rotation and scale at a half, a shift of 0.04 of the side always: one bilinear pass."""
    n = len(x)
    on = (torch.rand(n) < 0.5).float()
    angle = on * (torch.rand(n) * 2 - 1) * 6 * math.pi / 180
    s = 1 + on * (torch.rand(n) * 2 - 1) * 0.08
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    m = torch.zeros(n, 2, 3)
    m[:, 0, 0], m[:, 0, 1] = torch.cos(angle) * s * flip, -torch.sin(angle) * s
    m[:, 1, 0], m[:, 1, 1] = torch.sin(angle) * s * flip, torch.cos(angle) * s
    m[:, :, 2] = (torch.rand(n, 2) * 2 - 1) * 0.08
    grid = torch.nn.functional.affine_grid(m, list(x.shape), align_corners=False)
    return torch.nn.functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def run(x, y, train, classes, seed):
    torch.manual_seed(seed)
    net = resnet18(classes).to(memory_format=torch.channels_last)
    opt = torch.optim.Adam([{"params": [q for q in net.parameters() if q.ndim > 1], "weight_decay": o.weight_decay},
                            {"params": [q for q in net.parameters() if q.ndim <= 1], "weight_decay": 0.0}], lr=o.lr)
    steps, step = o.epochs * math.ceil(len(train) / o.batch), 0
    warm = math.ceil(len(train) / o.batch)
    for _ in range(o.epochs):
        net.train()
        order = train[torch.randperm(len(train))]
        for i in range(0, len(order), o.batch):
            b = order[i:i + o.batch]
            if len(b) == 1:
                continue
            rate = 0.1 + 0.9 * step / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
            for g in opt.param_groups:
                g["lr"] = o.lr * rate
            loss = torch.nn.functional.cross_entropy(net(light(x[b]).contiguous(memory_format=torch.channels_last)), y[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
            step += 1
    return net.eval()


def main():
    x, y, mask, subject, classes = load()
    people = sorted(set(subject))
    random.Random(o.seed).shuffle(people)
    table = []
    for k in range(o.folds):
        out = set(people[k::o.folds])
        scored = torch.tensor([s in out for s in subject])
        use = ~scored & {"all": torch.ones_like(mask), "clear": ~mask, "occluded": mask}[o.rows]
        net = run(x, y, use.nonzero().flatten(), classes, o.seed + k)
        with torch.no_grad():
            right = torch.cat([net(c).argmax(1) for c in x[scored].split(256)]) == y[scored]
        row = [100 * right[~mask[scored]].double().mean().item(), 100 * right[mask[scored]].double().mean().item()]
        table.append(row)
        print("fold %d  non-masked %.2f  masked %.2f" % (k + 1, *row), flush=True)
    for i, name in enumerate(("non-masked", "masked")):
        v = np.array([r[i] for r in table])
        print("%-10s %.2f +- %.2f" % (name, np.nanmean(v), np.nanstd(v, ddof=1)))


main()
