/* train/schedules/cosine.c: half a cosine from the full rate down to `final` of it, step by step
 * (Loshchilov and Hutter 2017, equation 5 without restarts). The warm-up's steps do not count. */
#include <math.h>

#include "train/schedule.h"

typedef struct { double final; } cosine_cfg;

static const mf_opt cosine_opts[] = {
    MF_OPT_F64(cosine_cfg, final, 0.0, 0.0, 1.0, "share of the rate that is left at the end"),
    MF_OPT_END,
};

static double
cosine_rate(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    const cosine_cfg *c    = cfg;
    const double      pi   = 3.14159265358979323846;
    const int64_t     all  = at->steps - at->warmup;
    double            done = all > 0 ? (double)(at->step - at->warmup) / (double)all : 0.0;

    (void)s;
    done = done < 0.0 ? 0.0 : done > 1.0 ? 1.0 : done;
    return base * (c->final + (1.0 - c->final) * 0.5 * (1.0 + cos(pi * done)));
}

extern const mf_schedule_def mf_schedule_cosine;
const mf_schedule_def mf_schedule_cosine = {
    .name = "cosine", .summary = "falls along half a cosine", .source = "Loshchilov and Hutter 2017, equation 5",
    .cfg_size = sizeof(cosine_cfg), .opts = cosine_opts, .rate = cosine_rate,
};
