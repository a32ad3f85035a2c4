/* serve/annotate.h: the pages and answers of `maskfer annotate`: volunteers check the labels of a data set.
 *
 *   GET  /                       the page; it takes the volunteer's token from the address's fragment (#TOKEN)
 *   GET  /api/state              {"name","set","classes","done","total","undo","task","next"}
 *   GET  /api/picture/ID         the picture of a task
 *   POST /api/vote               {"client","task","verdict"[,"label"][,"ms"]}; answered by the state that follows
 *   POST /api/undo               {"client","task"}: take that answer back; likewise
 *
 * All of /api takes "Authorization: Bearer TOKEN". A volunteer's answers show nothing of anybody else's. docs/annotate.md
 * has the whole of it. */
#ifndef MF_SERVE_ANNOTATE_H
#define MF_SERVE_ANNOTATE_H

#include "core/error.h"
#include "core/log.h"
#include "data/manifest.h"
#include "serve/ballots.h"
#include "serve/http.h"

typedef struct mf_annotate mf_annotate;

typedef struct mf_progress_of {
    const mf_person *person;
    size_t           done, total; /* answers given and wanted */
} mf_progress_of;

/* The orders of everybody in `b`, continued where they stopped. `d` and `b` are lent; nobody else may use `b` until
 * mf_annotate_free. side: as for mf_picture_reply. */
mf_status mf_annotate_new(mf_annotate **out, const mf_dataset *d, mf_ballots *b, int side, mf_err *err);
void      mf_annotate_free(mf_annotate *a);
/* Of person i of mf_ballots_people; safe while serving. */
mf_progress_of mf_annotate_progress(mf_annotate *a, size_t i);

/* Routes whose `app` is an mf_annotate. */
const mf_http_route *mf_annotate_routes(void);

#endif
