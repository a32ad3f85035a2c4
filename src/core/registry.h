/* core/registry.h: an entry of a registry by its name. */
#ifndef MF_CORE_REGISTRY_H
#define MF_CORE_REGISTRY_H

#include <stddef.h>
#include "core/error.h"

typedef const char *mf_name_at(size_t i);
/* *at: which of the n names `name` is. MF_E_NOTFOUND: none; the sentence has the nearest ("no loss 'focus'; did you mean 'focal'?"), or all of
 * them where none is near. `what` is the kind of entry. */
mf_status mf_registry_find(size_t *at, const char *what, const char *name, mf_name_at *names, size_t n, mf_err *err);

#endif
