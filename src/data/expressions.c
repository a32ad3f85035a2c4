/* data/expressions.c: one row an expression, the first word its name here. */
#include "data/expressions.h"

#include <stddef.h>
#include <strings.h>
#include "core/error.h"

enum { WORDS = 6 };

static const char *const words[MF_EXPRESSIONS][WORDS] = {
    {"surprise", "surprised", "su", NULL}, {"fear", "fearful", "afraid", "fe", NULL}, {"disgust", "disgusted", "di", NULL},
    {"happy", "happiness", "joy", "ha", NULL}, {"sad", "sadness", "sa", NULL}, {"angry", "anger", "an", NULL},
    {"neutral", "neutrality", "ne", NULL}, {"contempt", "contemptuous", NULL},
};

int
mf_expression_find(const char *word)
{
    int i, k;

    for (i = 0; i < MF_EXPRESSIONS; i++)
        for (k = 0; words[i][k]; k++)
            if (!strcasecmp(words[i][k], word))
                return i;
    return -1;
}

const char *
mf_expression_name(int i)
{
    MF_ASSERT(i >= 0 && i < MF_EXPRESSIONS);
    return words[i][0];
}
