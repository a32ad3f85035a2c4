/* cli/cli.h: what every command of the program shares: its entry in the registry, its options, its output.
 *
 * A command is a file cmd_NAME.c that defines `const mf_cmd mf_cmd_NAME`, and a line MF_CMD(NAME) in cmd_list.h.
 * It writes results to cli->out, nothing else there; messages go through cli->log, progress through cli->progress.
 * It reports failure as a status and a sentence: main prints the sentence and turns MF_E_USAGE into exit status 2,
 * any other failure into 1. */
#ifndef MF_CLI_CLI_H
#define MF_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/error.h"
#include "core/log.h"
#include "core/opt.h"
#include "core/str.h"

typedef struct mf_cli_bar {
    char   what[64];             /* the job being drawn */
    double begun, drawn, first;  /* seconds; items done when the job was first heard of */
    bool   shown;                /* a bar is on the terminal's last line */
} mf_cli_bar;

typedef struct mf_cli {
    FILE       *out;      /* results */
    bool        json;     /* --json was given: results as JSON */
    bool        color;    /* stderr is a terminal and NO_COLOR is not set */
    bool        terminal; /* stderr is a terminal */
    int         level;    /* -1 quiet, 0, 1 verbose */
    mf_log      log;      /* prints to stderr: warnings always, information unless -q, debug with -v */
    mf_progress progress; /* a bar on stderr, only on a terminal and not with -q. `what` may end in "\tUNIT" to show
                           * UNIT/s in place of images/s */
    mf_cli_bar  bar;
} mf_cli;

enum { MF_CMD_OPTS_MAX = 6 };

typedef struct mf_cmd mf_cmd;
struct mf_cmd {
    const char        *name;
    const char        *summary; /* one line, no full stop */
    const char        *usage;   /* what follows the name: "[OPTIONS] WEIGHTS PICTURE..." */
    const char        *text;    /* paragraphs for `maskfer help NAME`: what it does, examples; lines of at most 80 */
    const mf_opt      *opts[MF_CMD_OPTS_MAX]; /* row tables shown in help, in order; unused ones NULL */
    const mf_cmd *const *subs;  /* subcommands, NULL-terminated; then run is NULL */
    void (*more_help)(mf_str *out); /* appended to help, for instance a list of methods; may be NULL */
    bool               json;    /* takes --json */
    /* argv[0..argc-1] is what follows the name. */
    mf_status (*run)(int argc, char **argv, mf_cli *cli, mf_err *err);
};

/* One table of rows and the struct it fills. */
typedef struct mf_cli_set {
    const mf_opt *rows;
    void         *cfg; /* filled with mf_opt_defaults, and by a configuration file, before parsing */
} mf_cli_set;

/* Parse all of argv: `--name value`, `--name=value`; a bool row is set by `--name` and cleared by `--no-name` or
 * `--name=false`; `--` ends the options. Positional arguments are moved to the front of argv, their number to *n_pos;
 * fewer than `least` or more than `most` is an error. Also takes the options of every command: --json (where the
 * command has it), --threads N, -v, -q. MF_E_USAGE: all that is wrong, naming the nearest option. */
mf_status mf_cli_parse(mf_cli *cli, const mf_cmd *cmd, const mf_cli_set *sets, size_t n_sets, int argc, char **argv,
                       size_t *n_pos, size_t least, size_t most, mf_err *err);
/* The last value given for --name, before parsing (to choose row tables by --method, or to read --config first);
 * NULL if it is not given. */
const char *mf_cli_peek(int argc, char **argv, const char *name);
/* MF_E_USAGE "--name is needed" when `value` is empty. */
mf_status mf_cli_need(const char *value, const char *name, mf_err *err);

/* Print a finished text to cli->out; fails when `s` ran out of memory or the output cannot be written. */
mf_status mf_cli_put(mf_cli *cli, const mf_str *s, mf_err *err);

/* True once SIGINT or SIGTERM came: finish the step, save, return MF_E_CANCELLED. A second signal kills. The argument
 * is not used; it lets the function be handed to the library as a callback. */
bool mf_cli_stop(void *unused);

/* The rest is for main.c. */
void mf_cli_init(mf_cli *cli);
void mf_cli_clear_bar(mf_cli *cli);
void mf_cli_help(const mf_cmd *cmd, const char *path, mf_str *out); /* path: "maskfer data synth" */
const mf_cmd *const *mf_cmd_all(size_t *n);

#endif
