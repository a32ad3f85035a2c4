/* data/importers/person.h: who is on a picture of Labeled Faces in the Wild, by its name. */
#ifndef MF_DATA_IMPORTERS_PERSON_H
#define MF_DATA_IMPORTERS_PERSON_H

#include <stdbool.h>
#include "core/str.h"

/* "a/George_HW_Bush_0010.jpg" -> "George_HW_Bush": the number is the last field between underscores, and what follows it (a
 * second number of several crops) goes too. Cleared first. False and "" for a name without a number. */
bool mf_person_of(mf_str *out, const char *path);

#endif
