/* Mixup and cutmix: what a picture shows of another and what its target says of it are the same share; draws follow from
 * seed and step alone. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "nn/tensor.h"
#include "train/mix.h"

enum { N_MAX = 9, C = 3, H = 10, W = 14, PICTURE = C * H * W };

/* Picture k of sample i holds the number 1 + i + 16 k everywhere; the samples are of classes of their own. */
static void
fill(mf_batch *b, const mf_mix *m, size_t n)
{
    *b        = (mf_batch){.n = n};
    b->label  = mf_calloc(n, sizeof *b->label);
    b->target = mf_calloc(n * N_MAX, sizeof *b->target);
    for (int k = 0; k < m->pictures; k++) {
        b->x[k] = mf_calloc(n * PICTURE, sizeof(float));
        for (size_t e = 0; e < n * PICTURE; e++) {
            const float v = (float)(1 + e / PICTURE) + 16.0f * (float)k;

            if (m->form.type == MF_PIX_F32) {
                ((float *)b->x[k])[e] = v;
            } else {
                ((uint16_t *)b->x[k])[e] = mf_f32_to_bf16(v);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        b->label[i]               = (int32_t)i;
        b->target[i * N_MAX + i] = 1.0f;
    }
}

static void
release(mf_batch *b)
{
    mf_free(b->x[0]);
    mf_free(b->x[1]);
    mf_free(b->label);
    mf_free(b->target);
}

static double
pixel(const mf_batch *b, const mf_mix *m, int k, size_t at)
{
    return m->form.type == MF_PIX_F32 ? (double)((float *)b->x[k])[at] : (double)mf_bf16_to_f32(((uint16_t *)b->x[k])[at]);
}

/* Returns the share that sample i keeps of itself. */
static double
check_sample(const mf_batch *b, const mf_mix *m, size_t i)
{
    const float *t   = b->target + i * N_MAX;
    double       sum = 0, shares = 0;
    int          own = 0;

    for (size_t c = 0; c < N_MAX; c++) {
        assert_true(t[c] >= 0.0f && t[c] <= t[b->label[i]]);
        sum += (double)t[c] * (double)(1 + c);
        shares += (double)t[c];
        own += t[c] > 0.0f;
    }
    assert_true(fabs(shares - 1.0) < 1e-6 && own <= 2);
    for (int k = 0; k < m->pictures; k++) {
        double mean = 0;

        for (size_t e = 0; e < PICTURE; e++) {
            const double v = pixel(b, m, k, i * PICTURE + e);

            mean += v / PICTURE;
            if (m->kind == MF_MIX_CUTMIX) {
                assert_true(t[(size_t)(v - 16.0 * k - 1.0)] > 0.0f); /* a whole pixel of one or the other */
            }
        }
        /* bf16 rounds a blended pixel to 8 bits */
        assert_true(fabs(mean - sum - 16.0 * k) < (m->form.type == MF_PIX_BF16 && m->kind == MF_MIX_MIXUP ? 0.13 : 1e-4));
    }
    return (double)t[i];
}

static void
test_shares(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        mf_mix   m = {.kind = round % 2 == 0 ? MF_MIX_MIXUP : MF_MIX_CUTMIX, .alpha = 0.2 + 0.01 * round, .prob = 1.0, .pictures = 1 + round / 2 % 2,
                      .channels = C, .height = H, .width = W, .classes = N_MAX,
                      .form = {.type = round / 4 % 2 == 0 ? MF_PIX_F32 : MF_PIX_BF16, .nhwc = round / 8 % 2 == 0}};
        mf_batch b;
        size_t   n = 1 + (size_t)round % N_MAX, alone = 0;

        fill(&b, &m, n);
        mf_mix_batch(&b, &m, 1, (uint64_t)round);
        for (size_t i = 0; i < n; i++) {
            size_t partners = 0;

            check_sample(&b, &m, i);
            for (size_t c = 0; c < N_MAX; c++) { /* i shows of c what c shows of i */
                assert_true(c >= n ? b.target[i * N_MAX + c] == 0.0f : fabsf(b.target[i * N_MAX + c] - b.target[c * N_MAX + i]) < 1e-6f);
                partners += c != i && b.target[i * N_MAX + c] > 0.0f;
            }
            alone += partners == 0;
        }
        assert_true(n % 2 == 0 || alone >= 1);
        release(&b);
    }
}

/* lambda is Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)). */
static void
test_distribution(void **state)
{
    static const double alpha[] = {0.2, 1.0, 3.0};

    (void)state;
    for (int k = 0; k < 3; k++) {
        mf_mix m    = {.kind = MF_MIX_MIXUP, .alpha = alpha[k], .prob = 1.0, .pictures = 1, .channels = C, .height = H, .width = W, .classes = N_MAX};
        double mean = 0, square = 0, want = 1 / (4 * (2 * alpha[k] + 1));
        int    n = 0;

        for (uint64_t step = 0; step < 3000; step++) {
            mf_batch b;
            double   l;

            fill(&b, &m, 2);
            mf_mix_batch(&b, &m, 5, step);
            l = (double)b.target[0];
            mean += l;
            square += (l - 0.5) * (l - 0.5);
            n++;
            release(&b);
        }
        printf("alpha %.1f: mean %.4f, variance %.4f (wanted 0.5, %.4f)\n", alpha[k], mean / n, square / n, want);
        assert_true(fabs(mean / n - 0.5) < 5 * sqrt(want / n));
        assert_true(fabs(square / n - want) < 5 * 0.25 / sqrt(n));
    }
}

static void
test_draws(void **state)
{
    mf_mix   m = {.kind = MF_MIX_CUTMIX, .alpha = 1, .prob = 1.0, .pictures = 2, .channels = C, .height = H, .width = W, .classes = N_MAX};
    mf_batch a, b;

    (void)state;
    for (int k = 0; k < 3; k++) { /* the same, another step, another seed */
        fill(&a, &m, 8);
        fill(&b, &m, 8);
        mf_mix_batch(&a, &m, 1, 4);
        mf_mix_batch(&b, &m, k == 2 ? 2 : 1, k == 1 ? 5 : 4);
        assert_int_equal(memcmp(a.target, b.target, 8 * N_MAX * sizeof(float)) == 0, k == 0);
        assert_int_equal(memcmp(a.x[1], b.x[1], 8 * PICTURE * sizeof(float)) == 0, k == 0);
        release(&a);
        release(&b);
    }
    m.prob = 0.0;
    fill(&a, &m, 8);
    fill(&b, &m, 8);
    mf_mix_batch(&a, &m, 1, 4);
    assert_memory_equal(a.x[0], b.x[0], 8 * PICTURE * sizeof(float));
    assert_memory_equal(a.target, b.target, 8 * N_MAX * sizeof(float));
    release(&a);
    release(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shares), cmocka_unit_test(test_distribution), cmocka_unit_test(test_draws)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
