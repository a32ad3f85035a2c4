/* serve/message.h: what a volunteer's page sends. */
#ifndef MF_SERVE_MESSAGE_H
#define MF_SERVE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/votes.h"

enum {
    MF_MESSAGE_MAX        = 4096, /* bytes of a body */
    MF_MESSAGE_CLIENT_MAX = 64,
    MF_MESSAGE_LABEL_MAX  = 256,
    MF_MESSAGE_MS_MAX     = 24 * 3600 * 1000
};

typedef struct mf_message {
    char       client[MF_MESSAGE_CLIENT_MAX + 1]; /* the page's own name for this request; a retry repeats it */
    uint64_t   task;                              /* which picture: mf_slot.id */
    mf_verdict verdict;
    char       label[MF_MESSAGE_LABEL_MAX + 1];   /* the class proposed; "" unless verdict is `other` */
    int64_t    ms;                                /* milliseconds that the picture was on the page; -1 unknown */
} mf_message;

/* {"client","task","verdict"[,"label"][,"ms"]}. MF_E_FORMAT: anything else, an unknown key too. */
mf_status mf_message_vote(mf_message *out, const char *text, size_t size, mf_err *err);
/* {"client","task"}: the answer to that picture is taken back. */
mf_status mf_message_undo(mf_message *out, const char *text, size_t size, mf_err *err);

#endif
