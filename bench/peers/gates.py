"""CBAM-ResNets and ResMaskingNet in plain PyTorch, written from the papers and the descriptions of their programs, with the
names that those programs' state_dicts use. For benchmarks and parity tests alone."""
import torch
import torch.nn.functional as F
from torch import nn

DEPTH = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


class ConvBn(nn.Module):
    def __init__(self, ci, co, k, stride):
        super().__init__()
        self.conv = nn.Conv2d(ci, co, k, stride, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(co)

    def forward(self, x):
        return self.bn(self.conv(x))


class ChannelGate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(c, c // 16), "fc2": nn.Linear(c // 16, c)})

    def forward(self, x):
        def run(v):
            return self.mlp["fc2"](torch.relu(self.mlp["fc1"](v)))
        return x * torch.sigmoid(run(x.mean((2, 3))) + run(x.flatten(2).max(2)[0]))[:, :, None, None]


class SpatialGate(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = ConvBn(2, 1, 7, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(torch.cat([x.max(1, keepdim=True)[0], x.mean(1, keepdim=True)], 1)))


class CbamUnit(nn.Module):
    def __init__(self, ci, width, stride, bottleneck):
        super().__init__()
        co = 4 * width if bottleneck else width
        self.body = nn.Module()
        if bottleneck:
            self.body.conv1, self.body.conv2, self.body.conv3 = ConvBn(ci, width, 1, 1), ConvBn(width, width, 3, stride), ConvBn(width, co, 1, 1)
        else:
            self.body.conv1, self.body.conv2 = ConvBn(ci, width, 3, stride), ConvBn(width, co, 3, 1)
        self.identity_conv = ConvBn(ci, co, 1, stride) if ci != co or stride != 1 else None
        self.cbam = nn.Module()
        self.cbam.ch_gate, self.cbam.sp_gate = ChannelGate(co), SpatialGate()

    def forward(self, x):
        t, convs = x, list(self.body.children())
        for c in convs[:-1]:
            t = torch.relu(c(t))
        t = self.cbam.sp_gate(self.cbam.ch_gate(convs[-1](t)))
        return torch.relu(t + (x if self.identity_conv is None else self.identity_conv(x)))


class CbamResNet(nn.Module):
    def __init__(self, depth, classes, channels, width=64):
        super().__init__()
        bottleneck = depth == 50
        f = nn.Module()
        f.init_block = nn.Module()
        f.init_block.conv = ConvBn(channels, width, 7, 2)
        ci = width
        for s, n in enumerate(DEPTH[depth]):
            stage = nn.Module()
            for u in range(n):
                setattr(stage, "unit%d" % (u + 1), CbamUnit(ci, width << s, 2 if u == 0 and s > 0 else 1, bottleneck))
                ci = (width << s) * (4 if bottleneck else 1)
            setattr(f, "stage%d" % (s + 1), stage)
        self.add_module("features", f)
        self.output = nn.Linear(ci, classes)

    def embed(self, x):
        f = self._modules["features"]
        x = F.max_pool2d(torch.relu(f.init_block.conv(x)), 3, 2, 1)
        for s in range(4):
            for u in getattr(f, "stage%d" % (s + 1)).children():
                x = u(x)
        return x.mean((2, 3))

    def forward(self, x):
        return self.output(self.embed(x))


class Basic(nn.Module):
    def __init__(self, ci, co, stride, project):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(ci, co, 3, stride, 1, bias=False), nn.BatchNorm2d(co)
        self.conv2, self.bn2 = nn.Conv2d(co, co, 3, 1, 1, bias=False), nn.BatchNorm2d(co)
        self.downsample = nn.Sequential(nn.Conv2d(ci, co, 1, stride, bias=False), nn.BatchNorm2d(co)) if project else None

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Mask(nn.Module):
    """Down `depth` blocks that double the channels, up again with the maps met on the way, softmax over channels. The 1 x 1
    branches are registered twice, as in the published program."""

    def __init__(self, c, depth):
        super().__init__()
        self.depth = depth

        def add(k, ci, co):
            b = Basic(ci, co, 1, True)
            setattr(self, "conv%d" % k, b)
            setattr(self, "downsample%d" % k, b.downsample)

        for i in range(1, depth + 1):
            add(i, c << (i - 1), c << i)
        for j in range(1, depth):
            lo, hi = c << (depth - j), c << (depth - j + 1)
            setattr(self, "up_pool%d" % (depth + j), nn.Sequential(nn.ConvTranspose2d(hi, lo, 2, 2), nn.BatchNorm2d(lo), nn.ReLU()))
            add(depth + j, 2 * lo, lo)
        add(2 * depth, 2 * c, c)

    def forward(self, x):
        met = []
        for i in range(1, self.depth + 1):
            x = getattr(self, "conv%d" % i)(x if i == 1 else F.max_pool2d(x, 2, 2))
            met.append(x)
        for j in range(1, self.depth):
            x = getattr(self, "up_pool%d" % (self.depth + j))(x)
            x = getattr(self, "conv%d" % (self.depth + j))(torch.cat([x, met[self.depth - j - 1]], 1))
        return getattr(self, "conv%d" % (2 * self.depth))(x).softmax(1)


class ResMasking(nn.Module):
    def __init__(self, classes, channels, width=64, dropout=None):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        ci = width
        for s, n in enumerate(DEPTH[34]):
            blocks = []
            for b in range(n):
                blocks.append(Basic(ci, width << s, 2 if b == 0 and s > 0 else 1, b == 0 and s > 0))
                ci = width << s
            setattr(self, "layer%d" % (s + 1), nn.Sequential(*blocks))
        self.fc = nn.Linear(ci, classes) if dropout is None else nn.Sequential(nn.Dropout(dropout), nn.Linear(ci, classes))
        for s in range(4):
            setattr(self, "mask%d" % (s + 1), Mask(width << s, 4 - s))

    def embed(self, x):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for s in range(4):
            x = getattr(self, "layer%d" % (s + 1))(x)
            x = x * (1 + getattr(self, "mask%d" % (s + 1))(x))
        return x.mean((2, 3))

    def forward(self, x):
        return self.fc(self.embed(x))


def make(name, classes, channels, options):
    options = {k: float(v) if "." in v else int(v) for k, v in options.items()}
    if name.startswith("cbam_resnet"):
        return CbamResNet(int(name[len("cbam_resnet"):]), classes, channels, **options)
    if name == "resmasking_dropout1":
        options.setdefault("dropout", 0.4)
    return ResMasking(classes, channels, **options)
