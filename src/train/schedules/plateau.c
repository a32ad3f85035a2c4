/* train/schedules/plateau.c: the rate drops when validation stops getting better. PyTorch's ReduceLROnPlateau on the
 * error rate (100 - accuracy), mode min, relative threshold, no cooldown: with patience 2 the third bad epoch in a row
 * drops it, effective from the next epoch (mlfw.md 5.5). */
#include <math.h>

#include "train/schedule.h"

typedef struct {
    int64_t patience;
    double  drop, threshold, min_lr;
} plateau_cfg;

/* v[0] 1 once there is a best; v[1] best error; v[2] bad epochs in a row; v[3] drops so far. */

static const mf_opt plateau_opts[] = {
    MF_OPT_INT(plateau_cfg, patience, 2, 0, 1000, "epochs without progress that are borne"),
    MF_OPT_F64(plateau_cfg, drop, 0.1, 1e-6, 1.0, "what the rate is multiplied by"),
    MF_OPT_F64(plateau_cfg, threshold, 1e-4, 0.0, 1.0, "relative fall of the error that counts as progress"),
    MF_OPT_F64(plateau_cfg, min_lr, 1e-6, 0.0, 1.0, "no rate falls below this"),
    MF_OPT_END,
};

static double
plateau_rate(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base)
{
    const plateau_cfg *c     = cfg;
    double             rate  = base * pow(c->drop, s->v[3]);
    double             floor = c->min_lr < base ? c->min_lr : base;

    (void)at;
    return rate > floor ? rate : floor;
}

static void
plateau_epoch_end(const void *cfg, mf_sched_state *s, double accuracy)
{
    const plateau_cfg *c     = cfg;
    double             error = 100.0 - accuracy;

    if (s->v[0] == 0.0 || error < s->v[1] * (1.0 - c->threshold)) {
        s->v[0] = 1.0;
        s->v[1] = error;
        s->v[2] = 0.0;
        return;
    }
    s->v[2] += 1.0;
    if (s->v[2] > (double)c->patience) {
        s->v[2] = 0.0;
        s->v[3] += 1.0;
    }
}

extern const mf_schedule_def mf_schedule_plateau;
const mf_schedule_def mf_schedule_plateau = {
    .name = "plateau", .summary = "drops when validation stops getting better", .source = "mlfw.md 5.5",
    .cfg_size = sizeof(plateau_cfg), .opts = plateau_opts, .rate = plateau_rate, .epoch_end = plateau_epoch_end,
};
