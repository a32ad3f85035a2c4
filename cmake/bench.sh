#!/bin/sh
# The speeds that docs/ quote: training and inference of the default network. $1: the build folder.
set -eu
for what in train infer; do
    "$1/maskfer" bench "$what" --model resnet18 --size 224 --batch 16
done
