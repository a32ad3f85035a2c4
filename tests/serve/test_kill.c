/* Seven volunteers answer at once over plain sockets while the server is killed again and again. Each sends a request
 * until it is acknowledged; some send every request twice. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "core/clock.h"
#include "core/json.h"
#include "volunteers.h"

enum { PEOPLE = 7, PICTURES = 60, KILLS = 4 };
static const char *const names[PEOPLE] = {"ann", "ben", "cleo", "dev", "eva", "finn", "gita"};

typedef struct crowd {
    server          s;
    pthread_mutex_t lock;
    record          all;
    atomic_bool     over; /* give up */
} crowd;

typedef struct one {
    crowd *c;
    int    person;
    int    sent;
} one;

static void
nap(double seconds)
{
    struct timespec t = {0, (long)(seconds * 1e9)};

    nanosleep(&t, NULL);
}

/* Until an answer comes; the caller's. A 4xx is an answer too. */
static answer
insist(one *o, const char *method, const char *path, const char *body)
{
    for (;;) {
        answer a = client_ask(o->c->s.port, method, path, o->c->s.token[o->person], body);

        if ((a.status != 0 && a.status < 500) || o->c->over) {
            return a;
        }
        answer_free(&a);
        nap(0.02);
    }
}

static bool
send_request(one *o, bool undo, const char *body)
{
    answer a  = insist(o, "POST", undo ? "/api/undo" : "/api/vote", body);
    bool   ok = a.status == 200;

    if (ok && o->person % 2 == 0) { /* as after an acknowledgement that was lost */
        answer again = insist(o, "POST", undo ? "/api/undo" : "/api/vote", body);

        ok = again.status == 200;
        answer_free(&again);
    }
    if (ok) {
        pthread_mutex_lock(&o->c->lock);
        record_body(&o->c->all, o->person, undo, body);
        pthread_mutex_unlock(&o->c->lock);
    } else if (!o->c->over) {
        print_error("%s: %d %s\n", body, a.status, mf_str_c(&a.body));
    }
    answer_free(&a);
    return ok;
}

static int
class_of(const mf_json *classes, const char *label)
{
    for (size_t i = 0; i < mf_json_size(classes); i++) {
        if (mf_str_eq(mf_json_text(mf_json_at(classes, i), ""), label)) {
            return (int)i;
        }
    }
    return -1;
}

/* Answer what is due. False: all is answered, or it went wrong. */
static bool
answer_one(one *o)
{
    answer         a    = insist(o, "GET", "/api/state", NULL);
    mf_json       *root = NULL;
    const mf_json *task;
    char           body[256];
    bool           more = false;

    if (a.status == 200 && mf_json_parse(&root, mf_str_c(&a.body), a.body.len, true, NULL) == MF_OK &&
        mf_json_is_object(task = mf_json_get(root, "task"))) {
        const mf_json *classes = mf_json_get(root, "classes");
        uint64_t       id      = (uint64_t)mf_json_int(mf_json_get(task, "id"), -1);
        int            label   = class_of(classes, mf_json_text(mf_json_get(task, "label"), ""));
        int            sees    = volunteer_sees(o->person, id, label);

        if (sees < 0 || sees == label) {
            snprintf(body, sizeof body, "{\"client\":\"request-%d\",\"task\":%llu,\"verdict\":\"%s\"}", o->sent++,
                     (unsigned long long)id, sees < 0 ? "unsure" : "agree");
        } else {
            snprintf(body, sizeof body, "{\"client\":\"request-%d\",\"task\":%llu,\"verdict\":\"other\",\"label\":\"%s\"}", o->sent++,
                     (unsigned long long)id, mf_json_text(mf_json_at(classes, (size_t)sees), ""));
        }
        more = send_request(o, false, body);
        if (more && volunteer_regrets(o->person, id) && o->sent % 3 == 0) {
            snprintf(body, sizeof body, "{\"client\":\"request-%d\",\"task\":%llu}", o->sent++, (unsigned long long)id);
            more = send_request(o, true, body);
        }
    }
    mf_json_free(root);
    answer_free(&a);
    return more;
}

static void *
work(void *arg)
{
    one *o = arg;

    while (answer_one(o) && !o->c->over) {
    }
    return NULL;
}

static size_t
acknowledged(crowd *c)
{
    size_t n;

    pthread_mutex_lock(&c->lock);
    n = c->all.n;
    pthread_mutex_unlock(&c->lock);
    return n;
}

static void
killed_again_and_again(void **state)
{
    static const char *const first[] = {"--people", "ann,ben,cleo,dev,eva,finn,gita", "--repeat-share", "0.2", NULL};
    static const char *const later[] = {NULL};
    static crowd c;
    const char  *dir;
    pthread_t    thread[PEOPLE];
    one          o[PEOPLE];
    double       till = mf_now() + 200;
    int          port, kills = 0;

    (void)state;
    need_annotate();
    dir = small_set("killed", PICTURES);
    pthread_mutex_init(&c.lock, NULL);
    server_start(&c.s, dir, 0, first);
    assert_int_equal(c.s.n_people, PEOPLE);
    port = c.s.port;
    for (int i = 0; i < PEOPLE; i++) {
        o[i] = (one){&c, i, 0};
        assert_int_equal(pthread_create(&thread[i], NULL, work, &o[i]), 0);
    }
    while (kills < KILLS && mf_now() < till) {
        /* Each kill comes in the middle of the answers, by their count. */
        if (acknowledged(&c) >= (size_t)(kills + 1) * PEOPLE * PICTURES / (KILLS + 1)) {
            server next;

            server_kill(&c.s);
            kills++;
            server_start(&next, dir, port, later);
            c.s.pid = next.pid;
            assert_memory_equal(next.token, c.s.token, sizeof next.token); /* the links stay */
        }
        nap(0.005);
    }
    if (kills < KILLS) {
        c.over = true;
    }
    for (int i = 0; i < PEOPLE; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(kills, KILLS);
    assert_int_equal(server_stop(&c.s), 0);
    check_votes(dir, names, PEOPLE, 0.2, &c.all);
    pthread_mutex_destroy(&c.lock);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_again_and_again)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
