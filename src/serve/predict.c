/* serve/predict.c: a queue of pictures and the worker that empties it. A job lives on the stack of the thread that
 * waits for it; the queue holds it until the worker has set `done`. */
#include "serve/predict.h"

#include <pthread.h>
#include "core/clock.h"
#include "core/json.h"
#include "core/mem.h"
#include "image/image.h"
#include "serve/assets.h"

typedef struct job job;
struct job {
    mf_image  im;
    float    *prob; /* [classes] */
    mf_status st;
    mf_err    err;
    bool      done;
    job      *next;
};

struct mf_predict {
    mf_infer       *net;   /* the worker's */
    size_t          batch, classes;
    const char *const *names;
    mf_image       *im;    /* [batch] */
    float          *prob;  /* [batch, classes] */
    pthread_t       worker;
    pthread_mutex_t lock;
    pthread_cond_t  came, left; /* a job was queued; jobs are done */
    job            *first, *last;
    uint64_t        answered;
    bool            stop, started;
};

/* ---- the worker ---- */

/* The jobs that wait, at most a batch; 0 when it is time to end. */
static size_t
take_jobs(mf_predict *p, job **jobs)
{
    size_t n = 0;

    pthread_mutex_lock(&p->lock);
    while (p->first == NULL && !p->stop)
        pthread_cond_wait(&p->came, &p->lock);
    while (p->first != NULL && n < p->batch) {
        jobs[n++] = p->first;
        p->first  = p->first->next;
    }
    pthread_mutex_unlock(&p->lock);
    return n;
}

static void
answer_jobs(mf_predict *p, job **jobs, size_t n)
{
    mf_err    err = {0};
    mf_status st;
    size_t    i, k;

    for (i = 0; i < n; i++)
        p->im[i] = jobs[i]->im;
    st = mf_infer_images(p->net, p->im, NULL, n, p->prob, NULL, &err);
    pthread_mutex_lock(&p->lock);
    for (i = 0; i < n; i++) {
        for (k = 0; k < p->classes && st == MF_OK; k++)
            jobs[i]->prob[k] = p->prob[i * p->classes + k];
        jobs[i]->st   = st;
        jobs[i]->err  = err;
        jobs[i]->done = true;
    }
    p->answered += st == MF_OK ? n : 0;
    pthread_cond_broadcast(&p->left);
    pthread_mutex_unlock(&p->lock);
}

static void *
work(void *arg)
{
    mf_predict *p    = arg;
    job       **jobs = mf_calloc(p->batch, sizeof *jobs);
    size_t      n;

    if (jobs == NULL) { /* then one at a time */
        job *one[1];

        p->batch = 1;
        while ((n = take_jobs(p, one)) > 0)
            answer_jobs(p, one, n);
        return NULL;
    }
    while ((n = take_jobs(p, jobs)) > 0)
        answer_jobs(p, jobs, n);
    mf_free(jobs);
    return NULL;
}

/* Queue the job and wait until it is done. */
static void
wait_for(mf_predict *p, job *j)
{
    pthread_mutex_lock(&p->lock);
    if (p->first == NULL)
        p->first = j;
    else
        p->last->next = j;
    p->last = j;
    pthread_cond_signal(&p->came);
    while (!j->done)
        pthread_cond_wait(&p->left, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

mf_status
mf_predict_new(mf_predict **out, mf_infer *f, mf_err *err)
{
    mf_predict *p  = mf_calloc(1, sizeof *p);
    mf_status   st = MF_OK;
    int         rc;

    *out = NULL;
    if (p == NULL) {
        mf_infer_free(f);
        return mf_oom(err, sizeof *p, "a recogniser");
    }
    p->net     = f;
    p->batch   = (size_t)mf_infer_batch(f);
    p->classes = (size_t)mf_infer_model(f)->classes;
    p->names   = mf_infer_classes(f);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->came, NULL);
    pthread_cond_init(&p->left, NULL);
    p->im   = mf_calloc(p->batch, sizeof *p->im);
    p->prob = mf_calloc(p->batch * p->classes, sizeof *p->prob);
    if (p->im == NULL || p->prob == NULL)
        st = mf_oom(err, p->batch * p->classes * sizeof *p->prob, "a recogniser");
    else if (p->names == NULL)
        st = mf_fail(err, MF_E_ARG, "the network has no class names");
    else if (mf_infer_landmarks(f) > 0)
        st = mf_fail(err, MF_E_UNSUPPORTED, "the network %s looks at landmarks of each face, which a request does not carry; 'maskfer predict' reads them "
                     "from files", mf_infer_model(f)->def->name);
    else if ((rc = pthread_create(&p->worker, NULL, work, p)) != 0)
        st = mf_fail_errno(err, rc, "cannot start the recogniser's thread");
    else
        p->started = true;
    if (st < 0)
        mf_predict_free(p);
    else
        *out = p;
    return st;
}

void
mf_predict_free(mf_predict *p)
{
    if (p == NULL)
        return;
    if (p->started) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_signal(&p->came);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->worker, NULL);
    }
    pthread_cond_destroy(&p->left);
    pthread_cond_destroy(&p->came);
    pthread_mutex_destroy(&p->lock);
    mf_free(p->im);
    mf_free(p->prob);
    mf_infer_free(p->net);
    mf_free(p);
}

