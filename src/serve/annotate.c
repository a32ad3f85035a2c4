/* serve/annotate.c: who may see which picture next. The answers are in the ballots; what is kept here, each volunteer's
 * order and how far they are, is read from there at the start and changed only after the ballots have. */
#include "serve/annotate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "core/mem.h"
#include "serve/assets.h"
#include "serve/message.h"
#include "serve/order.h"
#include "serve/picture.h"

typedef struct volunteer {
    mf_order order;
    int64_t *seq;   /* [order.n]: place of the slot's answer in the log; 0: none yet */
    size_t   done;  /* slots with an answer */
    size_t   first; /* no slot before this one is without */
} volunteer;

struct mf_annotate {
    const mf_dataset *data;
    mf_ballots       *ballots;
    volunteer        *who; /* as mf_ballots_people */
    size_t            n_who;
    char             *root; /* the real path of the data set's folder; of the C library */
    int               side; /* pictures are made smaller than this */
    pthread_mutex_t   lock; /* over ballots and who */
    pthread_mutex_t   decoding; /* one picture at a time is held decoded */
};

/* ---- how far everybody is ---- */

static void
set_answer(volunteer *w, size_t slot, int64_t seq)
{
    if (w->seq[slot] == 0 && seq != 0)
        w->done++;
    if (w->seq[slot] != 0 && seq == 0)
        w->done--;
    w->seq[slot] = seq;
    if (seq == 0 && slot < w->first)
        w->first = slot;
    while (w->first < w->order.n && w->seq[w->first] != 0)
        w->first++;
}

static mf_status
note_ballot(void *arg, const mf_ballot *v, mf_err *err)
{
    mf_annotate *a    = arg;
    volunteer   *w    = &a->who[v->person];
    uint32_t     slot = w->order.where[2 * (size_t)v->row + v->again];

    (void)err;
    if (slot != UINT32_MAX) /* a repeat that later pictures have pushed out still counts, it is only not asked for */
        set_answer(w, slot, v->seq);
    return MF_OK;
}

/* The slot answered last, or order.n. */
static size_t
last_answered(const volunteer *w)
{
    size_t  i, best = w->order.n;
    int64_t seq     = 0;

    for (i = 0; i < w->order.n; i++) {
        if (w->seq[i] > seq) {
            seq  = w->seq[i];
            best = i;
        }
    }
    return best;
}

static size_t
next_after(const volunteer *w, size_t slot)
{
    do
        slot++;
    while (slot < w->order.n && w->seq[slot] != 0);
    return slot;
}

/* ---- making ---- */

static mf_status
add_volunteer(mf_annotate *a, size_t i, const char *const *images, mf_err *err)
{
    size_t           n;
    const mf_person *people = mf_ballots_people(a->ballots, &n);
    volunteer       *w      = &a->who[i];
    mf_status        st;

    if ((st = mf_order_make(&w->order, images, a->data->n_rows, people[i].name, mf_ballots_seed(a->ballots),
                            mf_ballots_share(a->ballots), err)) < 0)
        return st;
    w->seq = mf_calloc(w->order.n, sizeof *w->seq);
    return w->seq != NULL ? MF_OK : mf_oom(err, w->order.n * sizeof *w->seq, "a volunteer's answers");
}

mf_status
mf_annotate_new(mf_annotate **out, const mf_dataset *d, mf_ballots *b, int side, mf_err *err)
{
    mf_annotate *a      = mf_calloc(1, sizeof *a);
    const char **images = mf_calloc(d->n_rows, sizeof *images);
    mf_status    st     = MF_OK;
    size_t       i, n;

    *out = NULL;
    mf_ballots_people(b, &n);
    if (a == NULL || images == NULL) {
        mf_free(images);
        mf_free(a);
        return mf_oom(err, d->n_rows * sizeof *images, "the pictures to annotate");
    }
    pthread_mutex_init(&a->lock, NULL);
    pthread_mutex_init(&a->decoding, NULL);
    a->side    = side;
    a->data    = d;
    a->ballots = b;
    a->n_who   = n;
    if ((a->who = mf_calloc(n, sizeof *a->who)) == NULL) {
        st = mf_oom(err, n * sizeof *a->who, "volunteers");
        goto done;
    }
    if ((a->root = realpath(d->dir, NULL)) == NULL) {
        st = mf_fail_errno(err, errno, "data set '%s'", d->dir);
        goto done;
    }
    for (i = 0; i < d->n_rows; i++)
        images[i] = d->rows[i].image;
    for (i = 0; i < n && st == MF_OK; i++)
        st = add_volunteer(a, i, images, err);
    if (st == MF_OK)
        st = mf_ballots_each(b, note_ballot, a, NULL, err);
done:
    mf_free(images);
    if (st < 0)
        mf_annotate_free(a);
    else
        *out = a;
    return st;
}

