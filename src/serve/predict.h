/* serve/predict.h: the requests of `maskfer serve`: a picture in, the network's answer out.
 *
 *   GET  /            a page to try it on
 *   GET  /health      {"status","model","classes","input","answered"}
 *   POST /predict     the bytes of a JPEG, PNG or WebP -> {"label","probabilities","width","height","milliseconds"}
 *
 * One worker thread owns the network. Threads that serve requests decode their pictures and queue up for it; those that
 * wait together are answered together, up to the network's batch. Pictures are kept nowhere. */
#ifndef MF_SERVE_PREDICT_H
#define MF_SERVE_PREDICT_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "infer/infer.h"
#include "serve/http.h"

enum { MF_PREDICT_BODY_MAX = 32 << 20, MF_PREDICT_PIXELS_MAX = 1 << 26 };

typedef struct mf_predict mf_predict;

/* Takes `f` (a network with class names, from mf_infer_load), also when it fails, and starts the worker. */
mf_status mf_predict_new(mf_predict **out, mf_infer *f, mf_err *err);
/* After the server was closed. Ends the worker. Takes NULL. */
void      mf_predict_free(mf_predict *p);
/* Pictures answered so far; safe while serving. */
uint64_t  mf_predict_answered(mf_predict *p);

/* Routes whose `app` is an mf_predict. */
const mf_http_route *mf_predict_routes(void);

#endif
