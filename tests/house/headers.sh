#!/bin/sh
# Every header compiles alone and guards itself by a name of its own (MF_..._H); public ones also without src/ in
# the search path, and as C++.
# $1: the root of the sources; CC: the compiler.
set -u
cd "$1" || exit 1
cc=${CC:-cc}
status=0
count=0
guards=
vendor=$(pkg-config --cflags cairo libpng 2>/dev/null)

say() { echo "$1"; status=1; }

for header in $(find src -name '*.h' ! -name '*_list.h' | sort); do
    case $header in
    src/nn/backends/onednn/*) echo '#include <oneapi/dnnl/dnnl.h>' | $cc -fsyntax-only -x c - 2>/dev/null || continue ;;
    src/nn/backends/cuda/*) continue ;;
    esac
    # shellcheck disable=SC2086
    $cc -std=c17 -D_GNU_SOURCE -DMF_REAL_F64=0 -DMF_ISA_SUFFIX=_base -Wall -Wextra -Wpedantic -Werror \
        -Isrc -Iinclude $vendor -fsyntax-only -x c -include "$header" /dev/null || say "$header does not compile alone"
    guard=$(sed -n 's/^#ifndef \(MF_[A-Z0-9_]*\)$/\1/p' "$header" | head -n 1)
    case $guard in
    MF_*_H) guards="$guards$guard
" ;;
    *) say "$header: the guard must be MF_..._H, by the file's folder and name" ;;
    esac
    count=$((count + 1))
done
for header in include/maskfer/*.h; do
    [ -e "$header" ] || continue
    $cc -std=c17 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c -include "$header" /dev/null ||
        say "$header does not compile alone"
    if command -v c++ >/dev/null; then
        c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c++ -include "$header" /dev/null ||
            say "$header does not compile as C++"
    fi
    count=$((count + 1))
done
twice=$(printf '%s' "$guards" | sort | uniq -d)
[ -z "$twice" ] || say "guards that two headers share: $twice"
[ "$count" -ge 15 ] || say "only $count headers seen: the script looks in the wrong place"
echo "$count headers"
exit $status
