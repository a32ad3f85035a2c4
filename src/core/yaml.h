/* core/yaml.h: the YAML that dataset.yaml and configs need: mappings, sequences, scalars (libyaml inside). */
#ifndef MF_CORE_YAML_H
#define MF_CORE_YAML_H

#include <stddef.h>
#include "core/error.h"
#include "core/str.h"

typedef struct mf_yaml mf_yaml; /* a node; the root owns all below it */

enum { MF_YAML_MAX_BYTES = 4 << 20, MF_YAML_MAX_DEPTH = 32 };

/* One document. Anchors, tags and duplicate keys are refused; the sentence gives the line. */
mf_status mf_yaml_parse(mf_yaml **out, const char *text, size_t size, mf_err *err);
mf_status mf_yaml_load(mf_yaml **out, const char *path, mf_err *err);
void      mf_yaml_free(mf_yaml *root);

size_t         mf_yaml_size(const mf_yaml *v);                           /* members or elements; 0 for a scalar */
const mf_yaml *mf_yaml_get(const mf_yaml *map, const char *key);         /* NULL if absent */
const mf_yaml *mf_yaml_at(const mf_yaml *seq, size_t i);
const mf_yaml *mf_yaml_member(const mf_yaml *map, size_t i, const char **key);
const char    *mf_yaml_text(const mf_yaml *scalar);                      /* NULL if not a scalar */
int            mf_yaml_line(const mf_yaml *v);                           /* from 1 */
/* A sequence of scalars as "a,b,c" (the text form of list options); a scalar as itself. */
mf_status mf_yaml_flat(const mf_yaml *v, mf_str *out, mf_err *err);
/* Append a scalar, quoted where YAML needs it. */
void mf_yaml_quote(mf_str *out, const char *text);

#endif
