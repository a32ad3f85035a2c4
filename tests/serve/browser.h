/* tests/serve/browser.h: Chromium without a screen, driven over its debugging pipe (the DevTools protocol: JSON messages
 * ended by a NUL byte, to it on its descriptor 3, from it on 4). */
#ifndef MF_TESTS_SERVE_BROWSER_H
#define MF_TESTS_SERVE_BROWSER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/json.h"
#include "core/str.h"

typedef struct browser browser;
/* A message that answers no call: an event. `method` and `params` are lent. */
typedef void browser_event_fn(browser *b, const char *method, const mf_json *params);

struct browser {
    pid_t             pid;
    int               to, from; /* from: also to poll on */
    int               calls;
    mf_str            in;
    char              session[64];
    browser_event_fn *on_event;
    void             *arg;
    bool              broken; /* the pipe was closed */
};

/* The browser's program, or NULL where there is none. */
const char *browser_program(void);
/* Start one with a profile of its own in `profile` and open an empty page. */
void browser_open(browser *b, const char *profile, browser_event_fn *on_event, void *arg);
void browser_close(browser *b);
/* Send a command and do not wait. params: JSON object text. */
void browser_send(browser *b, const char *method, const char *params);
/* Send a command and wait for its result, which is the caller's (the whole message); events are handed on meanwhile. */
mf_json *browser_call(browser *b, const char *method, const char *params);
/* Hand on what has come. */
void browser_pump(browser *b);
/* Press and let go a key: "Enter", "Backspace" or one character. */
void browser_key(browser *b, const char *key);

#endif
