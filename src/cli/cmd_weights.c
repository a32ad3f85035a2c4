/* cli/cmd_weights.c: `maskfer weights`: look into weight files and convert them. */
#include "cli/cmd_weights.h"

#include <string.h>
#include <sys/stat.h>

#include "core/json.h"
#include "weights/stats.h"
#include "weights/weights.h"

static const mf_cmd cmd_show, cmd_convert;
static const mf_cmd *const subs[] = {&cmd_convert, &cmd_show, &mf_cmd_weights_verify, NULL};

const mf_cmd mf_cmd_weights = {
    .name    = "weights",
    .summary = "look into weight files, convert them, hold them against their origin",
    .usage   = "convert|show|verify ...",
    .text    = "Reads safetensors and the files of PyTorch (.pth, .pt, .th: the zip container and the\n"
               "older stream). Nothing in a file is run: a .pth that calls anything but tensors is\n"
               "refused, and the call is named.\n\n"
               "  maskfer weights show resnet18.pth\n"
               "  maskfer weights convert resnet18.pth resnet18.safetensors\n"
               "  maskfer weights verify resnet18.pth --arch resnet18 --input in.safetensors \\\n"
               "          --expect out.safetensors --output got.safetensors",
    .subs    = subs,
};

/* ---- show ---- */

static mf_status
format_of(const char **out, const char *path, mf_err *err)
{
    mf_map    file;
    mf_status st = mf_map_open(&file, path, err);

    if (st == MF_OK) {
        *out = mf_weights_format_name(mf_weights_sniff(file.data, file.size, path));
        mf_map_close(&file);
    }
    return st;
}

static void
show_json(mf_str *out, const char *path, const char *format, const mf_tensors *ts)
{
    mf_json_out j        = mf_json_begin(out, 2);
    int64_t     elements = 0, bytes = 0, nonfinite = 0;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "file", path);
    mf_json_put_str(&j, "format", format);
    mf_json_open(&j, "metadata", '{');
    for (size_t i = 0; i < ts->n_meta; i++) {
        mf_json_put_str(&j, ts->meta[2 * i], ts->meta[2 * i + 1]);
    }
    mf_json_close(&j, '}');
    mf_json_open(&j, "tensors", '[');
    for (size_t i = 0; i < ts->n; i++) {
        const mf_tensor *t = &ts->t[i];
        mf_tensor_stats  s = mf_tensor_stats_of(t);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", t->name);
        mf_json_put_str(&j, "dtype", mf_dtype_name(t->dtype));
        mf_json_open(&j, "shape", '[');
        for (int d = 0; d < t->shape.ndim; d++) {
            mf_json_put_int(&j, NULL, t->shape.dim[d]);
        }
        mf_json_close(&j, ']');
        mf_json_put_int(&j, "elements", s.elements);
        mf_json_put_num(&j, "min", s.min);
        mf_json_put_num(&j, "max", s.max);
        mf_json_put_num(&j, "mean", s.mean);
        mf_json_put_int(&j, "nonfinite", s.nonfinite);
        mf_json_close(&j, '}');
        elements += s.elements;
        nonfinite += s.nonfinite;
        bytes += (int64_t)t->bytes;
    }
    mf_json_close(&j, ']');
    mf_json_open(&j, "totals", '{');
    mf_json_put_int(&j, "tensors", (int64_t)ts->n);
    mf_json_put_int(&j, "elements", elements);
    mf_json_put_int(&j, "bytes", bytes);
    mf_json_put_int(&j, "nonfinite", nonfinite);
    mf_json_close(&j, '}');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
