/* viz/report.c: the page: head, warnings, and the parts in their order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "viz/report_i.h"

void
mf_report_scroll(mf_str *out, const char *label)
{
    mf_str_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    mf_html_text(out, label);
    mf_str_add(out, "\">\n");
}

void
mf_report_scroll_end(mf_str *out)
{
    mf_str_add(out, "</div>\n");
}

/* Lines of a text as a list. */
static void
lines(mf_str *out, const char *text)
{
    mf_str_add(out, "<ul>\n");
    while (*text != '\0') {
        const size_t n = strcspn(text, "\n");
        mf_str       one = {0};

        if (n != 0) {
            mf_str_addn(&one, text, n);
            mf_str_add(out, "<li>");
            mf_html_text(out, mf_str_c(&one));
            mf_str_add(out, "</li>\n");
            out->oom = out->oom || one.oom;
        }
        mf_str_free(&one);
        text += n + (text[n] == '\n');
    }
    mf_str_add(out, "</ul>\n");
}

mf_status
mf_report_section(mf_str *out, const mf_report_in *in, const char *section, mf_err *err)
{
    bool      open = false;
    mf_status st   = MF_OK;

    for (size_t i = 0; i < in->n_figures && st == MF_OK; i++) {
        const mf_report_figure *f = &in->figure[i];
        mf_str                  label = {0};

        if (!mf_str_eq(f->section, section) || f->svg == NULL) {
            continue;
        }
        mf_str_add(out, open ? "" : "<div class=\"figures\">\n");
        open = true;
        mf_str_printf(&label, "%s. %s", f->title, f->alt);
        mf_str_add(out, "<figure>\n");
        mf_report_scroll(out, f->title);
        if ((st = mf_str_ok(&label, err)) == MF_OK) {
            st = mf_report_svg(out, f->svg, (int)i, label.data, err);
        }
        mf_report_scroll_end(out);
        mf_str_add(out, "<figcaption>");
        mf_html_text(out, f->alt);
        mf_str_add(out, "</figcaption>\n</figure>\n");
        mf_str_free(&label);
    }
    mf_str_add(out, open ? "</div>\n" : "");
    return st;
}

static bool
has_section(const mf_report_in *in, const char *section)
{
    for (size_t i = 0; i < in->n_figures; i++) {
        if (mf_str_eq(in->figure[i].section, section) && in->figure[i].svg != NULL) {
            return true;
        }
    }
    return false;
}

/* "4 methods (a, b, c and d) over 10 folds, 1,714 answers ..." */
static void
opening(mf_str *out, const mf_report_in *in)
{
    const mf_predictions *p = in->p;
    mf_str                names = {0};
    bool                  cross = false;

    mf_str_add(out, "<h1>");
    for (int r = 0; r < p->n_runs; r++) {
        const char *set = in->run[r].dataset[0] != '\0' ? in->run[r].dataset : in->run[r].path;
        bool        said = false;

        for (int k = 0; k < r; k++) {
            said = said || mf_str_eq(set, in->run[k].dataset[0] != '\0' ? in->run[k].dataset : in->run[k].path);
        }
        if (!said) {
            mf_str_add(out, r != 0 ? ", " : "Expressions on ");
            mf_html_text(out, set);
        }
    }
    mf_str_add(out, "</h1>\n<p>");
    mf_figure_list(&names, (const char *const *)p->methods, (size_t)p->n_methods);
    mf_str_printf(out, "%d %s", p->n_methods, p->n_methods == 1 ? "method, " : "methods, ");
    mf_html_text(out, mf_str_c(&names));
    mf_str_printf(out, "; %zu pictures of %zu people%s, ", p->n_images, p->n_subjects, p->n_subjects == 0 ? " (who they are is not known)" : "");
    for (int r = 0; r < p->n_runs; r++) {
        cross = cross || p->run[r].cross;
    }
    if (cross) {
        mf_str_printf(out, "scored by networks that were trained on another data set, those of %d fold%s.</p>\n", p->folds, p->folds == 1 ? "" : "s");
    } else if (p->folds > 1) {
        mf_str_printf(out, "%d folds. Every answer was given by a network that was not trained on that fold.</p>\n", p->folds);
    } else {
        mf_str_add(out, "scored once.</p>\n");
    }
    mf_str_free(&names);
}

static void
contents(mf_str *out, const mf_report_in *in, bool attention)
{
    static const struct { const char *id, *title; } part[] = {
        {"accuracy", "Accuracy"},       {"comparisons", "Comparisons"}, {"confusion", "Confusion"}, {"calibration", "Probabilities"}, {"training", "Training"},
        {"embedding", "Features"}, {"attention", "Attention"},     {"mistakes", "Worst mistakes"}, {"setup", "Data and set-up"},
    };

    mf_str_add(out, "<nav aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        const bool shown = mf_str_eq(part[i].id, "attention")     ? attention
                           : mf_str_eq(part[i].id, "comparisons") ? in->c != NULL && in->p->n_methods > 1
                           : mf_str_eq(part[i].id, "mistakes") || mf_str_eq(part[i].id, "accuracy") || mf_str_eq(part[i].id, "setup") ? true
                                                                                                                               : has_section(in, part[i].id);

        if (shown) {
            mf_str_printf(out, "<li><a href=\"#%s\">%s</a></li>\n", part[i].id, part[i].title);
        }
    }
    mf_str_add(out, "</ul></nav>\n");
}

