/* Seven browsers annotate 200 pictures at once while the server is killed twice: what the pages were told is saved must be
 * in the file, once. Each is a Chromium of its own with a profile of its own. Five press keys as a person would, two are
 * phones and touch the buttons. What was acknowledged is noted below the page's own code, where it calls fetch. */
#include "support.h"

#include <poll.h>
#include <string.h>

#include "browser.h"
#include "client.h"
#include "core/clock.h"
#include "volunteers.h"

enum { PEOPLE = 7, PHONES = 2, PICTURES = 200, KILLS = 2, LIMIT_SECONDS = 270 };
static const char *const names[PEOPLE] = {"ann", "ben", "cleo", "dev", "eva", "finn", "gita"};
static const char *const classes[]     = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};

/* In the page, before its own script: tells what the server has acknowledged and which picture waits for an answer. */
static const char watcher[] =
    "(() => {"
    " const ask = window.fetch;"
    " window.fetch = async (path, options) => {"
    "  const r = await ask(path, options);"
    "  if (r.ok && options && options.method === 'POST') report(JSON.stringify({saved: String(path), body: options.body}));"
    "  return r;"
    " };"
    " let last = '';"
    " new MutationObserver(() => {"
    "  const work = document.getElementById('work'), title = document.getElementById('message-title');"
    "  if (!work || !title) return;"
    "  const now = !work.hidden && work.dataset.ready ? work.dataset.ready : document.getElementById('message').hidden ? '' : "
    "title.textContent;"
    "  if (now !== last) {"
    "   last = now;"
    "   if (now) report(JSON.stringify({ready: now, label: document.getElementById('label').textContent,"
    "    keys: document.querySelectorAll('#classes button').length, loaded: document.getElementById('picture').naturalWidth,"
    "    cut: [...document.querySelectorAll('#answers button')].map((b) => b.getBoundingClientRect())"
    "     .filter((r) => r.bottom > innerHeight || r.right > innerWidth || r.top < 0 || r.left < 0 || r.height < 39).length,"
    "    spots: [...document.querySelectorAll('#answers button')].map((b) => b.getBoundingClientRect())"
    "     .map((r) => [r.x + r.width / 2, r.y + r.height / 2])}));"
    "  }"
    " }).observe(document, {subtree: true, childList: true, attributes: true});"
    "})();";

typedef struct seat {
    browser  b;
    record  *all;
    int      person;
    bool     done;
    uint64_t regretted; /* the task whose answer was taken back last */
    uint64_t answered;
} seat;

static int
class_number(const char *label)
{
    int k = 0;

    while (k < TASK_CLASSES && !mf_str_eq(classes[k], label)) {
        k++;
    }
    assert_true(k < TASK_CLASSES);
    return k;
}

/* The buttons in the order of the page: agree, the classes, cannot tell, undo. */
static void
touch(seat *s, const mf_json *spots, int button)
{
    const mf_json *spot = mf_json_at(spots, (size_t)button);
    char           params[160];

    snprintf(params, sizeof params, "{\"type\":\"touchStart\",\"touchPoints\":[{\"x\":%.1f,\"y\":%.1f}]}",
             mf_json_num(mf_json_at(spot, 0), -1), mf_json_num(mf_json_at(spot, 1), -1));
    browser_send(&s->b, "Input.dispatchTouchEvent", params);
    browser_send(&s->b, "Input.dispatchTouchEvent", "{\"type\":\"touchEnd\",\"touchPoints\":[]}");
}

/* A picture waits: take the last answer back, or answer this one. */
static void
react(seat *s, uint64_t task, const char *label, const mf_json *spots)
{
    const int  own = class_number(label), sees = volunteer_sees(s->person, task, own);
    const bool phone = s->person < PHONES;
    char       key[2] = {(char)('1' + sees), '\0'};

    if (s->answered != 0 && s->answered != s->regretted && volunteer_regrets(s->person, s->answered)) {
        s->regretted = s->answered;
        if (phone)
            touch(s, spots, TASK_CLASSES + 2);
        else
            browser_key(&s->b, "Backspace");
        return;
    }
    s->answered = task;
    if (phone)
        touch(s, spots, sees < 0 ? TASK_CLASSES + 1 : sees == own ? 0 : 1 + sees);
    else /* the number of the label itself agrees, too */
        browser_key(&s->b, sees < 0 ? "0" : sees == own && task % 2 == 0 ? "Enter" : key);
}

