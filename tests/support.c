/* tests/support.c. Statics are allowed here: a test program runs one process, one thread. */
#include "support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

enum { PATHS = 16, PATH_BYTES = 1024, MAX_ALLOCS = 100000 };

void
mf_test_ok(mf_status st, const mf_err *err, const char *expr, const char *file, int line)
{
    if (st != MF_OK) {
        print_error("%s: %s: %s\n", expr, mf_status_name(st), err != NULL ? err->msg : "(no sentence)");
        _fail(file, line);
    }
}

void
mf_test_fails(mf_status st, mf_status want, const mf_err *err, const char *part, const char *expr, const char *file,
              int line)
{
    if (st != want) {
        print_error("%s: got \"%s\", wanted \"%s\"; sentence: %s\n", expr, mf_status_name(st), mf_status_name(want),
                    err->msg);
        _fail(file, line);
    }
    if (err->code != want || err->msg[0] == '\0') {
        print_error("%s: failed without setting code and sentence\n", expr);
        _fail(file, line);
    }
    if (part != NULL && strstr(err->msg, part) == NULL) {
        print_error("%s: the sentence \"%s\" lacks \"%s\"\n", expr, err->msg, part);
        _fail(file, line);
    }
}

static char test_dir[PATH_BYTES];
static pid_t test_pid;

static void
remove_dir(void)
{
    if (getpid() == test_pid) { /* not in a forked child */
        mf_mem_fail_at(0);
        (void)mf_dir_remove_all(test_dir, NULL);
    }
}

const char *
mf_test_dir(void)
{
    if (test_dir[0] == '\0') {
        const char *base = getenv("TMPDIR");

        snprintf(test_dir, sizeof test_dir, "%s/maskfer-test-XXXXXX", base != NULL && *base != '\0' ? base : "/tmp");
        if (mkdtemp(test_dir) == NULL) {
            perror("mkdtemp");
            exit(1);
        }
        test_pid = getpid();
        atexit(remove_dir);
    }
    return test_dir;
}

const char *
mf_test_path(const char *name)
{
    static char     path[PATHS][PATH_BYTES];
    static unsigned turn;
    char           *p = path[turn++ % PATHS];
    int             n = snprintf(p, PATH_BYTES, "%s/%s", mf_test_dir(), name);

    if (n < 0 || n >= PATH_BYTES) {
        fprintf(stderr, "mf_test_path: the path is too long\n");
        exit(1);
    }
    return p;
}

const char *
mf_test_source(void)
{
    const char *s = getenv("MASKFER_SOURCE");

    return s != NULL && *s != '\0' ? s : MF_SOURCE_DIR;
}

const char *
mf_test_program(void)
{
    const char *s = getenv("MASKFER_PROGRAM");

    return s != NULL && *s != '\0' ? s : NULL;
}

const char *
mf_test_shared(void)
{
    static char path[PATH_BYTES];
    const char *s = getenv("MASKFER_SHARED");
    char        up[PATH_BYTES];

    if (s != NULL && *s != '\0') {
        return mf_path_is_dir(s) ? s : NULL;
    }
    snprintf(up, sizeof up, "%s", mf_test_source());
    for (;;) {
        char *slash;
        int   n = snprintf(path, sizeof path, "%s/shared", up);

        if (n > 0 && (size_t)n < sizeof path && mf_path_is_dir(path)) {
            return path;
        }
        if ((slash = strrchr(up, '/')) == NULL) {
            return NULL;
        }
        *slash = '\0';
    }
}

void
mf_test_golden(const char *name, const char *text)
{
    char        path[PATH_BYTES];
    mf_blob     file = {0};
    mf_err      err  = {0};
    const char *a, *b = text;
    int         line = 1;

    snprintf(path, sizeof path, "%s/tests/%s", mf_test_source(), name);
    if (getenv("MASKFER_GOLDEN_UPDATE") != NULL) {
        char *slash = strrchr(path, '/');

        *slash = '\0';
        assert_mf_ok(mf_dir_make(path, &err), &err);
        *slash = '/';
        assert_mf_ok(mf_file_write(path, text, strlen(text), &err), &err);
        printf("written: %s\n", path);
        return;
    }
    assert_mf_ok(mf_file_read(&file, path, (size_t)1 << 28, &err), &err);
    for (a = (const char *)file.data; *a != '\0' || *b != '\0'; line++) {
        const size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");

        if (na != nb || memcmp(a, b, na) != 0 || a[na] != b[nb]) {
            print_error("%s: line %d differs\n  file: %.*s\n  now:  %.*s\n", path, line, (int)(na < 300 ? na : 300), a,
                        (int)(nb < 300 ? nb : 300), b);
            mf_blob_free(&file);
            fail();
        }
        a += na + (a[na] == '\n');
        b += nb + (b[nb] == '\n');
    }
    mf_blob_free(&file);
}

void
mf_test_each_alloc(mf_test_alloc_fn *fn, void *arg)
{
    uint64_t nth;

    for (nth = 1; nth <= MAX_ALLOCS; nth++) {
        mf_err    err    = {0};
        size_t    before = mf_mem_now();
        uint64_t  count  = mf_mem_count();
        mf_status st;

        mf_mem_fail_at(nth);
        st = fn(arg, &err);
        mf_mem_fail_at(0);
        if (mf_mem_now() != before) {
            print_error("allocation %llu failing: %zu bytes allocated before, %zu after\n", (unsigned long long)nth,
                        before, mf_mem_now());
            fail();
        }
        if (st == MF_OK) {
            /* Succeeding in spite of a failed allocation is fine (a fallback); the end is a run that met none. */
            if (mf_mem_count() - count < nth) {
                return;
            }
            continue;
        }
        if (st != MF_E_NOMEM || err.code != MF_E_NOMEM || err.msg[0] == '\0') {
            print_error("allocation %llu failing gave \"%s\": %s\n", (unsigned long long)nth, mf_status_name(st), err.msg);
            fail();
        }
    }
    print_error("still failing after %d allocations\n", (int)MAX_ALLOCS);
    fail();
}
