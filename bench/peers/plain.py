"""VGG, VGG-Face, VGG-f and the MobileNets in plain PyTorch, written from the papers, with the names that the reference
state_dicts use. For benchmarks and parity tests alone. Options are those of maskfer's architectures; narrow forms are for
tests."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

VGG_BLOCKS = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
FACTOR = (1, 2, 4, 8, 8)


class Vgg(nn.Module):
    def __init__(self, name, classes, channels, width=64, hidden=4096, dropout=0.5, head="hidden"):
        super().__init__()
        norm = name.endswith("_bn")
        layers, ci = [], channels
        for block, n in enumerate(VGG_BLOCKS[name.replace("_bn", "")]):
            for _ in range(n):
                co = FACTOR[block] * width
                layers.append(nn.Conv2d(ci, co, 3, 1, 1))
                if norm:
                    layers.append(nn.BatchNorm2d(co))
                layers.append(nn.ReLU())
                ci = co
            layers.append(nn.MaxPool2d(2, 2))
        self.add_module("features", nn.Sequential(*layers))
        self.head = head
        if head == "pooled":
            self.classifier = nn.ModuleDict({"6": nn.Linear(ci, classes)})
        else:
            self.classifier = nn.Sequential(nn.Linear(ci * 49, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU(),
                                            nn.Dropout(dropout), nn.Linear(hidden, classes))

    def embed(self, x):
        x = self._modules["features"](x)
        if self.head == "pooled":
            return x.mean((2, 3))
        x = F.adaptive_avg_pool2d(x, 7).flatten(1)
        return self.classifier[:5](x)

    def forward(self, x):
        e = self.embed(x)
        return self.classifier["6"](e) if self.head == "pooled" else self.classifier[5:](e)


class Fc(nn.Module):
    """fc6, fc7, fc8 with dropout before the second and the third."""

    def fully(self, ci, hidden, classes, dropout):
        self.fc6, self.fc7, self.fc8 = nn.Linear(ci, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, classes)
        self.p = dropout

    def embed(self, x):
        x = torch.relu(self.fc6(self.cells(x).flatten(1)))
        return torch.relu(self.fc7(F.dropout(x, self.p, self.training)))

    def forward(self, x):
        return self.fc8(F.dropout(self.embed(x), self.p, self.training))


class VggFace(Fc):
    def __init__(self, classes, channels, width=64, hidden=4096, dropout=0.5):
        super().__init__()
        ci = channels
        self.order = []
        for block, n in enumerate(VGG_BLOCKS["vgg16"]):
            for k in range(n):
                setattr(self, "conv%d_%d" % (block + 1, k + 1), nn.Conv2d(ci, FACTOR[block] * width, 3, 1, 1))
                self.order.append("conv%d_%d" % (block + 1, k + 1))
                ci = FACTOR[block] * width
            self.order.append("pool")
        self.fully(ci * 49, hidden, classes, dropout)

    def cells(self, x):
        for name in self.order:
            x = F.max_pool2d(x, 2, 2) if name == "pool" else torch.relu(getattr(self, name)(x))
        return F.adaptive_avg_pool2d(x, 7)


class VggF(Fc):
    def __init__(self, classes, channels, hidden=4096, dropout=0.5, lrn_window=5, lrn_kappa=1.0, lrn_alpha=2e-5, lrn_beta=0.75):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 11, 4, 0)
        self.conv2 = nn.Conv2d(64, 256, 5, 1, 2)
        self.conv3, self.conv4, self.conv5 = (nn.Conv2d(256, 256, 3, 1, 1) for _ in range(3))
        alpha = float(np.float32(lrn_alpha))  # attributes of maskfer's operations are single precision
        self.norm = (lrn_window, alpha * lrn_window, lrn_beta, lrn_kappa)  # PyTorch divides alpha by the window
        self.fully(256 * 36, hidden, classes, dropout)

    def cells(self, x):
        x = F.local_response_norm(torch.relu(self.conv1(x)), *self.norm)
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, 2)  # bottom and right alone
        x = F.local_response_norm(torch.relu(self.conv2(x)), *self.norm)
        x = F.max_pool2d(x, 3, 2)
        for c in (self.conv3, self.conv4, self.conv5):
            x = torch.relu(c(x))
        return F.adaptive_avg_pool2d(F.max_pool2d(x, 3, 2), 6)


class MobileNetV1(nn.Module):
    BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1))

    def __init__(self, classes, channels, width=1.0, activation="relu", bn_eps=1e-5, bn_momentum=0.1, dropout=0.0):
        super().__init__()

        def norm(c):
            return nn.BatchNorm2d(c, eps=bn_eps, momentum=bn_momentum)

        def act():
            return nn.ReLU6() if activation == "relu6" else nn.ReLU()

        ci = int(32 * width)
        model = [nn.Sequential(nn.Conv2d(channels, ci, 3, 2, 1, bias=False), norm(ci), act())]
        for co, stride in self.BLOCKS:
            co = int(co * width)
            model.append(nn.Sequential(nn.Conv2d(ci, ci, 3, stride, 1, groups=ci, bias=False), norm(ci), act(),
                                       nn.Conv2d(ci, co, 1, bias=False), norm(co), act()))
            ci = co
        self.model = nn.Sequential(*model)
        self.fc = nn.Linear(ci, classes)
        self.p = dropout

    def embed(self, x):
        return self.model(x).mean((2, 3))

    def forward(self, x):
        return self.fc(F.dropout(self.embed(x), self.p, self.training))


def eights(v):
    n = max(8, int(v + 4) // 8 * 8)
    return n + 8 if n < 0.9 * v else n


class Inverted(nn.Module):
    def __init__(self, ci, co, stride, t):
        super().__init__()
        mid = ci * t
        layers = []
        if t != 1:
            layers.append(nn.Sequential(nn.Conv2d(ci, mid, 1, bias=False), nn.BatchNorm2d(mid), nn.ReLU6()))
        layers += [nn.Sequential(nn.Conv2d(mid, mid, 3, stride, 1, groups=mid, bias=False), nn.BatchNorm2d(mid), nn.ReLU6()),
                   nn.Conv2d(mid, co, 1, bias=False), nn.BatchNorm2d(co)]
        self.conv = nn.Sequential(*layers)
        self.add = stride == 1 and ci == co

    def forward(self, x):
        return x + self.conv(x) if self.add else self.conv(x)


class MobileNetV2(nn.Module):
    STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, classes, channels, width=1.0, dropout=0.2):
        super().__init__()
        ci, last = eights(32 * width), eights(1280 * max(1.0, width))
        layers = [nn.Sequential(nn.Conv2d(channels, ci, 3, 2, 1, bias=False), nn.BatchNorm2d(ci), nn.ReLU6())]
        for t, co, n, stride in self.STAGES:
            for k in range(n):
                layers.append(Inverted(ci, eights(co * width), stride if k == 0 else 1, t))
                ci = eights(co * width)
        layers.append(nn.Sequential(nn.Conv2d(ci, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU6()))
        self.add_module("features", nn.Sequential(*layers))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes))

    def embed(self, x):
        return self._modules["features"](x).mean((2, 3))

    def forward(self, x):
        return self.classifier(self.embed(x))


def numbers(options):
    """What looks like a number becomes one."""
    return {k: int(v) if v.isdigit() else float(v) if v.replace(".", "").replace("e-", "").isdigit() else v for k, v in options.items()}


def make(name, classes, channels, options):
    options = numbers(options)
    if name in ("vgg_f", "vgg_face"):
        return {"vgg_f": VggF, "vgg_face": VggFace}[name](classes, channels, **options)
    if name.startswith("vgg"):
        return Vgg(name, classes, channels, **options)
    return {"mobilenet_v1": MobileNetV1, "mobilenet_v2": MobileNetV2}[name](classes, channels, **options)