show_text(mf_str *out, const char *path, const char *format, const mf_tensors *ts)
{
    int64_t  elements = 0, nonfinite = 0;
    uint64_t bytes = 0;
    int      width = 6;
    char     shape[96], size[32];

    for (size_t i = 0; i < ts->n; i++) {
        int n = (int)strlen(ts->t[i].name);

        width = n > width ? n : width;
    }
    width = width > 64 ? 64 : width;
    mf_str_printf(out, "%s: %s\n\n%-*s %-5s %-20s %10s %12s %12s %12s\n", path, format, width, "tensor", "type", "shape", "elements", "min",
                  "max", "mean");
    for (size_t i = 0; i < ts->n; i++) {
        const mf_tensor *t = &ts->t[i];
        mf_tensor_stats  s = mf_tensor_stats_of(t);

        mf_str_printf(out, "%-*s %-5s %-20s %10lld %12.5g %12.5g %12.5g", width, t->name, mf_dtype_name(t->dtype),
                      mf_shape_text(shape, &t->shape), (long long)s.elements, s.min, s.max, s.mean);
        if (s.nonfinite != 0) {
            mf_str_printf(out, "  %lld not finite", (long long)s.nonfinite);
        }
        mf_str_addc(out, '\n');
        elements += s.elements;
        nonfinite += s.nonfinite;
        bytes += t->bytes;
    }
    mf_str_printf(out, "\n%zu tensors, %lld elements, %s", ts->n, (long long)elements, mf_bytes_text(size, bytes));
    mf_str_add(out, nonfinite != 0 ? "; some values are not finite\n" : "\n");
    for (size_t i = 0; i < ts->n_meta; i++) {
        mf_str_printf(out, "%s%s: %s\n", i == 0 ? "\nMetadata:\n  " : "  ", ts->meta[2 * i], ts->meta[2 * i + 1]);
    }
}

static mf_status
run_show(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    mf_tensors  ts  = {0};
    mf_str      out = {0};
    const char *format = "";
    size_t      n;
    mf_status   st;

    if ((st = mf_cli_parse(cli, &cmd_show, NULL, 0, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_weights_load(&ts, argv[0], err)) < 0 || (st = format_of(&format, argv[0], err)) < 0) {
        goto done;
    }
    if (cli->json) {
        show_json(&out, argv[0], format, &ts);
    } else {
        show_text(&out, argv[0], format, &ts);
    }
    st = mf_cli_put(cli, &out, err);
done:
    mf_str_free(&out);
    mf_tensors_free(&ts);
    return st;
}

static const mf_cmd cmd_show = {
    .name    = "show",
    .summary = "list the tensors of a file",
    .usage   = "FILE [--json]",
    .text    = "Prints name, element type, shape, smallest, largest and mean value of every tensor,\n"
               "the totals, and the metadata. Of a PyTorch checkpoint the metadata says which inner\n"
               "dictionary held the tensors (torch.dictionary) and the plain values beside it.",
    .json    = true,
    .run     = run_show,
};

/* ---- convert ---- */

typedef struct convert_cfg {
    bool force;
} convert_cfg;
static const mf_opt convert_opts[] = {
    MF_OPT_BOOL(convert_cfg, force, false, "replace the new file where it exists"),
    MF_OPT_END,
};

static mf_status
check_target(const char *from, const char *to, bool force, mf_err *err)
{
    struct stat a, b;

    if (!mf_str_ends(to, ".safetensors")) {
        return mf_fail(err, MF_E_USAGE, "the new file '%s' must end in .safetensors, the only format that is written", to);
    }
    if (stat(from, &a) == 0 && stat(to, &b) == 0) {
        if (a.st_dev == b.st_dev && a.st_ino == b.st_ino) {
            return mf_fail(err, MF_E_USAGE, "'%s' and '%s' are the same file", from, to);
        }
        if (!force) {
            return mf_fail(err, MF_E_ARG, "'%s' exists; --force replaces it", to);
        }
    }
    return MF_OK;
}

static mf_status
run_convert(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    convert_cfg cfg;
    mf_cli_set  set = {convert_opts, &cfg};
    mf_tensors  ts  = {0};
    mf_str      out = {0};
    size_t      n;
    char        size[32];
    uint64_t    bytes = 0;
    mf_status   st;

    mf_opt_defaults(convert_opts, &cfg);
    if ((st = mf_cli_parse(cli, &cmd_convert, &set, 1, argc, argv, &n, 2, 2, err)) < 0 ||
        (st = check_target(argv[0], argv[1], cfg.force, err)) < 0 || (st = mf_weights_load(&ts, argv[0], err)) < 0 ||
        (st = mf_weights_save(argv[1], &ts, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < ts.n; i++) {
        bytes += ts.t[i].bytes;
    }
    mf_str_printf(&out, "%s: %zu tensors, %s\n", argv[1], ts.n, mf_bytes_text(size, bytes));
    st = mf_cli_put(cli, &out, err);
done:
    mf_str_free(&out);
    mf_tensors_free(&ts);
    return st;
}

static const mf_cmd cmd_convert = {
    .name    = "convert",
    .summary = "write the tensors of a file as safetensors",
    .usage   = "FILE NEW.safetensors [--force]",
    .text    = "Every tensor keeps its name, element type and values; metadata is kept too.",
    .opts    = {convert_opts},
    .run     = run_convert,
};
