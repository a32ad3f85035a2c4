/* cli/cmd_info.c: what this build and this machine can do. */
#include "cli/cli.h"
#include "core/cpu.h"
#include "core/isa.h"
#include "core/json.h"
#include "core/thread.h"
#include "core/version.h"

extern const mf_cmd mf_cmd_info;

static const struct part {
    const char *name;
    bool        built;
    const char *use;
} parts[] = {
    {"ref", true, "the reference kernels, in float and in double"},
    {"onednn", MF_HAVE_ONEDNN != 0, "fast kernels on the CPU"},
    {"openmp", MF_HAVE_OPENMP != 0, "several threads in one computation"},
    {"libmicrohttpd", MF_HAVE_MICROHTTPD != 0, "serve and annotate"},
    {"sqlite", MF_HAVE_SQLITE != 0, "votes of several annotators at once"},
    {"fftw", MF_HAVE_FFTW != 0, "t-SNE of large sets"},
};
enum { N_PARTS = sizeof parts / sizeof parts[0], MODEL_MAX = 128 };

static void
print_json(mf_str *out)
{
    mf_json_out j = mf_json_begin(out, 2);
    char        model[MODEL_MAX];
    int         i;

    mf_cpu_model(model, sizeof model);
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "version", mf_version());
    mf_json_put_str(&j, "commit", mf_commit());
    mf_json_open(&j, "parts", '{');
    for (i = 0; i < N_PARTS; i++) {
        mf_json_put_bool(&j, parts[i].name, parts[i].built);
    }
    mf_json_close(&j, '}');
    mf_json_put_str(&j, "cpu", model);
    mf_json_open(&j, "instruction_sets", '[');
    for (i = 0; i < MF_CPU_SET_COUNT; i++) {
        if (mf_cpu_has((mf_cpu_set)i)) {
            mf_json_put_str(&j, NULL, mf_cpu_set_name((mf_cpu_set)i));
        }
    }
    mf_json_close(&j, ']');
    mf_json_put_str(&j, "kernels", mf_isa_name(mf_isa_best()));
    mf_json_put_bool(&j, "bf16", mf_cpu_bf16());
    mf_json_put_int(&j, "cores", mf_cores());
    mf_json_put_int(&j, "threads", mf_threads_get());
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
print_text(mf_str *out)
{
    char model[MODEL_MAX];
    int  i;

    mf_cpu_model(model, sizeof model);
    mf_str_printf(out, "maskfer %s (%s)\n\nParts:\n", mf_version(), mf_commit());
    for (i = 0; i < N_PARTS; i++) {
        mf_str_printf(out, "  %-14s %-4s %s\n", parts[i].name, parts[i].built ? "yes" : "no", parts[i].use);
    }
    mf_str_printf(out, "\nCPU:      %s\nSets:    ", model);
    for (i = 0; i < MF_CPU_SET_COUNT; i++) {
        if (mf_cpu_has((mf_cpu_set)i)) {
            mf_str_printf(out, " %s", mf_cpu_set_name((mf_cpu_set)i));
        }
    }
    mf_str_printf(out, "\nKernels:  %s\nbf16:     %s\nThreads:  %d of %d cores\n", mf_isa_name(mf_isa_best()),
                  mf_cpu_bf16() ? "in hardware" : "not in hardware; --precision auto takes f32", mf_threads_get(),
                  mf_cores());
}

static mf_status
run_info(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    mf_str    out = {0};
    size_t    n;
    mf_status st;

    if ((st = mf_cli_parse(cli, &mf_cmd_info, NULL, 0, argc, argv, &n, 0, 0, err)) < 0) {
        return st;
    }
    if (cli->json) {
        print_json(&out);
    } else {
        print_text(&out);
    }
    st = mf_cli_put(cli, &out, err);
    mf_str_free(&out);
    return st;
}

const mf_cmd mf_cmd_info = {
    .name    = "info",
    .summary = "what this build and this machine can do",
    .usage   = "[--json]",
    .text    = "Prints the version, the optional parts that are built in, the processor with its\n"
               "instruction sets, and the number of threads.",
    .json    = true,
    .run     = run_info,
};
