/* viz/figures/gnuplot.c: running gnuplot on a figure's script, in a folder of its own whose files are then moved to their
 * places one by one, each complete. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "viz/figures/figure.h"

extern char **environ;

enum { WORDS_MAX = 1 << 20 };

bool
mf_gnuplot_found(void)
{
    const char *path = getenv("PATH");
    mf_str      file = {0};
    bool        yes  = false;

    while (path != NULL && *path != '\0' && !yes) {
        size_t n = strcspn(path, ":");

        mf_str_clear(&file);
        mf_str_addn(&file, path, n);
        mf_str_add(&file, "/gnuplot");
        yes = n != 0 && !file.oom && access(file.data, X_OK) == 0 && !mf_path_is_dir(file.data);
        path += n + (path[n] == ':');
    }
    mf_str_free(&file);
    return yes;
}

/* The first line that gnuplot wrote and that is not a picture of where it stumbled. */
static void
first_words(char out[240], const char *path)
{
    mf_blob words = {0};

    snprintf(out, 240, "without a word");
    if (mf_file_read(&words, path, WORDS_MAX, NULL) == MF_OK) {
        for (const char *p = (const char *)words.data; *p != '\0';) {
            size_t n = strcspn(p, "\n");

            if (strncmp(p, "\"", 1) == 0 || strstr(p, "line ") == p) {
                snprintf(out, 240, "%.*s", (int)(n < 200 ? n : 200), p);
                break;
            }
            p += n + (p[n] == '\n');
        }
    }
    mf_blob_free(&words);
}

/* `dir` becomes the working folder; what gnuplot says goes to `words`. */
static mf_status
run(const char *dir, const char *script, const char *words, mf_err *err)
{
    posix_spawn_file_actions_t actions;
    char                      *argv[] = {"gnuplot", NULL, NULL};
    char                       said[240];
    pid_t                      pid;
    int                        status, e;

    if ((argv[1] = mf_strdup(script)) == NULL) {
        return mf_oom(err, strlen(script), "a name");
    }
    if ((e = posix_spawn_file_actions_init(&actions)) != 0) {
        mf_free(argv[1]);
        return mf_fail_errno(err, e, "gnuplot");
    }
    if ((e = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
        (e = posix_spawn_file_actions_addopen(&actions, 2, words, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == 0 &&
        (e = posix_spawn_file_actions_adddup2(&actions, 2, 1)) == 0 &&
        (e = posix_spawn_file_actions_addchdir_np(&actions, dir)) == 0) {
        e = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    mf_free(argv[1]);
    if (e == ENOENT) {
        return mf_fail(err, MF_E_UNSUPPORTED, "gnuplot is not installed (on Debian: the package gnuplot-nox)");
    }
    if (e != 0) {
        return mf_fail_errno(err, e, "gnuplot cannot be started");
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return mf_fail_errno(err, errno, "waiting for gnuplot");
        }
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        first_words(said, words);
        return mf_fail(err, MF_E_INTERNAL, "gnuplot stopped: %s", said);
    }
    return MF_OK;
}

/* from/NAME.ending to dir/NAME.ending. */
static mf_status
move(const char *from, const char *dir, const char *name, const char *ending, mf_err *err)
{
    mf_str    a = {0}, b = {0};
    mf_status st;

    mf_str_printf(&a, "%s/%s.%s", from, name, ending);
    mf_str_printf(&b, "%s/%s.%s", dir, name, ending);
    if ((st = mf_str_ok(&a, err)) == MF_OK && (st = mf_str_ok(&b, err)) == MF_OK && rename(a.data, b.data) != 0) {
        st = mf_fail_errno(err, errno, "%s", b.data);
    }
    mf_str_free(&a);
    mf_str_free(&b);
    return st;
}

static mf_status
write_text(const char *dir, const char *name, const char *ending, const mf_str *text, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_str_printf(&path, "%s/%s.%s", dir, name, ending);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_write_str(path.data, text, err);
    }
    mf_str_free(&path);
    return st;
}

static mf_status
remove_picture(const char *dir, const char *name, const char *ending, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_str_printf(&path, "%s/%s.%s", dir, name, ending);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_remove(path.data, err);
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_figure_draw(const mf_figure *f, const char *dir, mf_err *err)
{
    static const char *const made[]  = {"svg", "png"};
    mf_str                   script  = {0}, work = {0}, words = {0}, file = {0};
    const bool               found   = mf_gnuplot_found();
    mf_status                st;

    mf_figure_script(&script, f);
    mf_str_printf(&work, "%s/.drawing-%ld", dir, (long)getpid());
    mf_str_printf(&file, "%s.gp", f->name);
    if ((st = mf_str_ok(&script, err)) < 0 || (st = mf_str_ok(&work, err)) < 0 || (st = mf_str_ok(&file, err)) < 0 ||
        (st = write_text(dir, f->name, "dat", &f->data, err)) < 0 || (st = write_text(dir, f->name, "gp", &script, err)) < 0) {
        goto done;
    }
    if (!found) {
        for (int i = 0; i < 2; i++) {
            if ((st = remove_picture(dir, f->name, made[i], err)) < 0) {
                goto done;
            }
        }
        st = mf_fail(err, MF_E_UNSUPPORTED, "gnuplot is not installed (on Debian: the package gnuplot-nox)");
        goto done;
    }
    /* Absolute, since gnuplot is started in another folder than ours. */
    {
        char *full;

        if ((st = mf_dir_make(work.data, err)) < 0) {
            goto done;
        }
        full = realpath(work.data, NULL);
        if (full == NULL) {
            st = mf_fail_errno(err, errno, "%s", work.data);
            goto done;
        }
        mf_str_printf(&words, "%s/words", full);
        free(full);
    }
    if ((st = mf_str_ok(&words, err)) < 0 || (st = write_text(work.data, f->name, "dat", &f->data, err)) < 0 ||
        (st = write_text(work.data, f->name, "gp", &script, err)) < 0 || (st = run(work.data, file.data, words.data, err)) < 0) {
        goto done;
    }
    for (int i = 0; i < 2 && st == MF_OK; i++) {
        st = move(work.data, dir, f->name, made[i], err);
    }
done:
    if (work.data != NULL && !work.oom) {
        mf_dir_remove_all(work.data, NULL);
    }
    mf_str_free(&script);
    mf_str_free(&work);
    mf_str_free(&words);
    mf_str_free(&file);
    return st < 0 ? mf_fail_in(err, st, "figure '%s'", f->name) : MF_OK;
}
