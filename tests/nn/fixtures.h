/* tests/nn/fixtures.h: small random problems, at least one for each op that has a gradient.
 *
 * A fixture builds a value from parameters whose sizes and contents are drawn from a seeded stream. Everything it
 * differentiates is a parameter, so a program's gradients and mf_param_set are all a check needs. Contents stay away
 * from kinks: a step of 1e-3 changes no maximum and no sign. */
#ifndef MF_TESTS_NN_FIXTURES_H
#define MF_TESTS_NN_FIXTURES_H

#include "core/rng.h"
#include "nn/ops.h"

typedef struct mf_fx_value {
    const char *name;
    double     *v;
    size_t      n;
} mf_fx_value;

typedef struct mf_fx {
    mf_graph   *g;
    mf_rng      rng;
    mf_fx_value value[24];
    int         n;
} mf_fx;

typedef struct mf_fixture {
    const char *op;   /* the op it is there for; the graph holds it */
    const char *what; /* which side of it */
    mf_ref (*build)(mf_fx *f);
} mf_fixture;

size_t            mf_fixture_count(void);
const mf_fixture *mf_fixture_at(size_t i);

/* Build number `seed` of a fixture into g: the value itself, and loss = sum(value * fixed random numbers). */
mf_ref mf_fx_build(mf_fx *f, const mf_fixture *fix, mf_graph *g, uint64_t seed);
mf_ref mf_fx_loss(mf_fx *f, mf_ref value);
/* Once the parameters have memory: fill them. */
void mf_fx_fill(const mf_fx *f);
void mf_fx_free(mf_fx *f);

#endif
