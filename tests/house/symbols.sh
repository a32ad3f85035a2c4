#!/bin/sh
# What the library exports begins with mf_, and it holds no variables but those that are listed here with their reason.
# MASKFER_LIBRARY: the built archive.
set -u
lib=${MASKFER_LIBRARY:?}
status=0
# Names that sanitizers and coverage put into every object file.
made='(asan|odr_asan|lsan|ubsan|tsan|msan|sancov|gcov|llvm)'

names=$(nm -g --defined-only "$lib" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
count=$(echo "$names" | grep -c '^mf_')
[ "$count" -ge 50 ] || { echo "only $count names seen: is $lib the library?"; status=1; }
foreign=$(echo "$names" | grep -v '^mf_' | grep -Ev "^_*$made")
if [ -n "$foreign" ]; then
    echo "exported without mf_:"
    echo "$foreign"
    status=1
fi

# Writable data (.data, .bss), without constants that only the loader writes (.data.rel.ro).
# mem.c counts allocations; thread.c keeps the number of threads, and without OpenMP whether a thread is inside a loop.
allowed='^(alloc_count|fail_in|bytes_now|bytes_peak|thread_count|inside_loop)$'
variables=$(nm -f sysv --defined-only "$lib" 2>/dev/null |
    awk -F'|' 'NF >= 7 { gsub(/ /, "", $1); gsub(/[ \t]/, "", $7); if ($7 ~ /^\.(data|bss|tbss|tdata)/ && $7 !~ /^\.data\.rel\.ro/) print $1 }' |
    sed 's/\.[0-9]*$//' | sort -u | grep -Ev "$allowed" | grep -Ev "^_*$made|^\.|^\*?\.L|^__?$made|^\$")
if [ -n "$variables" ]; then
    echo "variables in the library (pass a context instead):"
    echo "$variables"
    status=1
fi
echo "$count names"
exit $status
