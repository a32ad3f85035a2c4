#!/bin/sh
# Who may include whom: every "..." include of src/ is held against the table below, every vendor header against the
# one folder that may see it. $1: the root of the sources.
set -u
cd "$1/src" || exit 1

# shellcheck disable=SC2016
find . -name '*.[ch]' | sed 's,^\./,,' | sort | xargs awk '
BEGIN {
    may["core"]    = "core"
    may["image"]   = "core image"
    may["nn"]      = "core nn"
    may["face"]    = "core image face"
    may["data"]    = "core image face data"
    may["models"]  = "core nn image/prep models"
    may["weights"] = "core nn image/prep weights"
    may["methods"] = "core nn models train/loss methods"
    may["infer"]   = "core image nn models weights infer"
    may["eval"]    = "core nn data infer eval"
    may["train"]   = "core data nn models weights methods infer eval train"
    may["viz"]     = "core image eval viz"
    may["serve"]   = "core image data infer viz serve"
    may["cli"]     = "core image face data nn models weights methods train infer eval viz serve cli"

    # A vendor header, as a pattern, and the files that may see it.
    vendor["^jansson"]                = "^core/json"
    vendor["^yaml\\.h"]               = "^core/yaml"
    vendor["dnnl"]                    = "^nn/backends/onednn/"
    vendor["^(cuda|cudnn|cublas|nccl)"] = "^nn/backends/cuda/"
    vendor["^(turbojpeg|png|jpeglib|tiffio)\\.h|^webp/|^libexif/"] = "^image/"
    vendor["^cairo"]                  = "^(face|image|viz)/"
    vendor["^zip(conf)?\\.h|^protobuf-c/"] = "^(weights|train)/"
    vendor["^(microhttpd|sqlite3)\\.h"] = "^serve/"
    vendor["^fftw3"]                  = "^eval/"
    vendor["^omp\\.h"]                = "^(core/thread|nn/)"
    vendor["^cmocka"]                 = "^$"
}
function wrong(what) { printf "src/%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    path = part[2]
    folder = FILENAME; sub("/.*", "", folder)
    seen++
    if (path !~ "/") {
        if (path != "mf_commit.h") wrong("\"" path "\" must be included by its path below src/")
        next
    }
    if (path ~ /\.\.\//) { wrong("\"" path "\": no .. in an include"); next }
    if (path ~ /^maskfer\//) next
    if (!(folder in may)) { wrong("the folder " folder " is not in the table of tests/house/includes.sh"); next }
    ok = 0
    n = split(may[folder], allowed, " ")
    for (i = 1; i <= n; i++) if (index(path, allowed[i]) == 1 && (allowed[i] ~ "/" || index(path, allowed[i] "/") == 1)) ok = 1
    if (!ok) wrong(folder " may not include \"" path "\"")
    # A backend sees the engine, not another backend.
    if (path ~ /^nn\/backends\/[^\/]+\// && FILENAME ~ /^nn\/backends\/[^\/]+\//) {
        split(path, a, "/"); split(FILENAME, b, "/")
        if (a[3] != b[3]) wrong("the backend " b[3] " may not include \"" path "\"")
    }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    path = $0; sub(/^[^<]*</, "", path); sub(/>.*/, "", path)
    for (v in vendor) if (path ~ v && FILENAME !~ vendor[v]) wrong("<" path "> belongs to " vendor[v] " alone")
}
END {
    if (seen < 20) { print "only " seen + 0 " includes seen: the script looks in the wrong place"; bad = 1 }
    exit bad
}'
status=$?
# The public headers stand alone.
if grep -n '#[[:space:]]*include[[:space:]]*"' ../include/maskfer/*.h 2>/dev/null | grep -v '"maskfer/'; then
    echo "a public header may include only C headers and maskfer/"
    status=1
fi
exit $status
