/* weights/names.c: names that come from files are checked once, here, before they reach a list or a sentence. */
#include "weights/names.h"

#include <stdint.h>
#include <stdio.h>

#include "weights/weights.h"

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool
mf_utf8_valid(const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *)s;
    size_t         i = 0;

    while (i < n) {
        uint32_t c = p[i], low;
        size_t   more;

        if (c < 0x80) {
            i++;
            continue;
        }
        if (c >= 0xc2 && c < 0xe0) {
            more = 1, low = 0x80, c &= 0x1f;
        } else if (c >= 0xe0 && c < 0xf0) {
            more = 2, low = 0x800, c &= 0x0f;
        } else if (c >= 0xf0 && c < 0xf5) {
            more = 3, low = 0x10000, c &= 0x07;
        } else {
            return false;
        }
        if (n - i - 1 < more) {
            return false;
        }
        for (size_t k = 1; k <= more; k++) {
            if ((p[i + k] & 0xc0) != 0x80) {
                return false;
            }
            c = c << 6 | (p[i + k] & 0x3fu);
        }
        if (c < low || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

void
mf_show_bytes(char buf[340], const char *s, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n && i < 80; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= 32 && c < 127) {
            buf[at++] = (char)c;
        } else {
            at += (size_t)snprintf(buf + at, 340 - at, "\\x%02x", c);
        }
    }
    snprintf(buf + at, 340 - at, "%s", n > 80 ? "..." : "");
}

mf_status
mf_tensor_name_check(const char *s, size_t n, mf_err *err)
{
    char shown[340];

    if (n == 0) {
        return mf_fail(err, MF_E_FORMAT, "a tensor has an empty name");
    }
    mf_show_bytes(shown, s, n);
    if (n > MF_WEIGHTS_MAX_NAME) {
        return mf_fail(err, MF_E_LIMIT, "the tensor name '%s' has %zu bytes; at most %zu are allowed", shown, n,
                       MF_WEIGHTS_MAX_NAME);
    }
    if (!mf_utf8_valid(s, n)) {
        return mf_fail(err, MF_E_FORMAT, "the tensor name '%s' is not valid UTF-8", shown);
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] < 32 || s[i] == 127) {
            return mf_fail(err, MF_E_FORMAT, "the tensor name '%s' holds a control character", shown);
        }
    }
    return MF_OK;
}
