/* core/version.h: which maskfer this is. */
#ifndef MF_CORE_VERSION_H
#define MF_CORE_VERSION_H

#include "maskfer/version.h"

const char *mf_commit(void);  /* the commit it was built from, "-dirty" if the sources differed; "unknown" outside git */
#endif
