/* train/schedules/step.c: the rate is multiplied by `factor` at the start of each named epoch (PyTorch's MultiStepLR,
 * counted from 1): with milestones 8,14,20 epoch 7 has the full rate and epoch 8 the first drop (msde.md section 10). */
#include <math.h>

#include "train/schedule.h"

typedef struct {
    mf_opt_list milestones;
    double      factor;
} step_cfg;

static const mf_opt step_opts[] = {
    MF_OPT_LIST(step_cfg, milestones, "8,14,20", 1, 1e6, "epochs, counted from 1, at whose start the rate drops"),
    MF_OPT_F64(step_cfg, factor, 0.1, 1e-6, 1.0, "what the rate is multiplied by at each"),
    MF_OPT_END,
};

static double
step_rate(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    const step_cfg *c = cfg;
    int             n = 0;

    (void)s;
    for (int i = 0; i < c->milestones.n; i++) {
        n += (double)at->epoch >= c->milestones.v[i];
    }
    return base * pow(c->factor, n);
}

extern const mf_schedule_def mf_schedule_step;
const mf_schedule_def mf_schedule_step = {
    .name = "step", .summary = "drops at named epochs", .source = "msde.md 2.4, 2.5",
    .cfg_size = sizeof(step_cfg), .opts = step_opts, .rate = step_rate,
};