static mf_status
warnings(mf_str *out, const mf_report_in *in, mf_err *err)
{
    mf_str    text = {0};
    size_t    n;
    mf_status st = mf_protocol_warnings(&text, &n, in->p, err);

    if (st == MF_OK && n != 0) {
        mf_str_add(out, "<section class=\"warn\" aria-labelledby=\"warnings\">\n<h2 id=\"warnings\" style=\"border:0;margin:0;padding:0\">What to be careful about</h2>\n");
        lines(out, mf_str_c(&text));
        mf_str_add(out, "</section>\n");
    }
    if (st == MF_OK && in->missing != NULL && in->missing[0] != '\0') {
        mf_str_add(out, "<section class=\"warn\" aria-labelledby=\"missing\">\n<h2 id=\"missing\" style=\"border:0;margin:0;padding:0\">What is missing here</h2>\n");
        lines(out, in->missing);
        mf_str_add(out, "</section>\n");
    }
    mf_str_free(&text);
    return st;
}

static mf_status
figure_part(mf_str *out, const mf_report_in *in, const char *id, const char *title, const char *words, mf_err *err)
{
    if (!has_section(in, id)) {
        return MF_OK;
    }
    mf_str_printf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n<p>%s</p>\n", id, id, title, words);
    mf_status st = mf_report_section(out, in, id, err);
    mf_str_add(out, "</section>\n");
    return st;
}

mf_status
mf_report_html(mf_str *out, const mf_report_in *in, mf_err *err)
{
    bool      attention = has_section(in, "attention");
    mf_status st;

    for (int r = 0; r < in->p->n_runs; r++) {
        attention = attention || in->run[r].attention != NULL || in->run[r].sheet.size != 0;
    }
    mf_str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"maskfer ");
    mf_html_text(out, in->version);
    mf_str_add(out, "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>Report: ");
    mf_html_text(out, in->p->n_runs > 0 && in->run[0].dataset[0] != '\0' ? in->run[0].dataset : in->p->n_runs > 0 ? in->run[0].path : "maskfer");
    mf_str_add(out, "</title>\n");
    mf_report_style(out);
    mf_str_add(out, "</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the results</a>\n<header>\n");
    opening(out, in);
    contents(out, in, attention);
    mf_str_add(out, "</header>\n<main id=\"main\">\n");
    if ((st = warnings(out, in, err)) < 0 || (st = mf_report_tables(out, in, err)) < 0 || (st = mf_report_comparisons(out, in, err)) < 0 ||
        (st = figure_part(out, in, "confusion", "Confusion", "Rows are labels, columns answers, in percent of the label's pictures. All matrices share one scale.", err)) < 0 ||
        (st = figure_part(out, in, "calibration", "Probabilities",
                          "How often an answer of a stated probability is right. Under the diagonal a network is too sure of itself. In brackets: expected calibration error.", err)) < 0 ||
        (st = figure_part(out, in, "training", "Training", "Means over folds; the band reaches from the lowest to the highest fold.", err)) < 0 ||
        (st = figure_part(out, in, "embedding", "Features", "Maps of the features before the classifier. Only near and far within a map mean something; a map proves nothing by itself.", err)) < 0) {
        return st;
    }
    if (attention && (st = mf_report_attention(out, in, err)) < 0) {
        return st;
    }
    mf_report_mistakes(out, in);
    mf_report_setup(out, in);
    mf_str_add(out, "</main>\n<footer class=\"soft\"><p>Written by maskfer ");
    mf_html_text(out, in->version);
    mf_str_add(out, ". Figures are kept beside this file in figures/, each as SVG and PNG with the gnuplot script and table that draw it.</p></footer>\n</body>\n</html>\n");
    return mf_str_ok(out, err);
}

/* ---- the worst mistakes ---- */

typedef struct wrong {
    uint32_t    row;
    double      gap;
    const char *image;
    int         fold;
} wrong;

static int
by_gap(const void *a, const void *b)
{
    const wrong *x = a, *y = b;

    if (x->gap != y->gap) {
        return x->gap > y->gap ? -1 : 1;
    }
    return strcmp(x->image, y->image) != 0 ? strcmp(x->image, y->image) : x->fold - y->fold;
}

mf_status
mf_report_worst(uint32_t **rows, size_t *n, const mf_predictions *p, size_t each, mf_err *err)
{
    wrong *w = mf_calloc(p->n + 1, sizeof *w);

    *n    = 0;
    *rows = mf_calloc(each * (size_t)p->n_methods + 1, sizeof **rows);
    if (w == NULL || *rows == NULL) {
        mf_free(w);
        mf_free(*rows);
        *rows = NULL;
        return mf_oom(err, p->n * sizeof *w, "mistakes");
    }
    for (int m = 0; m < p->n_methods; m++) {
        size_t k = 0;

        for (size_t i = 0; i < p->n; i++) {
            const mf_pred *r = &p->row[i];

            if (r->method == m && r->answer >= 0 && r->answer != r->label) {
                const double *prob = p->prob + i * (size_t)p->n_classes;

                w[k++] = (wrong){(uint32_t)i, prob[r->answer] - prob[r->label], p->images[r->image], r->fold};
            }
        }
        qsort(w, k, sizeof *w, by_gap);
        for (size_t i = 0; i < k && i < each; i++) {
            (*rows)[(*n)++] = w[i].row;
        }
    }
    mf_free(w);
    return MF_OK;
}
