"""ResNets in plain PyTorch (the other architectures are in plain.py and gates.py), written from the paper, with the names that the reference state_dicts use. For benchmarks and
parity tests alone: works with any PyTorch from 1.13 on and needs no other package."""
import torch
from torch import nn


class Basic(nn.Module):
    out = 1

    def __init__(self, ci, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(ci, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or ci != width:
            self.downsample = nn.Sequential(nn.Conv2d(ci, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    out = 4

    def __init__(self, ci, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(ci, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or ci != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(ci, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, block, depth, classes, channels=3, first=64):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, first, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        ci = first
        for s in range(4):
            blocks = []
            for b in range(depth[s]):
                blocks.append(block(ci, first << s, 2 if s > 0 and b == 0 else 1))
                ci = (first << s) * block.out
            setattr(self, "layer%d" % (s + 1), nn.Sequential(*blocks))
        self.fc = nn.Linear(ci, classes)

    def features(self, x):
        return self.maps(x).mean((2, 3))

    embed = features

    def maps(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def forward(self, x):
        return self.fc(self.features(x))


DEPTHS = {"18": (Basic, (2, 2, 2, 2)), "34": (Basic, (3, 4, 6, 3)), "50": (Bottleneck, (3, 4, 6, 3))}


def make(name, classes=7, channels=3, options=None):
    """`options`: those of maskfer's architecture, as strings. A network with `points` looks at that many landmarks, [N, points, 3]: set
    `marks` before it runs."""
    options = dict(options or {})
    for prefix, module in (("ran", "ran"), ("scan", "scan"), ("oadn", "oadn"), ("gacnn", "gacnn"), ("vgg", "plain"), ("mobilenet", "plain"), ("cbam", "gates"), ("resmasking", "gates")):
        if name.startswith(prefix):
            return __import__(module).make(name, classes, channels, options)
    block, depth = DEPTHS[name[6:]]
    return ResNet(block, depth, classes, channels, int(options.get("width", 64)))
