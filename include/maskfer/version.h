/* maskfer/version.h: which maskfer this is. */
#ifndef MF_MASKFER_VERSION_H
#define MF_MASKFER_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0": the version of the library that is linked. */
const char *mf_version(void);

#ifdef __cplusplus
}
#endif
#endif
