/* nn/op.c: the registry of ops, made from nn/op_list.h. */
#include "nn/op.h"

#include <string.h>

#define MF_OP(NAME) extern const mf_op_def mf_op_##NAME;
#include "nn/op_list.h"
#undef MF_OP

static const mf_op_def *const ops[] = {
#define MF_OP(NAME) &mf_op_##NAME,
#include "nn/op_list.h"
#undef MF_OP
};

size_t
mf_op_count(void)
{
    return sizeof ops / sizeof ops[0];
}

const mf_op_def *
mf_op_at(size_t i)
{
    return i < mf_op_count() ? ops[i] : NULL;
}

const mf_op_def *
mf_op_find(const char *name)
{
    for (size_t i = 0; i < mf_op_count(); i++)
        if (strcmp(ops[i]->name, name) == 0)
            return ops[i];
    return NULL;
}
