#!/bin/sh
# The peers of `make bench` and `make parity`: Debian's PyTorch from its packages, the newest wheels in a private virtual
# environment under build/. Nothing of this is needed to build, test or use maskfer.
set -e
cd "$(dirname "$0")/../.."
if ! /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  if [ "$(id -u)" = 0 ]; then as=; else as=sudo; fi
  DEBIAN_FRONTEND=noninteractive $as apt-get install -y --no-install-recommends python3-torch python3-numpy python3-venv ||
    echo "bench: Debian's python3-torch cannot be installed; it is left out" >&2
fi
if [ ! -x build/peers/bin/python ]; then
  python3 -m venv build/peers
fi
if ! build/peers/bin/python -c 'import torch, numpy, safetensors, PIL, tensorboard, sklearn, statsmodels' 2>/dev/null; then
  build/peers/bin/pip install --quiet torch numpy pillow safetensors tensorboard scikit-learn statsmodels ||
    echo "bench: the newest PyTorch wheel cannot be installed; it is left out" >&2
fi
if ! build/peers/bin/python -c 'import crowdkit' 2>/dev/null; then
  build/peers/bin/pip install --quiet crowd-kit ||
    echo "bench: crowd-kit cannot be installed; votes are not compared" >&2
fi
if ! build/peers/bin/python -c 'import sklearn, openTSNE' 2>/dev/null; then
  build/peers/bin/pip install --quiet scikit-learn openTSNE ||
    echo "bench: openTSNE cannot be installed; it is left out" >&2
fi
