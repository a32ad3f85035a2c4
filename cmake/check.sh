#!/bin/sh
# Runs every test of the build folder $1, then says which test cases were skipped and why; ends with ctest's summary.
set -u
build=$1
log=$build/check.log
{ ctest --test-dir "$build" --output-on-failure --no-tests=error -j 2 2>&1; echo $? >"$build/check.status"; } | tee "$log"
status=$(cat "$build/check.status")

awk '
/^[0-9]+\/[0-9]+ Testing: / { test = $3 }
/SKIP: /                    { sub(/.*SKIP: /, ""); reason = reason "  " test ": " $0 "\n" }
/^\[  SKIPPED \]/ && !/test\(s\)/ && !seen[test, $4]++ { skipped++ } # listed once as it runs, once at the end
/\*\*\*Skipped/               { skipped++ }
END { printf "\nSkipped test cases: %d\n%s", skipped, reason }
' "$build/Testing/Temporary/LastTest.log"
grep 'tests passed' "$log"
exit "$status"
