/* cli/cmd_info.c: what this build and this machine can do. */
#include "cli/cli.h"
#include "cli/info_lists.h"
#include "cli/model_args.h"
#include "core/cpu.h"
#include "core/isa.h"
#include "core/json.h"
#include "core/thread.h"
#include "core/version.h"
#include "models/model.h"

extern const mf_cmd mf_cmd_info;

typedef struct info_cfg {
    mf_opt_str model;
    bool       models, methods, losses, optimisers, schedules;
    int64_t    classes, size, in_channels;
} info_cfg;
static const mf_opt info_opts[] = {
    MF_OPT_STR(info_cfg, model, "", "count the parameters and multiply-accumulates of this architecture"),
    MF_OPT_BOOL(info_cfg, models, false, "list the architectures"),
    MF_OPT_BOOL(info_cfg, methods, false, "list the methods of training"),
    MF_OPT_BOOL(info_cfg, losses, false, "list the losses"),
    MF_OPT_BOOL(info_cfg, optimisers, false, "list the optimisers"),
    MF_OPT_BOOL(info_cfg, schedules, false, "list the schedules of the learning rate"),
    MF_OPT_INT(info_cfg, classes, 7, 2, 100000, "classes, for --model"),
    MF_OPT_INT(info_cfg, size, 224, 1, 4096, "side of the input in pixels, for --model"),
    MF_OPT_INT(info_cfg, in_channels, 3, 1, 3, "input channels, for --model"),
    MF_OPT_END,
};

static const struct part {
    const char *name;
    bool        built;
    const char *use;
} parts[] = {
    {"ref", true, "the reference kernels, in float and in double"},
    {"onednn", MF_HAVE_ONEDNN != 0, "fast kernels on the CPU"},
    {"openmp", MF_HAVE_OPENMP != 0, "several threads in one computation"},
    {"microhttpd", MF_HAVE_MICROHTTPD != 0, "web pages and answers over HTTP"},
    {"sqlite", MF_HAVE_SQLITE != 0, "votes of several people at once"},
    {"fftw", MF_HAVE_FFTW != 0, "t-SNE of many points"},
    {"tiff", MF_HAVE_TIFF != 0, "reading TIFF pictures"},
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
    mf_json_put_bool(&j, "bf16", mf_isa_fast_bf16());
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
                  mf_isa_fast_bf16() ? "by tiles (AMX); --precision auto takes it" : "no faster than f32 here; --precision auto takes f32", mf_threads_get(),
                  mf_cores());
}

/* Counts of one network: parameters, multiply-accumulates, memory of activations, layer by layer. */
static mf_status
print_model(mf_str *out, mf_model *m, const info_cfg *c, bool json, mf_err *err)
{
    mf_model_info info;
    mf_status     st;
    char          shape[96];

    if ((st = mf_cli_model_size(m, (int)c->classes, (int)c->in_channels, (int)c->size, err)) < 0 ||
        (st = mf_model_inspect(&info, m, err)) < 0) {
        return st;
    }
    if (json) {
        mf_json_out j = mf_json_begin(out, 2);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "model", m->def->name);
        mf_json_put_int(&j, "parameters", info.parameters);
        mf_json_put_int(&j, "macs", info.macs);
        mf_json_put_int(&j, "activation_bytes", info.activation_bytes);
        mf_json_open(&j, "layers", '[');
        for (size_t i = 0; i < info.n_layers; i++) {
            mf_json_open(&j, NULL, '{');
            mf_json_put_str(&j, "scope", info.layers[i].scope);
            mf_json_put_str(&j, "op", info.layers[i].op);
            mf_json_put_str(&j, "output", mf_shape_text(shape, &info.layers[i].out));
            mf_json_put_int(&j, "parameters", info.layers[i].params);
            mf_json_put_int(&j, "macs", info.layers[i].macs);
            mf_json_close(&j, '}');
        }
        mf_json_close(&j, ']');
        mf_json_close(&j, '}');
        mf_str_addc(out, '\n');
    } else {
        char bytes[32];

        mf_str_printf(out, "%s: %s\n%s\n\n%-28s %-12s %-20s %14s %16s\n", m->def->name, m->def->summary, m->def->source, "layer", "op", "output",
                      "parameters", "MACs");
        for (size_t i = 0; i < info.n_layers; i++) {
            mf_str_printf(out, "%-28s %-12s %-20s %14lld %16lld\n", info.layers[i].scope, info.layers[i].op,
                          mf_shape_text(shape, &info.layers[i].out), (long long)info.layers[i].params, (long long)info.layers[i].macs);
        }
        mf_str_printf(out, "\nparameters %lld, multiply-accumulates %lld, activations %s a picture\n", (long long)info.parameters,
                      (long long)info.macs, mf_bytes_text(bytes, (uint64_t)info.activation_bytes));
    }
    mf_model_info_free(&info);
    return MF_OK;
}

static mf_status
run_info(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    mf_str    out = {0};
    info_cfg  cfg;
    size_t    n;
    mf_status st = MF_OK;
    mf_model  model;
    mf_cli_set sets[2] = {{info_opts, &cfg}};

    mf_opt_defaults(info_opts, &cfg);
    if ((st = mf_cli_model_choose(&model, &sets[1], argc, argv, "resnet18", err)) < 0 ||
        (st = mf_cli_parse(cli, &mf_cmd_info, sets, 2, argc, argv, &n, 0, 0, err)) < 0) {
        return st;
    }
    if (cfg.models) {
        st = mf_cli_model_help(NULL, &out, err);
    } else if (cfg.methods) {
        mf_cli_list_methods(&out);
    } else if (cfg.losses) {
        mf_cli_list_losses(&out);
    } else if (cfg.optimisers) {
        mf_cli_list_optimisers(&out);
    } else if (cfg.schedules) {
        mf_cli_list_schedules(&out);
    } else if (cfg.model.s[0]) {
        st = print_model(&out, &model, &cfg, cli->json, err);
    } else if (cli->json) {
        print_json(&out);
    } else {
        print_text(&out);
    }
    if (st == MF_OK) {
        st = mf_cli_put(cli, &out, err);
    }
    mf_str_free(&out);
    return st;
}

const mf_cmd mf_cmd_info = {
    .name    = "info",
    .summary = "what this build and this machine can do",
    .usage   = "[--models | --methods | --losses | --optimisers | --schedules | --model NAME [--classes C] [--size S]] [--json]",
    .text    = "Prints the version, the optional parts that are built in, the processor with its\n"
               "instruction sets, and the number of threads; or what an architecture holds and costs,\n"
               "with its own options ('maskfer help model NAME' lists them) as given.",
    .json    = true,
    .opts    = {info_opts},
    .run     = run_info,
};
