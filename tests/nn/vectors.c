/* tests/nn/vectors.c: a reader of "case NAME / tensor NAME NDIM DIMS / numbers". */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "vectors.h"

/* The next word, or NULL at the end. */
static char *
word(char **at)
{
    char *s = *at + strspn(*at, " \n");
    if (!*s)
        return NULL;
    *at = s + strcspn(s, " \n");
    if (**at)
        *(*at)++ = '\0';
    return s;
}

static void
read_tensor(mf_vec *t, char **at)
{
    t->shape.ndim = atoi(word(at));
    assert_in_range(t->shape.ndim, 0, MF_MAX_DIMS);
    for (int d = 0; d < t->shape.ndim; d++)
        t->shape.dim[d] = atoll(word(at));
    t->n = (size_t)mf_shape_elems(&t->shape);
    t->v = mf_calloc(t->n, sizeof *t->v);
    assert_non_null(t->v);
    for (size_t i = 0; i < t->n; i++) {
        char *w = word(at), *end;
        assert_non_null(w);
        t->v[i] = strtod(w, &end);
        assert_int_equal(*end, 0);
    }
}

void
mf_vec_load(mf_vec_case *c, const char *name)
{
    char     path[1024], *at, *w;
    mf_blob  file = {0};
    mf_err   err = {0};
    bool     inside = false;

    *c = (mf_vec_case){.n = 0};
    snprintf(path, sizeof path, "%s/tests/nn/vectors/ops.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 8 << 20, &err), &err);
    at = strchr((char *)file.data, '\n'); /* past the line that says who made it */
    assert_non_null(at);
    while ((w = word(&at)) != NULL) {
        if (strcmp(w, "case") == 0) {
            w      = word(&at);
            inside = strcmp(w, name) == 0;
            if (inside)
                snprintf(c->name, sizeof c->name, "%s", w);
        } else if (inside && strcmp(w, "tensor") == 0) {
            assert_true(c->n < (int)(sizeof c->t / sizeof c->t[0]));
            snprintf(c->t[c->n].name, sizeof c->t[c->n].name, "%s", word(&at));
            read_tensor(&c->t[c->n++], &at);
        }
    }
    mf_blob_free(&file);
    if (c->n == 0)
        fail_msg("vectors/ops.txt has no case %s", name);
}

void
mf_vec_free(mf_vec_case *c)
{
    for (int i = 0; i < c->n; i++)
        mf_free(c->t[i].v);
    c->n = 0;
}

const mf_vec *
mf_vec_find(const mf_vec_case *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->t[i].name, name) == 0)
            return &c->t[i];
    return NULL;
}

const mf_vec *
mf_vec_get(const mf_vec_case *c, const char *name)
{
    const mf_vec *t = mf_vec_find(c, name);
    if (!t)
        fail_msg("case %s has no tensor %s", c->name, name);
    return t;
}
