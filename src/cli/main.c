/* cli/main.c: finds the command, runs it, prints the one sentence of a failure, and chooses the exit status. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/model_args.h"
#include "core/version.h"

#define MF_CMD(name) extern const mf_cmd mf_cmd_##name;
#include "cli/cmd_list.h"
#undef MF_CMD

const mf_cmd *const *
mf_cmd_all(size_t *n)
{
    static const mf_cmd *const all[] = {
#define MF_CMD(name) &mf_cmd_##name,
#include "cli/cmd_list.h"
#undef MF_CMD
    };

    *n = sizeof all / sizeof all[0];
    return all;
}

/* The one variable that a signal handler may write. */
static volatile sig_atomic_t stop_asked;

static void
on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

bool
mf_cli_stop(void *unused)
{
    (void)unused;
    return stop_asked != 0;
}

static void
catch_signals(void)
{
    /* One shot: the second signal finds the default action and ends the process. */
    struct sigaction on = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};

    sigemptyset(&on.sa_mask);
    sigaction(SIGINT, &on, NULL);
    sigaction(SIGTERM, &on, NULL);
}

static const mf_cmd *
find_among(const mf_cmd *const *cmds, size_t n, const char *name)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (mf_str_eq(cmds[i]->name, name)) {
            return cmds[i];
        }
    }
    return NULL;
}

static mf_status
unknown_command(const mf_cmd *const *cmds, size_t n, const char *name, mf_err *err)
{
    const char *names[64];
    const char *near;
    size_t      i;

    for (i = 0; i < n && i + 1 < sizeof names / sizeof names[0]; i++) {
        names[i] = cmds[i]->name;
    }
    names[i] = NULL;
    near     = mf_str_nearest(name, names);
    return near != NULL ? mf_fail(err, MF_E_USAGE, "unknown command '%.80s': did you mean '%s'?", name, near)
                        : mf_fail(err, MF_E_USAGE, "unknown command '%.80s': 'maskfer help' lists them", name);
}

static size_t
count(const mf_cmd *const *subs)
{
    size_t n = 0;

    while (subs[n] != NULL) {
        n++;
    }
    return n;
}

/* The command that argv names, going down into subcommands; *used words were names. `path` collects them. */
static mf_status
resolve(const mf_cmd **out, int *used, mf_str *path, int argc, char **argv, mf_err *err)
{
    size_t               n;
    const mf_cmd *const *level = mf_cmd_all(&n);
    const mf_cmd        *cmd   = NULL;

    *used = 0;
    mf_str_add(path, "maskfer");
    while (level != NULL && *used < argc && argv[*used][0] != '-') {
        const mf_cmd *next = find_among(level, n, argv[*used]);

        if (next == NULL) {
            return unknown_command(level, n, argv[*used], err);
        }
        cmd = next;
        mf_str_printf(path, " %s", cmd->name);
        ++*used;
        level = cmd->subs;
        n     = level != NULL ? count(level) : 0;
    }
    *out = cmd;
    return mf_str_ok(path, err);
}

static void
overview(mf_str *out)
{
    size_t               n, i;
    const mf_cmd *const *all = mf_cmd_all(&n);

    mf_str_add(out, "usage: maskfer COMMAND [OPTIONS]\n\n"
                    "Recognises facial expressions when part of the face is hidden.\n\nCommands:\n");
    for (i = 0; i < n; i++) {
        mf_str_printf(out, "  %-10s %s\n", all[i]->name, all[i]->summary);
    }
    mf_str_add(out, "\n'maskfer help COMMAND' says more about one of them; 'maskfer --version' prints the version.\n");
}

static mf_status
help_on(mf_cli *cli, int argc, char **argv, mf_err *err)
{
    mf_str        text = {0}, path = {0};
    const mf_cmd *cmd  = NULL;
    int           used = 0;
    mf_status     st;

    if (argc > 0 && mf_str_eq(argv[0], "model")) {
        if ((st = argc > 2 ? mf_fail(err, MF_E_USAGE, "help model: expected one name") : mf_cli_model_help(argc > 1 ? argv[1] : NULL, &text, err)) == MF_OK) {
            st = mf_cli_put(cli, &text, err);
        }
    } else if ((st = resolve(&cmd, &used, &path, argc, argv, err)) == MF_OK) {
        if (cmd == NULL) {
            overview(&text);
        } else {
            mf_cli_help(cmd, mf_str_c(&path), &text);
        }
        st = mf_cli_put(cli, &text, err);
    }
    mf_str_free(&path);
    mf_str_free(&text);
    return st;
}

