#!/bin/sh
# Habits that the compiler does not see: no printing, ending or raw allocation in the library, no left-overs.
# $1: the root of the sources.
set -u
cd "$1" || exit 1
status=0

# look PATTERN EXCEPT SENTENCE: lines of the library's C that match, outside the files of EXCEPT.
look() {
    # shellcheck disable=SC2016
    found=$(find src -name '*.[ch]' ! -path 'src/cli/*' | grep -Ev "$2" | xargs awk -v pattern="$1" '
        FNR == 1 { in_comment = 0 }
        { line = $0 }
        in_comment { end = index(line, "*/"); if (!end) next; line = substr(line, end + 2); in_comment = 0 }
        { gsub(/"([^"\\]|\\.)*"/, "\"\"", line); gsub(/\/\*[^*]*(\*+[^*\/][^*]*)*\*+\//, "", line); sub(/\/\/.*/, "", line) }
        line ~ /\/\*/ { sub(/\/\*.*/, "", line); in_comment = 1 }
        line ~ pattern { printf "%s:%d:%s\n", FILENAME, FNR, $0 }')
    if [ -n "$found" ]; then
        echo "$3:"
        echo "$found"
        status=1
    fi
}
look '(^|[^_a-zA-Z0-9>.])(printf|puts|putchar|perror|vprintf)[ ]*[(]|(stdout|stderr)[^_a-zA-Z]' '^src/core/error\.c$' \
    'printing outside src/cli (use mf_log)'
look '(^|[^_a-zA-Z0-9>.])(exit|abort|quick_exit)[ ]*[(]' '^src/core/error\.c$' 'ending the process outside src/cli'
look '(^|[^_a-zA-Z0-9>.])(malloc|calloc|realloc|strdup|strndup|aligned_alloc|posix_memalign|alloca)[ ]*[(]' \
    '^src/core/mem\.c$' 'allocation past core/mem.h'
look '(^|[^_a-zA-Z0-9>.])(gets|strcpy|strcat|sprintf|vsprintf|strtok|rand|srand|atoi|atof|system|tmpnam)[ ]*[(]' '^$' \
    'a function that cannot check its input, or keeps hidden state'

left=$(grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' --include='*.[ch]' src include tests fuzz bench 2>/dev/null)
if [ -n "$left" ]; then
    echo "left-overs:"
    echo "$left"
    status=1
fi
exit $status
