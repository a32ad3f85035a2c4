/* The schedules against PyTorch's (vectors/schedules.txt) and the tables of msde.md section 10. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "train/schedule.h"

typedef struct sched {
    const mf_schedule_def *d;
    uint8_t                cfg[MF_SCHEDULE_CFG_MAX];
    mf_sched_state         s;
} sched;

static sched
make(const char *name)
{
    sched  k   = {0};
    mf_err err = {0};

    assert_mf_ok(mf_schedule_find(&k.d, name, &err), &err);
    mf_opt_defaults(k.d->opts, k.cfg);
    return k;
}

static void
set(sched *k, const char *name, const char *value)
{
    mf_err err = {0};

    assert_mf_ok(mf_opt_set(k->d->opts, k->cfg, name, value, &err), &err);
}

/* The numbers of the line "NAME v v v"; returns how many. */
static int
line_of(const char *name, double *v, int most)
{
    mf_blob file = {0};
    mf_err  err  = {0};
    char    path[1024], *at;
    int     n = 0;

    snprintf(path, sizeof path, "%s/tests/train/vectors/schedules.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    for (at = (char *)file.data; at != NULL; at = strchr(at, '\n'), at += at != NULL) {
        size_t len = strlen(name);

        if (strncmp(at, name, len) == 0 && at[len] == ' ') {
            at += len;
            while (*at == ' ' && n < most) {
                v[n++] = strtod(at, &at);
            }
            break;
        }
    }
    mf_blob_free(&file);
    assert_true(n > 0);
    return n;
}

static void
compare_steps(const char *name, sched *k, int steps)
{
    double want[64];
    int    n = line_of(name, want, 64);

    for (int i = 0; i < n; i++) {
        mf_sched_at at = {.epoch = i + 1, .epochs = steps, .step = i, .steps = steps};
        double      got = mf_schedule_rate(k->d, k->cfg, &k->s, &at, 0.1);

        if (fabs(got - want[i]) > 1e-9) {
            fail_msg("%s at %d: %.12g, expected %.12g", name, i, got, want[i]);
        }
    }
}

static void
test_pytorch(void **state)
{
    sched  cosine = make("cosine"), onecycle = make("onecycle"), step = make("step"), plateau = make("plateau"),
           exponential = make("exponential");
    double want[64], accuracy[64];
    int    n;

    (void)state;
    set(&cosine, "final", "0.01");
    compare_steps("cosine", &cosine, 40);
    compare_steps("onecycle", &onecycle, 40);
    set(&step, "milestones", "8,14,20"); /* ours count epochs from 1 */
    compare_steps("step", &step, 25);
    compare_steps("exponential", &exponential, 25);
    n = line_of("plateau", want, 64);
    assert_int_equal(line_of("accuracy", accuracy, 64), n);
    for (int i = 0; i < n; i++) {
        mf_sched_at at = {.epoch = i + 1, .epochs = n, .step = i, .steps = n};

        assert_true(fabs(mf_schedule_rate(plateau.d, plateau.cfg, &plateau.s, &at, 0.1) - want[i]) < 1e-12);
        plateau.d->epoch_end(plateau.cfg, &plateau.s, accuracy[i]);
    }
}

static double
at_epoch(const sched *k, int epoch, double base)
{
    mf_sched_at at = {.epoch = epoch, .epochs = 25, .step = (epoch - 1) * 10, .steps = 250};

    return mf_schedule_rate(k->d, k->cfg, &k->s, &at, base);
}

static void
check_table(const char *milestones, double base, const int *epoch, const double *rate, int n)
{
    sched k = make("step");

    set(&k, "milestones", milestones);
    for (int i = 0; i < n; i++) {
        assert_true(fabs(at_epoch(&k, epoch[i], base) - rate[i]) < 1e-12 * base);
    }
}

static void
test_msde_tables(void **state)
{
    const int    code[]   = {1, 14, 15, 21, 22, 24}, paper[] = {7, 8, 13, 14, 19, 20};
    const double code_r[] = {1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5};
    const double paper_r[] = {1e-4, 1e-5, 1e-5, 1e-6, 1e-6, 1e-7}, head_r[] = {1e-3, 1e-4, 1e-4, 1e-5, 1e-5, 1e-6};

    (void)state;
    check_table("15,22", 1e-3, code, code_r, 6);
    check_table("8,14,20", 1e-4, paper, paper_r, 6);
    check_table("8,14,20", 1e-3, paper, head_r, 6);
}

/* mlfw.md 5.5: with patience 2 the third bad epoch reduces; the floor holds. */
static void
test_plateau_third_bad(void **state)
{
    sched k = make("plateau");

    (void)state;
    k.d->epoch_end(k.cfg, &k.s, 50);
    for (int bad = 1; bad <= 2; bad++) {
        k.d->epoch_end(k.cfg, &k.s, 50);
        assert_true(at_epoch(&k, 3, 1e-4) == 1e-4);
    }
    k.d->epoch_end(k.cfg, &k.s, 50);
    assert_true(fabs(at_epoch(&k, 5, 1e-4) - 1e-5) < 1e-18);
    for (int i = 0; i < 30; i++) {
        k.d->epoch_end(k.cfg, &k.s, 50);
    }
    assert_true(at_epoch(&k, 5, 1e-4) == 1e-6);
}

static void
test_warmup(void **state)
{
    sched       k  = make("constant"), c = make("cosine");
    mf_sched_at at = {.epoch = 1, .epochs = 10, .step = 0, .steps = 100, .warmup = 10, .warmup_start = 0.1};

    (void)state;
    assert_true(fabs(mf_schedule_rate(k.d, k.cfg, &k.s, &at, 1.0) - 0.1) < 1e-12);
    at.step = 5;
    assert_true(fabs(mf_schedule_rate(k.d, k.cfg, &k.s, &at, 1.0) - 0.55) < 1e-12);
    at.step = 10; /* the cosine begins at its top where the warm-up ends */
    assert_true(fabs(mf_schedule_rate(k.d, k.cfg, &k.s, &at, 1.0) - 1.0) < 1e-12);
    assert_true(fabs(mf_schedule_rate(c.d, c.cfg, &c.s, &at, 1.0) - 1.0) < 1e-12);
    at.step = 100;
    assert_true(mf_schedule_rate(c.d, c.cfg, &c.s, &at, 1.0) < 1e-12);
}

static void
test_names(void **state)
{
    const mf_schedule_def *d;
    mf_err                 err = {0};

    (void)state;
    assert_mf_fails(mf_schedule_find(&d, "cosin", &err), MF_E_NOTFOUND, &err, "did you mean 'cosine'?");
    for (size_t i = 0; i < mf_schedule_count(); i++) {
        d = mf_schedule_at(i);
        assert_true(d->summary[0] != '\0' && d->cfg_size <= MF_SCHEDULE_CFG_MAX && d->rate != NULL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pytorch), cmocka_unit_test(test_msde_tables), cmocka_unit_test(test_plateau_third_bad),
        cmocka_unit_test(test_warmup),  cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
