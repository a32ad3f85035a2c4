/* train/events.h: TensorBoard's event files: scalars of a run, appended as it goes.
 *
 * A file is a row of TFRecords (length, masked CRC-32C of it, bytes, masked CRC-32C of them), each a protobuf message Event of
 * which five fields are used; they are written by hand. Unlike all other files of a run it grows in place, because TensorBoard reads on
 * where it stopped; a record that a kill cut short is passed over by its readers. */
#ifndef MF_TRAIN_EVENTS_H
#define MF_TRAIN_EVENTS_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

typedef struct mf_events mf_events;

typedef struct mf_scalar {
    const char *tag;   /* "loss/train" */
    double      value; /* written as a 32-bit float */
} mf_scalar;

/* Start DIR/events.out.tfevents.SECONDS.maskfer (with .1, .2 behind it where that is there). Its first records make readers
 * forget what older files of the folder say about steps >= `step`, so a resumed run shows one curve. */
mf_status mf_events_open(mf_events **out, const char *dir, int64_t step, mf_err *err);
/* One record of n scalars at `step`, on disk when this returns. */
mf_status mf_events_put(mf_events *e, int64_t step, const mf_scalar *v, size_t n, mf_err *err);
void      mf_events_close(mf_events *e);

#endif