static void
on_report(seat *s, const char *text)
{
    mf_json    *root = NULL;
    const char *ready, *saved;

    assert_mf_ok(mf_json_parse(&root, text, strlen(text), true, NULL), NULL);
    saved = mf_json_text(mf_json_get(root, "saved"), NULL);
    ready = mf_json_text(mf_json_get(root, "ready"), NULL);
    if (saved != NULL) {
        record_body(s->all, s->person, strstr(saved, "undo") != NULL, mf_json_text(mf_json_get(root, "body"), ""));
    } else if (ready != NULL && mf_str_eq(ready, "Done")) {
        s->done = true;
    } else if (ready != NULL && ready[0] >= '0' && ready[0] <= '9') {
        assert_int_equal(mf_json_int(mf_json_get(root, "keys"), 0), TASK_CLASSES);
        assert_true(mf_json_int(mf_json_get(root, "loaded"), 0) > 0); /* the picture is there */
        assert_int_equal(mf_json_size(mf_json_get(root, "spots")), TASK_CLASSES + 3);
        assert_int_equal(mf_json_int(mf_json_get(root, "cut"), -1), 0); /* all are seen without scrolling */
        react(s, strtoull(ready, NULL, 10), mf_json_text(mf_json_get(root, "label"), ""), mf_json_get(root, "spots"));
    } else {
        print_error("%s's page says: %s\n", names[s->person], ready);
        fail();
    }
    mf_json_free(root);
}

static void
on_event(browser *b, const char *method, const mf_json *params)
{
    if (mf_str_eq(method, "Runtime.bindingCalled")) {
        on_report(b->arg, mf_json_text(mf_json_get(params, "payload"), "{}"));
    } else if (mf_str_eq(method, "Runtime.exceptionThrown")) {
        const mf_json *details = mf_json_get(params, "exceptionDetails");

        print_error("the page's script failed: %s %s\n", mf_json_text(mf_json_get(details, "text"), "?"),
                    mf_json_text(mf_json_get(mf_json_get(details, "exception"), "description"), ""));
        fail();
    }
}

static void
call(browser *b, const char *method, const char *params)
{
    mf_json_free(browser_call(b, method, params));
}

static void
sit_down(seat *s, const server *at)
{
    mf_str      params = {0};
    mf_json_out j      = mf_json_begin(&params, 0);
    char        url[256], profile[64];

    snprintf(profile, sizeof profile, "profile-%d", s->person);
    browser_open(&s->b, mf_test_path(profile), on_event, s);
    call(&s->b, "Runtime.enable", "{}");
    call(&s->b, "Page.enable", "{}");
    call(&s->b, "Runtime.addBinding", "{\"name\":\"report\"}");
    if (s->person < PHONES) {
        call(&s->b, "Emulation.setDeviceMetricsOverride", "{\"width\":360,\"height\":640,\"deviceScaleFactor\":2,\"mobile\":true}");
        call(&s->b, "Emulation.setTouchEmulationEnabled", "{\"enabled\":true}");
    }
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "source", watcher);
    mf_json_close(&j, '}');
    call(&s->b, "Page.addScriptToEvaluateOnNewDocument", mf_str_c(&params));
    snprintf(url, sizeof url, "{\"url\":\"http://127.0.0.1:%d/#%s\"}", at->port, at->token[s->person]);
    call(&s->b, "Page.navigate", url);
    mf_str_free(&params);
}

static int
waiting(const seat *seats)
{
    int n = 0;

    for (int i = 0; i < PEOPLE; i++) {
        n += !seats[i].done && !seats[i].b.broken;
    }
    return n;
}

static void
seven_browsers_and_two_kills(void **state)
{
    static const char *const first[] = {"--people", "ann,ben,cleo,dev,eva,finn,gita", "--repeat-share", "0.1", NULL};
    static const char *const later[] = {NULL};
    static record all;
    static seat   seats[PEOPLE];
    const char   *dir;
    server        s;
    double        begun = mf_now();
    int           port, kills = 0;

    (void)state;
    need_annotate();
    if (browser_program() == NULL) {
        mf_test_skip("no Chromium is installed (on Debian: the package chromium)");
    }
    dir = small_set("browsed", PICTURES);
    server_start(&s, dir, 0, first);
    port = s.port;
    for (int i = 0; i < PEOPLE; i++) {
        seats[i].all    = &all;
        seats[i].person = i;
        sit_down(&seats[i], &s);
    }
    print_message("seven browsers after %.1f s\n", mf_now() - begun);
    while (waiting(seats) > 0 && mf_now() - begun < LIMIT_SECONDS) {
        struct pollfd p[PEOPLE];

        for (int i = 0; i < PEOPLE; i++) {
            p[i] = (struct pollfd){seats[i].b.broken ? -1 : seats[i].b.from, POLLIN, 0};
        }
        poll(p, PEOPLE, 100);
        for (int i = 0; i < PEOPLE; i++) {
            browser_pump(&seats[i].b);
        }
        if (kills < KILLS && all.n >= (size_t)(kills + 1) * PEOPLE * PICTURES / (KILLS + 1)) {
            server_kill(&s);
            kills++;
            server_start(&s, dir, port, later);
        }
    }
    for (int i = 0; i < PEOPLE; i++) {
        if (!seats[i].done) {
            print_error("%s is not done%s\n", names[i], seats[i].b.broken ? ": the browser ended" : "");
        }
        browser_close(&seats[i].b);
    }
    print_message("%zu requests, %d kills, %.1f s\n", all.n, kills, mf_now() - begun);
    assert_int_equal(server_stop(&s), 0);
    for (int i = 0; i < PEOPLE; i++) {
        assert_true(seats[i].done);
    }
    assert_int_equal(kills, KILLS);
    check_votes(dir, names, PEOPLE, 0.1, &all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seven_browsers_and_two_kills)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
