/* train/schedules/onecycle.c: up to the full rate and down again within one run (Smith and Topin 2018), cosine pieces,
 * PyTorch's OneCycleLR: rises from rate/div to rate over `rise` of the steps, falls to rate/(div * final_div). */
#include <math.h>

#include "train/schedule.h"

typedef struct { double rise, div, final_div; } onecycle_cfg;

static const mf_opt onecycle_opts[] = {
    MF_OPT_F64(onecycle_cfg, rise, 0.3, 0.0, 1.0, "share of the steps in which the rate rises"),
    MF_OPT_F64(onecycle_cfg, div, 25.0, 1.0, 1e6, "full rate over first rate"),
    MF_OPT_F64(onecycle_cfg, final_div, 1e4, 1.0, 1e12, "first rate over last rate"),
    MF_OPT_END,
};

static double
piece(double from, double to, double share)
{
    return to + (from - to) / 2.0 * (cos(3.14159265358979323846 * share) + 1.0);
}

static double
onecycle_rate(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    const onecycle_cfg *c     = cfg;
    const double        first = base / c->div, last = first / c->final_div;
    const double        peak = c->rise * (double)at->steps - 1.0, end = (double)at->steps - 1.0;
    const double        step = (double)at->step;

    (void)s;
    if (step <= peak) {
        return piece(first, base, peak > 0.0 ? step / peak : 1.0);
    }
    return piece(base, last, end > peak ? (step - peak) / (end - peak) : 1.0);
}

extern const mf_schedule_def mf_schedule_onecycle;
const mf_schedule_def mf_schedule_onecycle = {
    .name = "onecycle", .summary = "one rise and one fall", .source = "Smith and Topin 2018",
    .cfg_size = sizeof(onecycle_cfg), .opts = onecycle_opts, .rate = onecycle_rate,
};
