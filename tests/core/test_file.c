/* Files appear whole or not at all; folders, trees, paths. */
#include "support.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

static size_t
names_in(const char *dir)
{
    mf_names n = {0};
    size_t   count;

    assert_mf_ok(mf_dir_list(&n, dir, NULL), NULL);
    count = n.n;
    mf_names_free(&n);
    return count;
}

static void
assert_content(const char *path, const char *want, size_t size)
{
    mf_blob b   = {0};
    mf_err  err = {0};

    assert_mf_ok(mf_file_read(&b, path, 1 << 24, &err), &err);
    assert_int_equal(b.size, size);
    assert_memory_equal(b.data, want, size);
    assert_int_equal(b.data[size], 0);
    mf_blob_free(&b);
}

static void
written_is_read(void **state)
{
    const char *path = mf_test_path("a.bin");
    mf_err      err  = {0};
    mf_str      s    = {0};
    uint64_t    size = 0;

    (void)state;
    assert_mf_ok(mf_file_write(path, "one\0two", 7, &err), &err);
    assert_content(path, "one\0two", 7);
    assert_mf_ok(mf_file_write(path, "", 0, &err), &err);
    assert_content(path, "", 0);
    mf_str_add(&s, "text");
    assert_mf_ok(mf_file_write_str(path, &s, &err), &err);
    assert_content(path, "text", 4);
    assert_mf_ok(mf_file_size(&size, path, &err), &err);
    assert_int_equal(size, 4);
    mf_str_free(&s);
}

static void
limits_and_absence_are_told(void **state)
{
    mf_blob     b    = {0};
    mf_err      err  = {0};
    const char *path = mf_test_path("limit.txt");

    (void)state;
    assert_mf_ok(mf_file_write(path, "12345", 5, &err), &err);
    assert_mf_ok(mf_file_read(&b, path, 5, &err), &err);
    mf_blob_free(&b);
    assert_mf_fails(mf_file_read(&b, path, 4, &err), MF_E_LIMIT, &err, "limit.txt");
    assert_mf_fails(mf_file_read(&b, mf_test_path("none"), 4, &err), MF_E_IO, &err, "No such file");
    assert_mf_fails(mf_file_read(&b, mf_test_dir(), 4, &err), MF_E_IO, &err, "folder");
    assert_null(b.data);
    assert_mf_fails(mf_file_read(&b, "/dev/zero", 1 << 20, &err), MF_E_LIMIT, &err, "/dev/zero");
    /* A file whose size the system calls 0 is read to its end. */
    assert_mf_ok(mf_file_read(&b, "/proc/self/status", 1 << 20, &err), &err);
    assert_true(b.size > 100);
    mf_blob_free(&b);
}

/* Writes more than the writer's buffer in odd pieces. */
static mf_status
write_pieces(const char *path, size_t total, bool commit, mf_err *err)
{
    mf_writer *w = NULL;
    char       piece[1013];
    size_t     at = 0;
    mf_status  st;

    memset(piece, 'p', sizeof piece);
    if ((st = mf_writer_open(&w, path, err)) < 0) {
        return st;
    }
    while (st == MF_OK && at < total) {
        size_t n = total - at < sizeof piece ? total - at : sizeof piece;

        st = mf_writer_put(w, piece, n, err);
        at += n;
        assert_true(mf_writer_tell(w) == at);
    }
    if (st == MF_OK && commit) {
        st = mf_writer_commit(w, err);
    }
    mf_writer_free(w);
    return st;
}

static void
uncommitted_leaves_nothing(void **state)
{
    const char *dir  = mf_test_path("w");
    const char *path = mf_test_path("w/f");
    mf_err      err  = {0};
    uint64_t    size = 0;

    (void)state;
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_file_write(path, "old", 3, &err), &err);
    assert_mf_ok(write_pieces(path, 300000, false, &err), &err);
    assert_content(path, "old", 3);
    assert_int_equal(names_in(dir), 1);
    assert_mf_ok(write_pieces(path, 300000, true, &err), &err);
    assert_mf_ok(mf_file_size(&size, path, &err), &err);
    assert_int_equal(size, 300000);
    assert_int_equal(names_in(dir), 1);
}

