/* train/schedule.c: the schedules by name, and the warm-up that all share. */
#include "train/schedule.h"

#include "core/registry.h"

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

static const char *
name_at(size_t i)
{
    return defs[i]->name;
}

mf_status
mf_schedule_find(const mf_schedule_def **out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "schedule", name, name_at, N_DEFS, err);

    *out = st < 0 ? NULL : defs[at];
    return st;
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
