/* infer/feed.h: pictures into a program's input without copying where their form allows it. */
#ifndef MF_INFER_FEED_H
#define MF_INFER_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "image/prep.h"
#include "nn/program.h"

/* The form in which a program wants a batch of pictures. */
typedef struct mf_pix_form {
    mf_pix_type type;
    bool        nhwc;
} mf_pix_form;

typedef struct mf_feed {
    mf_program *program; /* lent */
    const char *name;    /* lent */
    mf_tdesc    desc;
    mf_pix_form form;    /* what to make batches in */
    bool        bound;   /* the program reads someone else's memory */
    bool        direct;  /* a batch in that form is bound as it is; else it is copied into the program's layout */
} mf_feed;

/* MF_E_NOTFOUND: the program has no such input. */
mf_status mf_feed_open(mf_feed *out, mf_program *p, const char *name, mf_err *err);
/* Let the next runs read `data`, pictures of `form` (memory for the program's whole batch, aligned to 64 bytes for binding). */
mf_status mf_feed_give(mf_feed *f, void *data, mf_pix_form form, mf_err *err);
/* Where picture i goes when `data` holds a batch of `form` for input f. */
mf_pix_out mf_feed_place(const mf_feed *f, void *data, mf_pix_form form, size_t i);
size_t     mf_feed_bytes(const mf_feed *f, mf_pix_form form); /* of one batch */

#endif
