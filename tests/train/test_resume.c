/* A run killed at random moments and resumed ends in the same bytes as one that was left alone. Every run is a process of
 * its own: this one starts no thread, so that it may fork. */
#include "support.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/rng.h"
#include "core/thread.h"
#include "runs.h"

/* Ends the process with signal 9 once step `at` of the whole run is over. */
static bool
kill_at(void *arg, uint64_t step)
{
    if (step == *(const uint64_t *)arg) {
        raise(SIGKILL);
    }
    return true;
}

/* Runs in a child; kill_step < 0: none. Returns its pid. */
static pid_t
begin(const char *data, const mf_settings *s, const char *out, bool resume, int64_t kill_step)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        uint64_t  at  = (uint64_t)kill_step;
        mf_err    err = {0};
        mf_status st;

        mf_threads_set(2);
        st = runs_train(data, s, out, resume, kill_step >= 0 ? kill_at : NULL, &at, &err);
        if (st < 0) {
            fprintf(stderr, "child: %s\n", err.msg);
        }
        _exit(st < 0 ? 1 : 0);
    }
    return pid;
}

/* 0: finished; 9: killed. */
static int
end(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return SIGKILL;
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return 0;
}

static void
compare(const char *a, const char *b)
{
    runs_same_file(a, b, "results.csv");
    runs_same_file(a, b, "predictions.csv");
    runs_same_file(a, b, "weights/best.safetensors");
    runs_same_file(a, b, "weights/last.safetensors");
}

static const char *
drawn_set(void)
{
    pid_t       pid;
    const char *dir = mf_test_path("set");

    pid = fork(); /* encoding pictures may start threads too */
    assert_true(pid >= 0);
    if (pid == 0) {
        runs_dataset("set", 6);
        _exit(0);
    }
    assert_int_equal(end(pid), 0);
    return dir;
}

static void
test_killed_at_steps(void **state)
{
    const char *data = drawn_set(), *whole = mf_test_path("whole"), *broken = mf_test_path("broken");
    mf_settings s;
    int64_t     kills[] = {0, 2, 3}; /* the first step, inside an epoch, the last of an epoch before it is saved */
    int         killed  = 0;

    (void)state;
    runs_settings(&s, "contrastive", 2);
    s.t.ema        = 0.9;
    s.t.accumulate = 2;
    assert_int_equal(end(begin(data, &s, whole, false, -1)), 0);
    for (size_t i = 0; i < sizeof kills / sizeof kills[0]; i++) {
        killed += end(begin(data, &s, broken, i > 0, kills[i])) == SIGKILL;
    }
    assert_int_equal(killed, 3);
    assert_int_equal(end(begin(data, &s, broken, true, -1)), 0);
    compare(whole, broken);
}

/* Killed by the clock: in set-up, while saving, anywhere. The state is also saved in mid-epoch. */
static void
test_killed_by_the_clock(void **state)
{
    const char *data = drawn_set(), *whole = mf_test_path("whole2"), *broken = mf_test_path("broken2");
    mf_settings s;
    mf_rng      r      = mf_rng_make((uint64_t)time(NULL), 0, 0, MF_RNG_TEST);
    int         killed = 0;

    (void)state;
    runs_settings(&s, "supervised", 3);
    s.t.class_weights = 1;
    s.t.clip          = 1.0;
    s.t.save_seconds  = 0.5;
    assert_int_equal(end(begin(data, &s, whole, false, -1)), 0);
    for (int i = 0; i < 5; i++) {
        int64_t         ms  = 150 + (int64_t)mf_rng_below(&r, 1500);
        struct timespec nap = {ms / 1000, ms % 1000 * 1000000};
        pid_t           pid = begin(data, &s, broken, true, -1);

        nanosleep(&nap, NULL);
        kill(pid, SIGKILL);
        killed += end(pid) == SIGKILL;
    }
    printf("killed %d times\n", killed);
    assert_int_equal(end(begin(data, &s, broken, true, -1)), 0);
    compare(whole, broken);
}

/* A disk that takes no more: a clear failure, nothing half-written under a final name, and the run can go on later. */
static void
test_full_disk(void **state)
{
    const char *data = drawn_set(), *out = mf_test_path("full"), *whole = mf_test_path("full-whole");
    char        path[1200];
    mf_settings s;
    pid_t       pid;

    (void)state;
    runs_settings(&s, "supervised", 1);
    assert_int_equal(end(begin(data, &s, whole, false, -1)), 0);
    fflush(stdout);
    if ((pid = fork()) == 0) {
        struct rlimit small = {4 << 20, 4 << 20}; /* no file may grow past 4 MiB: writing fails as on a full disk */
        mf_err        err   = {0};
        mf_status     st;

        signal(SIGXFSZ, SIG_IGN);
        mf_threads_set(2);
        if (setrlimit(RLIMIT_FSIZE, &small) != 0) {
            _exit(3);
        }
        st = runs_train(data, &s, out, false, NULL, NULL, &err);
        fprintf(stderr, "%s\n", err.msg);
        _exit(st == MF_E_IO && strstr(err.msg, "last.ckpt") != NULL ? 0 : 1);
    }
    assert_int_equal(end(pid), 0);
    snprintf(path, sizeof path, "%s/state/last.ckpt", out);
    assert_false(mf_path_exists(path));
    assert_int_equal(end(begin(data, &s, out, true, -1)), 0);
    compare(whole, out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed_at_steps), cmocka_unit_test(test_killed_by_the_clock),
                                       cmocka_unit_test(test_full_disk)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
