/* data/importers/person.c: names may hold hyphens and further underscores; only what is all digits is a number. */
#include "data/importers/person.h"

#include <string.h>
#include "core/file.h"

bool
mf_person_of(mf_str *out, const char *path)
{
    const char *base = mf_path_base(path), *dot = strrchr(base, '.');
    size_t      n = dot ? (size_t)(dot - base) : strlen(base), k;
    bool        found = false;

    mf_str_clear(out);
    for (;;) { /* "_0010" at the end, and again for "_0010_1" */
        for (k = n; k > 0 && base[k - 1] >= '0' && base[k - 1] <= '9'; k--)
            continue;
        if (k == n || k < 2 || base[k - 1] != '_')
            break;
        n     = k - 1;
        found = true;
    }
    if (found)
        mf_str_addn(out, base, n);
    return found;
}
