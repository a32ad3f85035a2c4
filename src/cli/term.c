/* cli/term.c: what the program says while it works: messages and the progress bar on stderr, results on stdout. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/clock.h"

enum { BAR_CELLS = 24, COLUMNS_DEFAULT = 80 };
static const double redraw_seconds = 0.1;

void
mf_cli_clear_bar(mf_cli *cli)
{
    if (cli->bar.shown) {
        fputs("\r\033[K", stderr);
        cli->bar.shown = false;
    }
}

static void
on_log(void *arg, mf_log_level level, const char *text)
{
    mf_cli *cli = arg;

    if ((level == MF_LOG_DEBUG && cli->level < 1) || (level == MF_LOG_INFO && cli->level < 0)) {
        return;
    }
    mf_cli_clear_bar(cli);
    if (level == MF_LOG_WARN) {
        fprintf(stderr, "maskfer: %swarning:%s %s\n", cli->color ? "\033[33m" : "", cli->color ? "\033[0m" : "", text);
    } else {
        fprintf(stderr, "%s\n", text);
    }
}

/* "1:05", "2:03:09". */
static void
time_left(char *buf, size_t size, double seconds)
{
    long s = seconds < 359999 ? lrint(seconds) : 359999;

    if (s >= 3600) {
        snprintf(buf, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    } else {
        snprintf(buf, size, "%ld:%02ld", s / 60, s % 60);
    }
}

static int
columns(void)
{
    struct winsize w = {0};

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : COLUMNS_DEFAULT;
}

static void
draw(mf_cli_bar *bar, const char *unit, double done, double total, double now)
{
    char   line[256], cells[BAR_CELLS + 1], left[32] = "-:--";
    double share   = total > 0 ? done / total : 0;
    double elapsed = now - bar->begun;
    double rate    = elapsed > 0 ? (done - bar->first) / elapsed : 0;
    int    full, width = columns();

    share = share < 0 ? 0 : share > 1 ? 1 : share;
    full  = (int)(share * BAR_CELLS);
    memset(cells, '-', BAR_CELLS);
    memset(cells, '#', (size_t)full);
    cells[BAR_CELLS] = '\0';
    if (rate > 0) {
        time_left(left, sizeof left, (total - done) / rate);
    }
    snprintf(line, sizeof line, "%s [%s] %3.0f%%  %.*f %s/s  ETA %s", bar->what, cells, 100 * share, rate < 10 ? 1 : 0,
             rate, unit, left);
    if (width < (int)sizeof line) {
        line[width > 1 ? width - 1 : 0] = '\0'; /* a line that wraps could not be redrawn */
    }
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    bar->shown = true;
    bar->drawn = now;
}

static void
on_progress(void *arg, const char *what, double done, double total)
{
    mf_cli     *cli  = arg;
    mf_cli_bar *bar  = &cli->bar;
    const char *tab  = strchr(what, '\t');
    const char *unit = tab != NULL ? tab + 1 : "images";
    int         len  = tab != NULL ? (int)(tab - what) : (int)strlen(what);
    double      now  = mf_now();
    char        name[sizeof bar->what];

    if (!cli->terminal || cli->level < 0) {
        return;
    }
    snprintf(name, sizeof name, "%.*s", len, what);
    if (!mf_str_eq(name, bar->what)) {
        memcpy(bar->what, name, sizeof name);
        bar->begun = now;
        bar->first = done;
        bar->drawn = 0;
    }
    if (done >= total) {
        mf_cli_clear_bar(cli);
        bar->what[0] = '\0';
    } else if (now - bar->drawn >= redraw_seconds) {
        draw(bar, unit, done, total, now);
    }
}

void
mf_cli_init(mf_cli *cli)
{
    const char *no   = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    *cli          = (mf_cli){.out = stdout};
    cli->terminal = isatty(STDERR_FILENO) != 0 && (term == NULL || !mf_str_eq(term, "dumb"));
    cli->color    = cli->terminal && (no == NULL || *no == '\0');
    cli->log      = (mf_log){on_log, cli};
    cli->progress = (mf_progress){on_progress, cli};
}

mf_status
mf_cli_put(mf_cli *cli, const mf_str *s, mf_err *err)
{
    mf_status st = mf_str_ok(s, err);

    if (st < 0) {
        return st;
    }
    mf_cli_clear_bar(cli);
    if (fwrite(mf_str_c(s), 1, s->len, cli->out) != s->len || fflush(cli->out) != 0) {
        return mf_fail_errno(err, errno, "cannot write the results");
    }
    return MF_OK;
}
