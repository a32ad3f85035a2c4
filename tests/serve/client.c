/* tests/serve/client.c */
#include "support.h"

#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "data/manifest.h"
#include "image/image.h"

enum { ARGS_MAX = 24, SETS_MAX = 16, SIDE = 12, START_SECONDS = 60 };

void
need_annotate(void)
{
    if (mf_test_program() == NULL) {
        mf_test_skip("the program is not built");
    }
    if (!MF_HAVE_MICROHTTPD || !MF_HAVE_SQLITE) {
        mf_test_skip("built without libmicrohttpd or SQLite");
    }
}

void
answer_free(answer *a)
{
    mf_str_free(&a->head);
    mf_str_free(&a->body);
    *a = (answer){0};
}

const char *
answer_header(const answer *a, const char *name)
{
    static char value[1024];
    const char *line = mf_str_c(&a->head);
    size_t      n    = strlen(name);

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\r"), line + n + 2);
            return value;
        }
    }
    return NULL;
}

static int
connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)(void *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Whether `s` holds a whole head and as much of a body as it announces. */
static bool
is_whole(const mf_str *s)
{
    const char *end = s->len != 0 ? strstr(s->data, "\r\n\r\n") : NULL, *length;

    if (end == NULL) {
        return false;
    }
    length = strcasestr(s->data, "\r\nContent-Length: ");
    return length != NULL && length < end && s->len - (size_t)(end + 4 - s->data) >= strtoul(length + 18, NULL, 10);
}

answer
client_raw(int port, const char *raw, size_t size, double seconds)
{
    answer      a    = {0};
    mf_str      all  = {0};
    double      till = mf_now() + seconds;
    int         fd   = connect_to(port);
    const char *end;

    if (fd < 0) {
        return a;
    }
    while (size > 0) {
        ssize_t n = send(fd, raw, size, MSG_NOSIGNAL);

        if (n <= 0) {
            break;
        }
        raw += n;
        size -= (size_t)n;
    }
    while (!is_whole(&all) && mf_now() < till) {
        struct pollfd p = {fd, POLLIN, 0};
        char          buf[65536];
        ssize_t       n;

        if (poll(&p, 1, 100) <= 0) {
            continue;
        }
        if ((n = recv(fd, buf, sizeof buf, 0)) <= 0) {
            break;
        }
        mf_str_addn(&all, buf, (size_t)n);
    }
    close(fd);
    if (all.len != 0 && (end = strstr(all.data, "\r\n\r\n")) != NULL) {
        mf_str_addn(&a.head, all.data, (size_t)(end - all.data) + 2);
        mf_str_addn(&a.body, end + 4, all.len - (size_t)(end + 4 - all.data));
        if (is_whole(&all) || strcasestr(a.head.data, "content-length") == NULL) {
            sscanf(a.head.data, "HTTP/1.1 %d", &a.status); /* a cut answer is none */
        }
    }
    mf_str_free(&all);
    return a;
}

answer
client_ask(int port, const char *method, const char *path, const char *token, const char *body)
{
    mf_str raw = {0};
    answer a;

    mf_str_printf(&raw, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n", method, path, port);
    if (token != NULL) {
        mf_str_printf(&raw, "Authorization: Bearer %s\r\n", token);
    }
    if (body != NULL) {
        mf_str_printf(&raw, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    }
    mf_str_printf(&raw, "\r\n%s", body != NULL ? body : "");
    a = client_raw(port, mf_str_c(&raw), raw.len, 20);
    mf_str_free(&raw);
    return a;
}

/* ---- the server ---- */

/* The first line that comes from fd, or what came until it was closed or the time was over. */
static void
read_line(int fd, mf_str *out)
{
    double till = mf_now() + START_SECONDS;

    while (mf_now() < till && (out->len == 0 || out->data[out->len - 1] != '\n')) {
        struct pollfd p = {fd, POLLIN, 0};
        char          c;

        if (poll(&p, 1, 100) > 0) {
            if (read(fd, &c, 1) != 1) {
                break;
            }
            mf_str_addc(out, c);
        }
    }
}

static void
take_start(server *s, const mf_str *line)
{
    mf_json *root = NULL, *people;
    mf_err   err  = {0};
    size_t   i;

    assert_mf_ok(mf_json_parse(&root, mf_str_c(line), line->len, true, &err), &err);
    s->port = atoi(strrchr(mf_json_text(mf_json_get(root, "url"), ":0"), ':') + 1);
    people  = mf_json_get(root, "people");
    for (i = 0; i < mf_json_size(people) && i < sizeof s->token / sizeof s->token[0]; i++) {
        const char *link = mf_json_text(mf_json_get(mf_json_at(people, i), "link"), "#");

        snprintf(s->token[i], sizeof s->token[i], "%s", strchr(link, '#') + 1);
    }
    s->n_people = (int)i;
    mf_json_free(root);
}

void
server_start(server *s, const char *dir, int port, const char *const *args)
{
    server_start_command(s, "annotate", dir, port, args);
}

void
server_start_command(server *s, const char *command, const char *what, int port, const char *const *args)
{
    const char *argv[ARGS_MAX] = {mf_test_program(), command, what, "--json", "--listen"};
    char        listen_on[32];
    mf_str      line = {0};
    int         out[2], n = 6;

    *s = (server){0};
    snprintf(listen_on, sizeof listen_on, "127.0.0.1:%d", port);
    argv[5] = listen_on;
    while (*args != NULL && n + 1 < ARGS_MAX) {
        argv[n++] = *args++;
    }
    assert_int_equal(pipe(out), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(out[1]);
    read_line(out[0], &line);
    close(out[0]);
    if (line.len == 0 || line.data[0] != '{') {
        server_kill(s);
        print_error("the server did not say where it is\n");
        mf_str_free(&line);
        fail();
    }
    take_start(s, &line);
    mf_str_free(&line);
}

void
server_kill(server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
        s->pid = 0;
    }
}

int
server_stop(server *s)
{
    int status = -1;

    kill(s->pid, SIGTERM);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR) {
    }
    s->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- data ---- */

const char *
small_set(const char *name, int n)
{
    static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
    static char kept[SETS_MAX][1024];
    static int  n_kept;
    char       *dir   = kept[n_kept++];
    mf_dataset *d     = NULL;
    mf_image    im    = {0};
    mf_str      path  = {0};
    mf_err      err   = {0};
    int         i;

    assert_true(n_kept <= SETS_MAX);
    snprintf(dir, sizeof kept[0], "%s", mf_test_path(name));
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, name, classes, 7, &err), &err);
    assert_mf_ok(mf_image_new(&im, SIDE, SIDE, 3, &err), &err);
    for (i = 0; i < n; i++) {
        char file[32];

        snprintf(file, sizeof file, "p%04d.png", i);
        memset(im.px, 40 + i % 160, SIDE * SIDE * 3);
        mf_path_join(&path, dir, file);
        assert_mf_ok(mf_image_save(mf_str_c(&path), &im, 90, &err), &err);
        assert_mf_ok(mf_dataset_add(d, file, classes[i % 7], "", MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_str_free(&path);
    mf_image_free(&im);
    mf_dataset_free(d);
    return dir;
}
