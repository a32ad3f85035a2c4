/* core/version.h: which maskfer this is. */
#ifndef MF_CORE_VERSION_H
#define MF_CORE_VERSION_H
const char *mf_version(void); /* "0.1.0" */
const char *mf_commit(void);  /* the commit it was built from, "-dirty" if the sources differed; "unknown" outside git */
#endif