uint64_t
mf_predict_answered(mf_predict *p)
{
    uint64_t n;

    pthread_mutex_lock(&p->lock);
    n = p->answered;
    pthread_mutex_unlock(&p->lock);
    return n;
}

/* ---- requests ---- */

static mf_status
get_page(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    (void)app;
    return mf_asset_reply(out, mf_str_eq(in->path, "/") ? "predict.html" : in->path + 1, err);
}

static mf_status
get_health(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    mf_predict      *p = app;
    const mf_recipe *r = mf_infer_recipe(p->net);
    mf_json_out      j = mf_json_begin(&out->text, 0);
    size_t           k;

    (void)in;
    (void)err;
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "status", "ok");
    mf_json_put_str(&j, "model", mf_infer_model(p->net)->def->name);
    mf_json_open(&j, "classes", '[');
    for (k = 0; k < p->classes; k++)
        mf_json_put_str(&j, NULL, p->names[k]);
    mf_json_close(&j, ']');
    mf_json_open(&j, "input", '{');
    mf_json_put_int(&j, "width", r->width);
    mf_json_put_int(&j, "height", r->height);
    mf_json_put_int(&j, "channels", r->channels);
    mf_json_close(&j, '}');
    mf_json_put_int(&j, "answered", (int64_t)mf_predict_answered(p));
    mf_json_close(&j, '}');
    return MF_OK;
}

static void
put_answer(mf_http_reply *out, const mf_predict *p, const job *j, double seconds)
{
    mf_json_out json = mf_json_begin(&out->text, 0);
    size_t      k;

    mf_json_open(&json, NULL, '{');
    mf_json_put_str(&json, "label", p->names[mf_argmax(j->prob, (int)p->classes)]);
    mf_json_open(&json, "probabilities", '{');
    for (k = 0; k < p->classes; k++)
        mf_json_put_num(&json, p->names[k], (double)j->prob[k]);
    mf_json_close(&json, '}');
    mf_json_put_int(&json, "width", j->im.width);
    mf_json_put_int(&json, "height", j->im.height);
    mf_json_put_num(&json, "milliseconds", 1e3 * seconds);
    mf_json_close(&json, '}');
}

static mf_status
decode(mf_image *out, const mf_predict *p, const mf_http_request *in, mf_err *err)
{
    int       w, h, c;
    mf_status st;

    if (in->body_size == 0)
        return mf_fail(err, MF_E_FORMAT, "the body is empty; send the bytes of a JPEG, PNG or WebP picture");
    if ((st = mf_image_probe(&w, &h, &c, "upload", in->body, in->body_size, err)) < 0)
        return st;
    if ((int64_t)w * h > MF_PREDICT_PIXELS_MAX)
        return mf_fail(err, MF_E_LIMIT, "a picture of %d x %d is larger than the %d megapixels that are taken", w, h,
                       (int)(MF_PREDICT_PIXELS_MAX / 1000000));
    return mf_image_decode(out, "upload", in->body, in->body_size, mf_infer_recipe(p->net)->channels, err);
}

static mf_status
post_predict(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    mf_predict *p     = app;
    job         j     = {0};
    double      begun = mf_now();
    mf_status   st;

    if ((st = decode(&j.im, p, in, err)) < 0)
        return st;
    if ((j.prob = mf_calloc(p->classes, sizeof *j.prob)) == NULL) {
        st = mf_oom(err, p->classes * sizeof *j.prob, "probabilities");
        goto done;
    }
    wait_for(p, &j);
    if ((st = j.st) < 0)
        st = mf_fail(err, st, "%s", j.err.msg);
    else
        put_answer(out, p, &j, mf_now() - begun);
done:
    mf_free(j.prob);
    mf_image_free(&j.im);
    return st;
}

const mf_http_route *
mf_predict_routes(void)
{
    static const mf_http_route routes[] = {
        {"GET", "/", 0, NULL, get_page},
        {"GET", "/page.css", 0, NULL, get_page},
        {"GET", "/predict.css", 0, NULL, get_page},
        {"GET", "/predict.js", 0, NULL, get_page},
        {"GET", "/icon.svg", 0, NULL, get_page},
        {"GET", "/health", 0, NULL, get_health},
        {"POST", "/predict", MF_PREDICT_BODY_MAX, NULL, post_predict},
        {NULL, NULL, 0, NULL, NULL},
    };

    return routes;
}
