/* cli/args.c: command lines read against option rows. */
#include <string.h>

#include "cli/cli.h"
#include "core/thread.h"

typedef struct common_cfg {
    bool    json;
    int64_t threads;
    bool    verbose, quiet;
} common_cfg;

static const mf_opt common_rows[] = {
    MF_OPT_BOOL(common_cfg, json, 0, "results as JSON on standard output"),
    MF_OPT_INT(common_cfg, threads, 0, 0, 4096, "threads for computing; 0 takes every core"),
    MF_OPT_BOOL(common_cfg, verbose, 0, "say more (also -v)"),
    MF_OPT_BOOL(common_cfg, quiet, 0, "say only what went wrong (also -q)"),
    MF_OPT_END,
};

enum { NAME_MAX_BYTES = 80, SETS_MAX = 16 };

static bool
is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0';
}

static const mf_cli_set *
find(const mf_cli_set *sets, size_t n, const char *name, const mf_opt **row)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if ((*row = mf_opt_find(sets[i].rows, name)) != NULL) {
            return &sets[i];
        }
    }
    return NULL;
}

static mf_status
unknown(const mf_cli_set *sets, size_t n, const char *name, mf_err *err)
{
    char        best[NAME_MAX_BYTES] = "", shown[NAME_MAX_BYTES];
    const char *one[2]  = {shown, NULL};
    size_t      best_d  = 0, i, k;

    for (i = 0; i < n; i++) {
        const mf_opt *row;

        for (row = sets[i].rows; row->type != MF_OPT_T_END; row++) {
            for (k = 0; k + 1 < sizeof shown && row->name[k] != '\0'; k++) {
                shown[k] = row->name[k] == '_' ? '-' : row->name[k];
            }
            shown[k] = '\0';
            if (mf_str_nearest(name, one) != NULL) {
                size_t d = mf_str_distance(name, shown);

                if (*best == '\0' || d < best_d) {
                    best_d = d;
                    memcpy(best, shown, sizeof best);
                }
            }
        }
    }
    if (*best != '\0') {
        return mf_fail(err, MF_E_USAGE, "unknown option '--%.80s': did you mean '--%s'?", name, best);
    }
    return mf_fail(err, MF_E_USAGE, "unknown option '--%.80s'", name);
}

/* argv[*i] is "--name..."; takes the next word too where the value stands there. */
static mf_status
take_long(const mf_cli_set *sets, size_t n, int argc, char **argv, int *i, mf_err *err)
{
    const char       *arg   = argv[*i] + 2;
    const char       *equal = strchr(arg, '=');
    size_t            len   = equal != NULL ? (size_t)(equal - arg) : strlen(arg);
    char              name[NAME_MAX_BYTES];
    const char       *value = equal != NULL ? equal + 1 : NULL;
    const mf_opt     *row;
    const mf_cli_set *set;

    if (len >= sizeof name) {
        return mf_fail(err, MF_E_USAGE, "unknown option '%.80s...'", argv[*i]);
    }
    memcpy(name, arg, len);
    name[len] = '\0';
    set       = find(sets, n, name, &row);
    if (set == NULL && mf_str_starts(name, "no-") && value == NULL) {
        set = find(sets, n, name + 3, &row);
        if (set != NULL && row->type == MF_OPT_T_BOOL) {
            return mf_opt_set(set->rows, set->cfg, name + 3, "false", err);
        }
        set = NULL;
    }
    if (set == NULL) {
        return unknown(sets, n, name, err);
    }
    if (value == NULL && row->type == MF_OPT_T_BOOL) {
        value = "true";
    }
    if (value == NULL) {
        /* A value may begin with one dash (a negative number), not with two: that is the next option. */
        if (*i + 1 >= argc || mf_str_starts(argv[*i + 1], "--")) {
            return mf_fail(err, MF_E_USAGE, "option '--%s' needs a value", name);
        }
        value = argv[++*i];
    }
    return mf_opt_set(set->rows, set->cfg, name, value, err);
}

static mf_status
count_positional(size_t n, size_t least, size_t most, char **argv, const mf_cmd *cmd, mf_err *err)
{
    if (n < least) {
        return mf_fail(err, MF_E_USAGE, "an argument is missing; usage: %s %s", cmd->name, cmd->usage);
    }
    if (n > most) {
        return mf_fail(err, MF_E_USAGE, "the argument '%.80s' is one too many; usage: %s %s", argv[most],
                       cmd->name, cmd->usage);
    }
    return MF_OK;
}

