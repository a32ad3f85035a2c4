/* train/schedule.c: the schedules by name, and the warm-up that all share. */
#include "train/schedule.h"

#include "core/str.h"

#define MF_SCHEDULE(name) extern const mf_schedule_def mf_schedule_##name;
#include "train/schedule_list.h"
#undef MF_SCHEDULE

static const mf_schedule_def *const defs[] = {
#define MF_SCHEDULE(name) &mf_schedule_##name,
#include "train/schedule_list.h"
#undef MF_SCHEDULE
};
enum { N_DEFS = sizeof defs / sizeof defs[0] };

size_t
mf_schedule_count(void)
{
    return N_DEFS;
}

const mf_schedule_def *
mf_schedule_at(size_t i)
{
    return i < N_DEFS ? defs[i] : NULL;
}

mf_status
mf_schedule_find(const mf_schedule_def **out, const char *name, mf_err *err)
{
    const char *names[N_DEFS + 1] = {0};
    const char *near;

    for (size_t i = 0; i < N_DEFS; i++) {
        names[i] = defs[i]->name;
        if (mf_str_eq(defs[i]->name, name)) {
            *out = defs[i];
            return MF_OK;
        }
    }
    *out = NULL;
    near = mf_str_nearest(name, names);
    return mf_fail(err, MF_E_NOTFOUND, "no schedule '%.80s'%s%s%s (there are constant, cosine, onecycle, plateau, step)",
                   name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

double
mf_schedule_rate(const mf_schedule_def *d, const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    double rate = d->rate(cfg, s, at, base);

    if (at->step < at->warmup) {
        double share = (double)at->step / (double)at->warmup;

        rate *= at->warmup_start + (1.0 - at->warmup_start) * share;
    }
    return rate;
}