void
mf_annotate_free(mf_annotate *a)
{
    size_t i;

    if (a == NULL)
        return;
    for (i = 0; a->who != NULL && i < a->n_who; i++) {
        mf_order_free(&a->who[i].order);
        mf_free(a->who[i].seq);
    }
    mf_free(a->who);
    free(a->root);
    pthread_mutex_destroy(&a->lock);
    pthread_mutex_destroy(&a->decoding);
    mf_free(a);
}

mf_progress_of
mf_annotate_progress(mf_annotate *a, size_t i)
{
    size_t         n;
    mf_progress_of p;

    pthread_mutex_lock(&a->lock);
    p = (mf_progress_of){&mf_ballots_people(a->ballots, &n)[i], a->who[i].done, a->who[i].order.n};
    pthread_mutex_unlock(&a->lock);
    return p;
}

/* ---- answers ---- */

/* Whose token the request carries; all are looked at, whoever it is. False with a refusal in *out. */
static bool
who_asks(const mf_annotate *a, const mf_http_request *in, size_t *who, mf_http_reply *out)
{
    const char      *token = mf_token_bearer(in->authorization);
    size_t           i, n;
    const mf_person *people = mf_ballots_people(a->ballots, &n); /* nobody is added while serving */

    *who = n;
    for (i = 0; token != NULL && i < n; i++)
        if (mf_token_equal(people[i].token, token))
            *who = i;
    if (*who == n)
        mf_http_refuse(out, 401, "this link is not valid; ask for a new one");
    return *who < n;
}

static void
put_task(mf_json_out *j, const char *key, const mf_annotate *a, const volunteer *w, size_t slot)
{
    if (slot >= w->order.n) {
        mf_json_put_null(j, key);
        return;
    }
    mf_json_open(j, key, '{');
    mf_json_put_int(j, "id", (int64_t)w->order.slot[slot].id);
    mf_json_put_str(j, "label", a->data->classes[a->data->rows[w->order.slot[slot].image].label]);
    mf_json_close(j, '}');
}

/* What the page shows next. */
static void
put_state(mf_http_reply *out, const mf_annotate *a, size_t who)
{
    const volunteer *w    = &a->who[who];
    size_t           last = last_answered(w), n;
    mf_json_out      j    = mf_json_begin(&out->text, 0);
    int              k;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "name", mf_ballots_people(a->ballots, &n)[who].name);
    mf_json_put_str(&j, "set", a->data->name);
    mf_json_open(&j, "classes", '[');
    for (k = 0; k < a->data->n_classes; k++)
        mf_json_put_str(&j, NULL, a->data->classes[k]);
    mf_json_close(&j, ']');
    mf_json_put_int(&j, "done", (int64_t)w->done);
    mf_json_put_int(&j, "total", (int64_t)w->order.n);
    if (last < w->order.n)
        mf_json_put_int(&j, "undo", (int64_t)w->order.slot[last].id);
    else
        mf_json_put_null(&j, "undo");
    put_task(&j, "task", a, w, w->first);
    put_task(&j, "next", a, w, w->first < w->order.n ? next_after(w, w->first) : w->order.n);
    mf_json_close(&j, '}');
}

static mf_status
get_page(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    (void)app;
    return mf_asset_reply(out, mf_str_eq(in->path, "/") ? "annotate.html" : in->path + 1, err);
}

static mf_status
get_state(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    mf_annotate *a = app;
    size_t       who;

    (void)err;
    if (!who_asks(a, in, &who, out))
        return MF_OK;
    pthread_mutex_lock(&a->lock);
    put_state(out, a, who);
    pthread_mutex_unlock(&a->lock);
    return MF_OK;
}

static mf_status
get_picture(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    mf_annotate *a = app;
    mf_status    st;
    ptrdiff_t    slot;
    size_t       who;

    if (!who_asks(a, in, &who, out))
        return MF_OK;
    if ((slot = mf_order_find(&a->who[who].order, in->number)) < 0) /* the order does not change while serving */
        return mf_fail(err, MF_E_NOTFOUND, "there is no such picture");
    pthread_mutex_lock(&a->decoding);
    st = mf_picture_reply(out, a->root, a->data, a->who[who].order.slot[slot].image, a->side, err);
    pthread_mutex_unlock(&a->decoding);
    return st;
}