mf_status
mf_cli_parse(mf_cli *cli, const mf_cmd *cmd, const mf_cli_set *sets, size_t n_sets, int argc, char **argv,
             size_t *n_pos, size_t least, size_t most, mf_err *err)
{
    common_cfg common;
    mf_cli_set all[SETS_MAX];
    size_t     n = 0;
    mf_status  st;
    int        i;

    *n_pos = 0;
    MF_ASSERT(n_sets < SETS_MAX);
    mf_opt_defaults(common_rows, &common);
    if (n_sets != 0) {
        memcpy(all, sets, n_sets * sizeof *sets);
    }
    all[n_sets] = (mf_cli_set){common_rows, &common};
    for (i = 0; i < argc; i++) {
        char *arg = argv[i];

        if (mf_str_eq(arg, "--")) {
            while (++i < argc) {
                argv[n++] = argv[i];
            }
        } else if (mf_str_starts(arg, "--")) {
            if ((st = take_long(all, n_sets + 1, argc, argv, &i, err)) < 0) {
                return st;
            }
        } else if (mf_str_eq(arg, "-v")) {
            common.verbose = true;
        } else if (mf_str_eq(arg, "-q")) {
            common.quiet = true;
        } else if (is_option(arg)) {
            return mf_fail(err, MF_E_USAGE, "unknown option '%.80s' (put '--' before a name that begins with a dash)",
                           arg);
        } else {
            argv[n++] = arg;
        }
    }
    if (common.json && !cmd->json) {
        return mf_fail(err, MF_E_USAGE, "this command has no JSON output");
    }
    if ((st = count_positional(n, least, most, argv, cmd, err)) < 0) {
        return st;
    }
    cli->json  = common.json;
    cli->level = common.quiet ? -1 : common.verbose ? 1 : 0;
    if (common.threads > 0) {
        mf_threads_set((int)common.threads);
    }
    *n_pos = n;
    return MF_OK;
}

const char *
mf_cli_peek(int argc, char **argv, const char *name)
{
    const char *found = NULL;
    size_t      len   = strlen(name);
    int         i;

    for (i = 0; i < argc && !mf_str_eq(argv[i], "--"); i++) {
        const char *arg = argv[i];

        if (!mf_str_starts(arg, "--") || strncmp(arg + 2, name, len) != 0) {
            continue;
        }
        if (arg[2 + len] == '=') {
            found = arg + 3 + len;
        } else if (arg[2 + len] == '\0' && i + 1 < argc) {
            found = argv[++i];
        }
    }
    return found;
}

mf_status
mf_cli_need(const char *value, const char *name, mf_err *err)
{
    return *value != '\0' ? MF_OK : mf_fail(err, MF_E_USAGE, "option '--%s' is needed", name);
}

void
mf_cli_help(const mf_cmd *cmd, const char *path, mf_str *out)
{
    size_t i;

    mf_str_printf(out, "usage: %s %s\n\n%c%s.\n", path, cmd->usage, cmd->summary[0] & ~0x20, cmd->summary + 1);
    if (cmd->text != NULL) {
        mf_str_printf(out, "\n%s%s", cmd->text, mf_str_ends(cmd->text, "\n") ? "" : "\n");
    }
    if (cmd->subs != NULL) {
        mf_str_add(out, "\nCommands:\n");
        for (i = 0; cmd->subs[i] != NULL; i++) {
            mf_str_printf(out, "  %-14s %s\n", cmd->subs[i]->name, cmd->subs[i]->summary);
        }
        mf_str_printf(out, "\n'maskfer help %s COMMAND' says more about one of them.\n", cmd->name);
    }
    if (cmd->opts[0] != NULL) {
        mf_str_add(out, "\nOptions:\n");
        for (i = 0; i < MF_CMD_OPTS_MAX && cmd->opts[i] != NULL; i++) {
            mf_opt_help(cmd->opts[i], out);
        }
    }
    if (cmd->more_help != NULL) {
        mf_str_addc(out, '\n');
        cmd->more_help(out);
    }
    if (cmd->run != NULL) {
        mf_str_add(out, "\nOptions of every command:\n");
        mf_opt_help(cmd->json ? common_rows : common_rows + 1, out);
    }
}
