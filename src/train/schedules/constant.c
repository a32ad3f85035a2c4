/* train/schedules/constant.c: the same rate from first to last. */
#include "train/schedule.h"

typedef struct { char none; } constant_cfg;

static const mf_opt constant_opts[] = {MF_OPT_END};

static double
constant_rate(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    (void)cfg;
    (void)s;
    (void)at;
    return base;
}

extern const mf_schedule_def mf_schedule_constant;
const mf_schedule_def mf_schedule_constant = {
    .name = "constant", .summary = "the same rate throughout", .source = "",
    .cfg_size = sizeof(constant_cfg), .opts = constant_opts, .rate = constant_rate,
};
