/* train/schedules/exponential.c: the rate is multiplied by `decay` after every epoch (PyTorch's ExponentialLR): epoch 1 has the
 * full rate (scan.md 9). */
#include <math.h>

#include "train/schedule.h"

typedef struct { double decay; } exponential_cfg;

static const mf_opt exponential_opts[] = {
    MF_OPT_F64(exponential_cfg, decay, 0.95, 1e-6, 1.0, "what the rate is multiplied by after every epoch"),
    MF_OPT_END,
};

static double
exponential_rate(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    (void)s;
    return base * pow(((const exponential_cfg *)cfg)->decay, (double)(at->epoch - 1));
}

extern const mf_schedule_def mf_schedule_exponential;
const mf_schedule_def mf_schedule_exponential = {
    .name = "exponential", .summary = "falls by the same share after every epoch", .source = "scan.md 9",
    .cfg_size = sizeof(exponential_cfg), .opts = exponential_opts, .rate = exponential_rate,
};
