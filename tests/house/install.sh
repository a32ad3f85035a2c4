#!/bin/sh
# What is installed can be used: the program of docs/c-api.md is compiled with the installed headers and maskfer.pc alone,
# linked, and run.
# $1: the root of the sources; MASKFER_BUILD: the build folder; CC: the compiler.
set -eu
build=${MASKFER_BUILD:?}
if ! command -v pkg-config >/dev/null; then
    echo "SKIP: pkg-config is missing"
    exit 77
fi
if grep -q '^MF_SANITIZE:[^=]*=..*' "$build/CMakeCache.txt"; then
    echo "SKIP: a sanitized library wants a sanitized program"
    exit 77
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cmake --install "$build" --prefix "$place/prefix" >"$place/log" 2>&1 || { cat "$place/log"; exit 1; }
sed -n '/^```c$/,/^```$/p' "$1/docs/c-api.md" | sed '/^```/d' >"$place/user.c"
pc=$(find "$place/prefix" -name maskfer.pc)
[ -n "$pc" ] || { echo "no maskfer.pc was installed"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror -o "$place/user" "$place/user.c" $(pkg-config --cflags --libs maskfer)
if out=$("$place/user" no-such-file.safetensors face.jpg 2>&1); then
    echo "a file that is not there was opened: $out"
    exit 1
fi
echo "$out"
case $out in *no-such-file.safetensors*) ;; *) exit 1 ;; esac
[ -x "$place/prefix/bin/maskfer" ] || { echo "the program was not installed"; exit 1; }