static void
a_killed_writer_spoils_nothing(void **state)
{
    const char *path = mf_test_path("killed");
    mf_err      err  = {0};
    pid_t       pid;
    int         status;

    (void)state;
    assert_mf_ok(mf_file_write(path, "old", 3, &err), &err);
    if ((pid = fork()) == 0) {
        mf_writer *w = NULL;
        char       big[100000];

        memset(big, 'n', sizeof big);
        if (mf_writer_open(&w, path, NULL) == MF_OK && mf_writer_put(w, big, sizeof big, NULL) == MF_OK) {
            kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_content(path, "old", 3);
    assert_mf_ok(mf_file_write(path, "new", 3, &err), &err);
    assert_content(path, "new", 3);
}

static void
a_full_disk_is_told_and_spoils_nothing(void **state)
{
    const char *dir  = mf_test_path("full");
    const char *path = mf_test_path("full/f");
    mf_err      err  = {0};
    pid_t       pid;
    int         status;

    (void)state;
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_file_write(path, "old", 3, &err), &err);
    if ((pid = fork()) == 0) {
        struct rlimit lim = {100000, 100000};
        mf_status     st;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &lim);
        st = write_pieces(path, 300000, true, &err);
        _exit(st == MF_E_IO && strstr(err.msg, path) != NULL ? 42 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    assert_content(path, "old", 3);
    assert_int_equal(names_in(dir), 1);
}

static void
bad_targets_are_refused(void **state)
{
    mf_writer *w   = NULL;
    mf_err     err = {0};

    (void)state;
    assert_mf_fails(mf_writer_open(&w, mf_test_dir(), &err), MF_E_IO, &err, "folder");
    assert_mf_fails(mf_writer_open(&w, "", &err), MF_E_ARG, &err, "names no file");
    assert_mf_fails(mf_writer_open(&w, mf_test_path("no/such/f"), &err), MF_E_IO, &err, "No such file");
    assert_null(w);
    /* A device is written in place, not replaced. */
    assert_mf_ok(mf_file_write("/dev/null", "x", 1, &err), &err);
    assert_false(mf_path_is_dir("/dev/null"));
    assert_mf_fails(mf_file_write("/dev/full", "x", 1, &err), MF_E_IO, &err, "No space left");
}

static mf_status
round_trip(void *arg, mf_err *err)
{
    const char *path = arg;
    mf_blob     b    = {0};
    mf_status   st   = mf_file_write(path, "data", 4, err);

    if (st == MF_OK) {
        st = mf_file_read(&b, path, 100, err);
    }
    mf_blob_free(&b);
    return st;
}

static mf_status
list(void *arg, mf_err *err)
{
    mf_names  n  = {0};
    mf_status st = mf_dir_list(&n, arg, err);

    mf_names_free(&n);
    return st;
}

static mf_status
make_and_remove(void *arg, mf_err *err)
{
    mf_status st = mf_dir_make(arg, err);

    return st == MF_OK ? mf_dir_remove_all(arg, err) : st;
}

static void
lack_of_memory_is_told(void **state)
{
    char alloc_path[512], dir[512];

    (void)state;
    snprintf(alloc_path, sizeof alloc_path, "%s", mf_test_path("alloc"));
    snprintf(dir, sizeof dir, "%s", mf_test_path("al/lo/c"));
    mf_test_each_alloc(round_trip, alloc_path);
    mf_test_each_alloc(list, (void *)(uintptr_t)mf_test_dir());
    mf_test_each_alloc(make_and_remove, dir);
}

static void
maps(void **state)
{
    const char *path = mf_test_path("map");
    mf_map      m    = {0};
    mf_err      err  = {0};

    (void)state;
    assert_mf_ok(mf_file_write(path, "mapped", 6, &err), &err);
    assert_mf_ok(mf_map_open(&m, path, &err), &err);
    assert_int_equal(m.size, 6);
    assert_memory_equal(m.data, "mapped", 6);
    mf_map_close(&m);
    assert_null(m.data);
    assert_mf_ok(mf_file_write(path, "", 0, &err), &err);
    assert_mf_ok(mf_map_open(&m, path, &err), &err);
    assert_null(m.data);
    mf_map_close(&m);
    assert_mf_fails(mf_map_open(&m, "/dev/null", &err), MF_E_IO, &err, "ordinary file");
    assert_mf_fails(mf_map_open(&m, mf_test_path("none"), &err), MF_E_IO, &err, "none");
}

static void
folders_and_trees(void **state)
{
    mf_err   err = {0};
    mf_names n   = {0};

    (void)state;
    assert_mf_ok(mf_dir_make(mf_test_path("t/a/b/c"), &err), &err);
    assert_mf_ok(mf_dir_make(mf_test_path("t/a/b/c/"), &err), &err);
    assert_true(mf_path_is_dir(mf_test_path("t/a/b/c")));
    assert_mf_ok(mf_file_write(mf_test_path("t/z"), "", 0, &err), &err);
    assert_mf_ok(mf_file_write(mf_test_path("t/B"), "", 0, &err), &err);
    assert_mf_ok(mf_file_write(mf_test_path("t/a/b/f"), "", 0, &err), &err);
    assert_mf_fails(mf_dir_make(mf_test_path("t/z/x"), &err), MF_E_IO, &err, "t/z");
    assert_mf_ok(mf_dir_list(&n, mf_test_path("t"), &err), &err);
    assert_int_equal(n.n, 3);
    assert_string_equal(n.name[0], "B");
    assert_string_equal(n.name[1], "a");
    assert_string_equal(n.name[2], "z");
    mf_names_free(&n);
    /* A link in the tree goes, what it points to stays. */
    assert_mf_ok(mf_dir_make(mf_test_path("outside"), &err), &err);
    assert_mf_ok(mf_file_write(mf_test_path("outside/f"), "", 0, &err), &err);
    assert_int_equal(symlink(mf_test_path("outside"), mf_test_path("t/a/link")), 0);
    assert_mf_ok(mf_dir_remove_all(mf_test_path("t"), &err), &err);
    assert_false(mf_path_exists(mf_test_path("t")));
    assert_true(mf_path_exists(mf_test_path("outside/f")));
    assert_mf_ok(mf_dir_remove_all(mf_test_path("t"), &err), &err);
    assert_mf_ok(mf_file_remove(mf_test_path("t"), &err), &err);
    assert_mf_fails(mf_dir_list(&n, mf_test_path("t"), &err), MF_E_IO, &err, "No such file");
}

static void
paths(void **state)
{
    mf_str s = {0};

    (void)state;
    mf_path_join(&s, "a", "b");
    assert_string_equal(mf_str_c(&s), "a/b");
    mf_path_join(&s, "a/", "b/c");
    assert_string_equal(mf_str_c(&s), "a/b/c");
    mf_path_join(&s, "a", "/b");
    assert_string_equal(mf_str_c(&s), "/b");
    mf_path_join(&s, "", "b");
    assert_string_equal(mf_str_c(&s), "b");
    mf_str_free(&s);
    assert_string_equal(mf_path_base("a/b.c"), "b.c");
    assert_string_equal(mf_path_base("b.c"), "b.c");
    assert_string_equal(mf_path_base("a/"), "");
    assert_true(mf_path_is_inside("a/b..c/..d"));
    assert_true(mf_path_is_inside("./a"));
    assert_false(mf_path_is_inside(""));
    assert_false(mf_path_is_inside("/a"));
    assert_false(mf_path_is_inside(".."));
    assert_false(mf_path_is_inside("a/../b"));
    assert_false(mf_path_is_inside("a/.."));
    assert_false(mf_path_is_inside("a\\b"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(limits_and_absence_are_told),
        cmocka_unit_test(uncommitted_leaves_nothing),
        cmocka_unit_test(a_killed_writer_spoils_nothing),
        cmocka_unit_test(a_full_disk_is_told_and_spoils_nothing),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(lack_of_memory_is_told),
        cmocka_unit_test(maps),
        cmocka_unit_test(folders_and_trees),
        cmocka_unit_test(paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