/* The slot that a message means: an answered one (a retry, or a second window), or the one that is due. */
static mf_status
find_slot(const volunteer *w, const mf_message *m, size_t *slot, mf_err *err)
{
    ptrdiff_t i = mf_order_find(&w->order, m->task);

    if (i < 0 || (w->seq[i] == 0 && (size_t)i != w->first))
        return mf_fail(err, MF_E_STATE, "another picture is due now");
    *slot = (size_t)i;
    return MF_OK;
}

static mf_status
fill_ballot(mf_ballot *v, const mf_annotate *a, size_t who, size_t slot, const mf_message *m, mf_err *err)
{
    const mf_slot *s = &a->who[who].order.slot[slot];
    int            k;

    *v = (mf_ballot){.person = who, .row = s->image, .again = s->again, .verdict = m->verdict, .label = -1, .ms = m->ms};
    if (m->verdict != MF_VERDICT_OTHER)
        return MF_OK;
    for (k = 0; k < a->data->n_classes; k++)
        if (mf_str_eq(m->label, a->data->classes[k]))
            v->label = k;
    if (v->label < 0)
        return mf_fail(err, MF_E_ARG, "'%.80s' is none of the classes", m->label);
    if (v->label == a->data->rows[s->image].label)
        return mf_fail(err, MF_E_ARG, "'%.80s' is the label that the picture has: the verdict is 'agree' then", m->label);
    return MF_OK;
}

static mf_status
vote(mf_annotate *a, size_t who, const mf_message *m, mf_err *err)
{
    volunteer *w = &a->who[who];
    mf_ballot  v;
    mf_status  st;
    size_t     slot;
    int64_t    seq = 0;

    if ((st = find_slot(w, m, &slot, err)) < 0 || (st = fill_ballot(&v, a, who, slot, m, err)) < 0 ||
        (st = mf_ballots_cast(a->ballots, m->client, &v, &seq, err)) < 0)
        return st;
    set_answer(w, slot, seq);
    return MF_OK;
}

static mf_status
undo(mf_annotate *a, size_t who, const mf_message *m, mf_err *err)
{
    volunteer *w = &a->who[who];
    ptrdiff_t  i = mf_order_find(&w->order, m->task);
    mf_ballot  v;
    mf_status  st;
    int64_t    seq = 0;

    if (i < 0)
        return mf_fail(err, MF_E_STATE, "another picture is due now");
    v = (mf_ballot){.person = who, .row = w->order.slot[i].image, .again = w->order.slot[i].again, .label = -1};
    if ((st = mf_ballots_withdraw(a->ballots, m->client, &v, &seq, err)) == MF_OK)
        set_answer(w, (size_t)i, seq);
    return st;
}

static mf_status
post(void *app, const mf_http_request *in, mf_http_reply *out, bool is_vote, mf_err *err)
{
    mf_annotate *a    = app;
    const char  *text = (const char *)in->body;
    mf_message   m;
    mf_status    st;
    size_t       who;

    if (!who_asks(a, in, &who, out))
        return MF_OK;
    if ((st = is_vote ? mf_message_vote(&m, text, in->body_size, err) : mf_message_undo(&m, text, in->body_size, err)) < 0)
        return st;
    pthread_mutex_lock(&a->lock);
    if ((st = is_vote ? vote(a, who, &m, err) : undo(a, who, &m, err)) == MF_OK)
        put_state(out, a, who);
    pthread_mutex_unlock(&a->lock);
    return st;
}

static mf_status
post_vote(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    return post(app, in, out, true, err);
}

static mf_status
post_undo(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    return post(app, in, out, false, err);
}

const mf_http_route *
mf_annotate_routes(void)
{
    static const mf_http_route routes[] = {
        {"GET", "/", 0, NULL, get_page},
        {"GET", "/page.css", 0, NULL, get_page},
        {"GET", "/annotate.css", 0, NULL, get_page},
        {"GET", "/annotate.js", 0, NULL, get_page},
        {"GET", "/icon.svg", 0, NULL, get_page},
        {"GET", "/api/state", 0, NULL, get_state},
        {"GET", "/api/picture/#", 0, NULL, get_picture},
        {"POST", "/api/vote", MF_MESSAGE_MAX, "application/json", post_vote},
        {"POST", "/api/undo", MF_MESSAGE_MAX, "application/json", post_undo},
        {NULL, NULL, 0, NULL, NULL},
    };

    return routes;
}
