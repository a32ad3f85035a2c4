/* tests/serve/browser.c */
#include "support.h"

#include "browser.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"

enum { CALL_SECONDS = 120, TO = 3, FROM = 4, ABOVE = 10 };

const char *
browser_program(void)
{
    static const char *const at[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"};
    const char *given = getenv("MASKFER_CHROMIUM");
    size_t      i;

    if (given != NULL && *given != '\0') {
        return given;
    }
    for (i = 0; i < sizeof at / sizeof at[0]; i++) {
        if (access(at[i], X_OK) == 0) {
            return at[i];
        }
    }
    return NULL;
}

/* In the child: the pipe's ends become descriptors 3 and 4. */
static void
become_chromium(int read_end, int write_end, const char *profile)
{
    char dir[1024];
    int  quiet = open("/dev/null", O_RDWR), in = fcntl(read_end, F_DUPFD, ABOVE), out = fcntl(write_end, F_DUPFD, ABOVE);

    snprintf(dir, sizeof dir, "--user-data-dir=%s", profile);
    if (getenv("MASKFER_CHROMIUM_LOUD") == NULL) {
        dup2(quiet, STDOUT_FILENO);
        dup2(quiet, STDERR_FILENO);
    }
    dup2(quiet, STDIN_FILENO);
    dup2(in, TO);
    dup2(out, FROM);
    execl(browser_program(), "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
          "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
          "--disable-extensions", "--disable-sync", "--disable-default-apps", "--mute-audio", "--disable-background-timer-throttling",
          "--disable-renderer-backgrounding", "--remote-debugging-pipe", dir, (char *)NULL);
    _exit(127);
}

static void
add_message(mf_str *out, browser *b, const char *method, const char *params)
{
    mf_str_printf(out, "{\"id\":%d,\"method\":\"%s\",\"params\":%s", ++b->calls, method, params);
    if (b->session[0] != '\0') {
        mf_str_printf(out, ",\"sessionId\":\"%s\"", b->session);
    }
    mf_str_addc(out, '}');
    mf_str_addc(out, '\0');
}

void
browser_send(browser *b, const char *method, const char *params)
{
    mf_str text = {0};
    size_t at   = 0;

    add_message(&text, b, method, params);
    while (at < text.len && !b->broken) {
        ssize_t n = write(b->to, text.data + at, text.len - at);

        if (n <= 0) {
            b->broken = true;
        } else {
            at += (size_t)n;
        }
    }
    mf_str_free(&text);
}

static void
read_some(browser *b, int wait_ms)
{
    struct pollfd p = {b->from, POLLIN, 0};
    static char   buf[1 << 16];
    ssize_t       n;

    if (poll(&p, 1, wait_ms) <= 0) {
        return;
    }
    if ((n = read(b->from, buf, sizeof buf)) <= 0) {
        b->broken = true;
    } else {
        mf_str_addn(&b->in, buf, (size_t)n);
    }
}

/* The next whole message, or NULL. */
static mf_json *
take_message(browser *b)
{
    mf_json *root = NULL;
    mf_err   err  = {0};
    char    *end  = b->in.len != 0 ? memchr(b->in.data, '\0', b->in.len) : NULL;
    size_t   used;

    if (end == NULL) {
        return NULL;
    }
    assert_mf_ok(mf_json_parse(&root, b->in.data, (size_t)(end - b->in.data), false, &err), &err);
    used = (size_t)(end - b->in.data) + 1;
    memmove(b->in.data, b->in.data + used, b->in.len - used);
    b->in.len -= used;
    return root;
}

static void
hand_on(browser *b, const mf_json *message)
{
    const char *method = mf_json_text(mf_json_get(message, "method"), NULL);

    if (method != NULL && b->on_event != NULL) {
        b->on_event(b, method, mf_json_get(message, "params"));
    }
}

void
browser_pump(browser *b)
{
    mf_json *m;

    read_some(b, 0);
    while ((m = take_message(b)) != NULL) {
        hand_on(b, m);
        mf_json_free(m);
    }
}

mf_json *
browser_call(browser *b, const char *method, const char *params)
{
    double   till = mf_now() + CALL_SECONDS;
    int      id;
    mf_json *m;

    browser_send(b, method, params);
    id = b->calls;
    while (mf_now() < till && !b->broken) {
        while ((m = take_message(b)) != NULL) {
            if (mf_json_int(mf_json_get(m, "id"), -1) == id) {
                if (mf_json_get(m, "error") != NULL) {
                    print_error("%s: %s\n", method, mf_json_text(mf_json_get(mf_json_get(m, "error"), "message"), "?"));
                    fail();
                }
                return m;
            }
            hand_on(b, m);
            mf_json_free(m);
        }
        read_some(b, 100);
    }
    print_error("the browser did not answer %s\n", method);
    fail();
    return NULL;
}

void
browser_open(browser *b, const char *profile, browser_event_fn *on_event, void *arg)
{
    int      down[2], up[2];
    mf_json *m;
    mf_str   params = {0};

    *b = (browser){.on_event = on_event, .arg = arg};
    assert_mf_ok(mf_dir_make(profile, NULL), NULL);
    assert_int_equal(pipe2(down, O_CLOEXEC), 0);
    assert_int_equal(pipe2(up, O_CLOEXEC), 0);
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        become_chromium(down[0], up[1], profile);
    }
    close(down[0]);
    close(up[1]);
    b->to   = down[1];
    b->from = up[0];
    m       = browser_call(b, "Target.createTarget", "{\"url\":\"about:blank\"}");
    mf_str_printf(&params, "{\"flatten\":true,\"targetId\":\"%s\"}",
                  mf_json_text(mf_json_get(mf_json_get(m, "result"), "targetId"), ""));
    mf_json_free(m);
    m = browser_call(b, "Target.attachToTarget", mf_str_c(&params));
    snprintf(b->session, sizeof b->session, "%s", mf_json_text(mf_json_get(mf_json_get(m, "result"), "sessionId"), ""));
    mf_json_free(m);
    mf_str_free(&params);
}

void
browser_close(browser *b)
{
    if (b->pid > 0) {
        kill(-b->pid, SIGKILL); /* its group: it has processes of its own */
        waitpid(b->pid, NULL, 0);
        close(b->to);
        close(b->from);
    }
    mf_str_free(&b->in);
    *b = (browser){0};
}

void
browser_key(browser *b, const char *key)
{
    const bool enter = mf_str_eq(key, "Enter"), digit = key[0] >= '0' && key[0] <= '9' && key[1] == '\0';
    char       params[256], text[48] = "";
    int        code = enter ? 13 : mf_str_eq(key, "Backspace") ? 8 : key[0];

    if (enter) {
        snprintf(text, sizeof text, ",\"text\":\"\\r\"");
    } else if (key[1] == '\0') {
        snprintf(text, sizeof text, ",\"text\":\"%s\"", key);
    }
    snprintf(params, sizeof params, "{\"type\":\"keyDown\",\"key\":\"%s\",\"code\":\"%s%s\",\"windowsVirtualKeyCode\":%d%s}", key,
             digit ? "Digit" : "", key, code, text);
    browser_send(b, "Input.dispatchKeyEvent", params);
    snprintf(params, sizeof params, "{\"type\":\"keyUp\",\"key\":\"%s\",\"code\":\"%s%s\",\"windowsVirtualKeyCode\":%d}", key,
             digit ? "Digit" : "", key, code);
    browser_send(b, "Input.dispatchKeyEvent", params);
}
