/* train/schedule.h: schedules: the learning rate over a run. One file each in train/schedules, one line in
 * schedule_list.h. All but `plateau` are pure functions of the position. */
#ifndef MF_TRAIN_SCHEDULE_H
#define MF_TRAIN_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/opt.h"

enum { MF_SCHEDULE_CFG_MAX = 256, MF_SCHEDULE_STATE = 4 };

/* Where training stands. Epochs count from 1; steps count from 0 over the whole run. */
typedef struct mf_sched_at {
    int64_t epoch, epochs;
    int64_t step, steps;        /* step being taken, of steps in all */
    int64_t warmup;             /* steps of warm-up at the start, in which the rate rises to its value */
    double  warmup_start;       /* factor of the first step of the warm-up */
} mf_sched_at;

typedef struct mf_sched_state { double v[MF_SCHEDULE_STATE]; } mf_sched_state; /* {0} at the start; saved with a run */

typedef struct mf_schedule_def {
    const char   *name, *summary, *source;
    size_t        cfg_size;
    const mf_opt *opts;
    /* Learning rate at a position after the warm-up, for a group whose full rate is `base`. */
    double      (*rate)(const void *cfg, const mf_sched_state *s, const mf_sched_at *at, double base);
    /* An epoch ended with this validation accuracy (percent). NULL where it does not matter. */
    void        (*epoch_end)(const void *cfg, mf_sched_state *s, double accuracy);
} mf_schedule_def;

/* MF_E_NOTFOUND names the nearest. */
mf_status              mf_schedule_find(const mf_schedule_def **out, const char *name, mf_err *err);
size_t                 mf_schedule_count(void);
const mf_schedule_def *mf_schedule_at(size_t i);

/* The rate at a position, warm-up included: linear from base * warmup_start, full after `warmup` steps. */
double mf_schedule_rate(const mf_schedule_def *d, const void *cfg, const mf_sched_state *s, const mf_sched_at *at,
                        double base);

#endif
