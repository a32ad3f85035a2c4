/* Register tiles of bf16 dot products (dot.h) against sums in double, on every CPU that has the instructions. */
#include "support.h"

#include <math.h>
#include <string.h>

#if MF_HAVE_ONEDNN
#include "core/mem.h"
#include "core/rng.h"
#include "nn/backends/onednn/dot.h"

enum { V = 16, R = 3, N = 23 };

static float
wide(uint16_t h)
{
    uint32_t u = (uint32_t)h << 16;
    float    f;

    memcpy(&f, &u, sizeof f);
    return f;
}

/* Values that bf16 holds exactly. */
static void
fill(uint16_t *x, float *f, size_t n, uint64_t seed)
{
    mf_rng r = mf_rng_make(seed, 0, 0, MF_RNG_TEST);

    for (size_t i = 0; i < n; i++) {
        float    v = (float)mf_rng_normal(&r);
        uint32_t u;

        memcpy(&u, &v, sizeof u);
        if (x != NULL) {
            x[i] = (uint16_t)(u >> 16);
        }
        if (f != NULL) {
            f[i] = wide((uint16_t)(u >> 16));
        }
    }
}

static const mf_dn_dot_loops *
loops(void)
{
    const mf_dn_dot_loops *l = mf_dn_dot_any();

    if (l == NULL) {
        mf_test_skip("no AVX512-BF16 here");
    }
    return l;
}

static void
test_tile(void **state)
{
    const mf_dn_dot_loops *l = loops();
    static uint16_t        x[R * N * V], w[2 * R * MF_DN_DOT_CELL];
    static float           cell[2 * R * MF_DN_DOT_CELL], y[2 * N * V];
    double                 worst = 0;

    (void)state;
    fill(x, NULL, sizeof x / sizeof *x, 1);
    fill(NULL, cell, sizeof cell / sizeof *cell, 2);
    for (int turned = 0; turned < 2; turned++) {
        for (int c = 0; c < 2 * R; c++) {
            l->weights(w + c * MF_DN_DOT_CELL, cell + c * MF_DN_DOT_CELL, turned != 0);
        }
        for (int n = 1; n <= MF_DN_DOT_GROUP; n++) {
            for (int blocks = 1; blocks <= 2; blocks++) {
                mf_dn_dot_tile t = {.x = x, .x_block = N * V, .w = w, .w_out = R * MF_DN_DOT_CELL, .y = y, .y_block = N * V, .reduced = R, .blocks = blocks};

                for (size_t i = 0; i < sizeof y / sizeof *y; i++) {
                    y[i] = 77.0f;
                }
                l->tile(&t, n);
                for (int b = 0; b < 2; b++) {
                    for (int p = 0; p < N; p++) {
                        for (int o = 0; o < V; o++) {
                            const float got = y[(b * N + p) * V + o];
                            double      sum = 0;

                            if (b >= blocks || p >= n) { /* not written */
                                assert_true(got == 77.0f);
                                continue;
                            }
                            for (int r = 0; r < R; r++) {
                                const float *cl = cell + (b * R + r) * MF_DN_DOT_CELL;

                                for (int k = 0; k < V; k++) {
                                    sum += (double)wide(x[(r * N + p) * V + k]) * (double)(turned ? cl[o * V + k] : cl[k * V + o]);
                                }
                            }
                            worst = fmax(worst, fabs((double)got - sum));
                        }
                    }
                }
            }
        }
    }
    printf("worst difference %.1e\n", worst);
    assert_true(worst < 2e-5);
}

static void
test_outer(void **state)
{
    const mf_dn_dot_loops *l = loops();
    static uint16_t        x[(N + 1) * V], d[2 * (N + 1) * V], xp[(N + 1) * V], dp[2 * (N + 1) * V];
    static float           c[2 * MF_DN_DOT_CELL];
    double                 worst = 0;

    (void)state;
    fill(x, NULL, sizeof x / sizeof *x, 3);
    fill(d, NULL, sizeof d / sizeof *d, 4);
    memcpy(xp, x, sizeof x);
    memcpy(dp, d, sizeof d);
    l->pairs(xp, N);
    l->pairs(dp, N);
    l->pairs(dp + (N + 1) * V, N);
    for (int k = 0; k < 8; k++) {
        const int blocks = 1 + k % 2, times = 1 + k / 4;

        for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
            c[i] = 5.0f;
        }
        for (int t = 0; t < times; t++) {
            l->outer(c, MF_DN_DOT_CELL, xp, dp, (N + 1) * V, (N + 1) / 2, blocks, t > 0);
        }
        for (int b = 0; b < 2; b++) {
            for (int i = 0; i < V; i++) {
                for (int o = 0; o < V; o++) {
                    const float got = c[b * MF_DN_DOT_CELL + i * V + o];
                    double      sum = 0;

                    if (b >= blocks) {
                        assert_true(got == 5.0f);
                        continue;
                    }
                    for (int p = 0; p < N; p++) {
                        sum += (double)wide(x[p * V + i]) * (double)wide(d[(b * (N + 1) + p) * V + o]);
                    }
                    worst = fmax(worst, fabs((double)got - times * sum));
                }
            }
        }
    }
    printf("worst difference %.1e\n", worst);
    assert_true(worst < 2e-5);
}
#else
static void
test_tile(void **state)
{
    (void)state;
    mf_test_skip("built without oneDNN");
}
#define test_outer test_tile
#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tile), cmocka_unit_test(test_outer)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
