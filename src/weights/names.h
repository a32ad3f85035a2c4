/* weights/names.h: what a tensor's name may be. */
#ifndef MF_WEIGHTS_NAMES_H
#define MF_WEIGHTS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/str.h"

bool mf_utf8_valid(const char *s, size_t n);
/* Not empty, at most MF_WEIGHTS_MAX_NAME bytes, UTF-8 without control characters. The sentence shows it escaped. */
mf_status mf_tensor_name_check(const char *s, size_t n, mf_err *err);
/* At most the first 80 bytes, what is not printable ASCII shown as \xNN: for sentences about bytes from a file. */
void mf_show_bytes(char buf[340], const char *s, size_t n);

#endif