static mf_status
run_help(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    return help_on(cli, argc, argv, err);
}

const mf_cmd mf_cmd_help = {
    .name    = "help",
    .summary = "what the commands do and which options they take",
    .usage   = "[COMMAND [SUBCOMMAND]] | model [NAME]",
    .text    = "Without a command, lists them all. 'help model NAME' shows an architecture: source,\n"
               "counts, sizes, layers and options; without a name, all of them, one a line.",
    .run     = run_help,
};

static bool
asks_help(int argc, char **argv)
{
    int i;

    for (i = 0; i < argc && !mf_str_eq(argv[i], "--"); i++) {
        if (mf_str_eq(argv[i], "--help") || mf_str_eq(argv[i], "-h")) {
            return true;
        }
    }
    return false;
}

static mf_status
dispatch(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    mf_str        path = {0};
    const mf_cmd *cmd  = NULL;
    int           used = 0;
    mf_status     st;

    if (argc > 0 && (mf_str_eq(argv[0], "--version") || mf_str_eq(argv[0], "-V"))) {
        fprintf(cli->out, "maskfer %s (%s)\n", mf_version(), mf_commit());
        return MF_OK;
    }
    if ((st = resolve(&cmd, &used, &path, argc, argv, err)) < 0) {
        goto done;
    }
    if (asks_help(argc - used, argv + used)) {
        st = help_on(cli, used, argv, err);
    } else if (cmd == NULL && argc == 0) {
        st = mf_fail(err, MF_E_USAGE, "no command given; 'maskfer help' lists them");
    } else if (cmd == NULL) {
        st = mf_fail(err, MF_E_USAGE, "unknown option '%.80s'; a command comes first, 'maskfer help' lists them", argv[0]);
    } else if (cmd->run == NULL) {
        st = mf_fail(err, MF_E_USAGE, "%s: a subcommand is missing; 'maskfer help %s' lists them", cmd->name, cmd->name);
    } else {
        /* The sentence begins with the words that the user typed, without the program's name. */
        st = cmd->run(argc - used, argv + used, cli, err);
        if (st == MF_E_USAGE) {
            mf_fail_in(err, st, "%s", mf_str_c(&path) + sizeof "maskfer");
        }
    }
done:
    mf_str_free(&path);
    return st;
}

/* Threads that wait for their next share of work spin for a short while, then sleep. GNU's OpenMP spins for milliseconds by
 * default: nothing gained on an idle machine, and on a busy one the spinning keeps the very thread from running that
 * everyone waits for (seen: 33 images/s in place of 93). The library reads its settings before main, so they are made before
 * any library starts; what the user has set stays. */
static void
wait_briefly(void)
{
    if (getenv("OMP_WAIT_POLICY") == NULL) {
        setenv("GOMP_SPINCOUNT", "10000", 0);
    }
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) = wait_briefly;

int
main(int argc, char **argv)
{
    mf_cli    cli;
    mf_err    err = {0};
    mf_status st;

    mf_cli_init(&cli);
    catch_signals();
    st = dispatch(argc - 1, argv + 1, &cli, &err);
    mf_cli_clear_bar(&cli);
    if ((fflush(stdout) != 0 || ferror(stdout)) && st == MF_OK) {
        st = mf_fail_errno(&err, errno, "cannot write the results");
    }
    if (st != MF_OK) {
        fprintf(stderr, "%smaskfer:%s %s\n", cli.color ? "\033[31m" : "", cli.color ? "\033[0m" : "",
                err.msg[0] != '\0' ? err.msg : mf_status_name(st));
    }
    return st == MF_OK ? 0 : st == MF_E_USAGE ? 2 : 1;
}
