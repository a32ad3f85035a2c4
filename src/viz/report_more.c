/* viz/report_more.c: attention on the mask, the worst mistakes, and what was run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "viz/report_i.h"

/* ---- attention ---- */

static void
share_row(mf_str *out, const char *method, const mf_attention_figures *f, int classes)
{
    mf_str_add(out, "<tr><th scope=\"row\">");
    mf_html_text(out, method);
    mf_str_printf(out, "</th><td>%zu", f->n);
    if (f->empty != 0) {
        mf_str_printf(out, "<small>%zu without heat</small>", f->empty);
    }
    mf_str_add(out, "</td>");
    if (isfinite(f->mean)) {
        mf_str_printf(out, "<td>%.1f", 100 * f->mean);
        if (isfinite(f->lo)) {
            mf_str_printf(out, "<small>%.1f to %.1f</small>", 100 * f->lo, 100 * f->hi);
        }
        mf_str_add(out, "</td>");
    } else {
        mf_str_add(out, "<td>\xe2\x80\x93</td>");
    }
    mf_str_printf(out, "<td>%.1f</td>", 100 * f->area);
    for (int c = 0; c < classes; c++) {
        if (isfinite(f->class_mean[c])) {
            mf_str_printf(out, "<td>%.1f</td>", 100 * f->class_mean[c]);
        } else {
            mf_str_add(out, "<td>\xe2\x80\x93</td>");
        }
    }
    mf_str_add(out, "</tr>\n");
}

static mf_status
share_table(mf_str *out, const mf_attention *a, mf_err *err)
{
    mf_status st = MF_OK;

    mf_report_scroll(out, "Share of attention on the mask");
    mf_str_add(out, "<table>\n<caption>Heat on the mask, percent of all heat, with the 95 % interval; area: what heat spread evenly would give</caption>\n"
                    "<thead><tr><th scope=\"col\" class=\"left\">method</th><th scope=\"col\">pictures</th><th scope=\"col\">share</th><th scope=\"col\">area</th>");
    for (int c = 0; c < a->n_classes; c++) {
        mf_str_add(out, "<th scope=\"col\">");
        mf_html_text(out, a->classes[c]);
        mf_str_add(out, "</th>");
    }
    mf_str_add(out, "</tr></thead>\n<tbody>\n");
    for (int m = 0; m < a->n_methods && st == MF_OK; m++) {
        mf_attention_figures f = {0};

        if ((st = mf_attention_figures_make(&f, a, m, err)) == MF_OK) {
            share_row(out, a->methods[m], &f, a->n_classes);
        }
        mf_attention_figures_free(&f);
    }
    mf_str_add(out, "</tbody></table>\n");
    mf_report_scroll_end(out);
    return st;
}

static mf_status
share_sentences(mf_str *out, const mf_attention *a, mf_err *err)
{
    mf_attention_pair *p;
    size_t             n;
    mf_status          st = mf_attention_compare(&p, &n, a, -1, err);

    if (st < 0) {
        return st;
    }
    mf_str_add(out, n != 0 ? "<ul>\n" : "");
    for (size_t i = 0; i < n; i++) {
        mf_str s = {0};

        mf_attention_sentence(&s, &p[i], a);
        mf_str_add(out, "<li>");
        mf_html_text(out, mf_str_c(&s));
        if (n > 1 && isfinite(p[i].p_holm)) {
            mf_str_printf(out, " (p = %.3f after Holm's correction for %zu comparisons)", p[i].p_holm, n);
        }
        mf_str_add(out, ".</li>\n");
        out->oom = out->oom || s.oom;
        mf_str_free(&s);
    }
    mf_str_add(out, n != 0 ? "</ul>\n" : "");
    mf_free(p);
    return MF_OK;
}

mf_status
mf_report_attention(mf_str *out, const mf_report_in *in, mf_err *err)
{
    mf_status st = MF_OK;

    mf_str_add(out, "<section aria-labelledby=\"attention\">\n<h2 id=\"attention\">Attention</h2>\n"
                    "<p>Where in a picture the answers come from, and how much of that lies on the mask: the share of heat inside the mask's outline.</p>\n");
    for (int r = 0; r < in->p->n_runs && st == MF_OK; r++) {
        const mf_report_run *run = &in->run[r];
        const mf_attention  *a   = run->attention;

        if (a == NULL && run->sheet.size == 0) {
            continue;
        }
        if (in->p->n_runs > 1) {
            mf_str_add(out, "<h3>");
            mf_html_text(out, run->path);
            mf_str_add(out, "</h3>\n");
        }
        if (a != NULL) {
            mf_str_add(out, "<p>Heat: ");
            mf_html_text(out, run->attention_how);
            mf_str_printf(out, ". The mask's place was recorded when it was drawn for %zu, taken from the face's points for %zu, and assumed at the usual place for %zu answers.</p>\n",
                          a->outlines[MF_OUTLINE_DRAWN], a->outlines[MF_OUTLINE_LANDMARKS], a->outlines[MF_OUTLINE_CANONICAL]);
            if ((st = share_table(out, a, err)) < 0 || (st = share_sentences(out, a, err)) < 0) {
                break;
            }
        }
        if (run->sheet.size != 0) {
            mf_str_add(out, "<figure class=\"wide\">\n");
            mf_report_scroll(out, "Heat maps of pairs by method");
            mf_str_add(out, "<img alt=\"Heat maps over pairs of pictures without and with a mask, a column a method, with each answer and whether it is right\" src=\"");
            mf_report_jpeg(out, &run->sheet);
            mf_str_add(out, "\">\n");
            mf_report_scroll_end(out);
            mf_str_add(out, "<figcaption>Pairs without and with a mask. Bright places raised the answer; a tick or a cross says whether it is right.</figcaption>\n</figure>\n");
        }
    }
    if (st == MF_OK) {
        st = mf_report_section(out, in, "attention", err);
    }
    mf_str_add(out, "</section>\n");
    return st;
}

/* ---- mistakes ---- */

static void
probabilities(mf_str *out, const mf_predictions *p, uint32_t row)
{
    mf_str_add(out, "<table>\n<caption>Probabilities</caption>\n<tbody>\n");
    for (int c = 0; c < p->n_classes; c++) {
        const double v = p->prob[(size_t)row * (size_t)p->n_classes + (size_t)c];

        mf_str_add(out, "<tr><th scope=\"row\">");
        mf_html_text(out, p->classes[c]);
        mf_str_printf(out, "</th><td>%.1f %%</td><td class=\"left\"><span class=\"bar\" style=\"width:%.1frem\"></span></td></tr>\n", 100 * v, 5 * v);
    }
    mf_str_add(out, "</tbody></table>\n");
}

static void
one_mistake(mf_str *out, const mf_predictions *p, const mf_report_mistake *k)
{
    const mf_pred *r = &p->row[k->row];
    const double   share = p->prob[(size_t)k->row * (size_t)p->n_classes + (size_t)r->answer];

    mf_str_add(out, "<details><summary>");
    if (k->picture.size != 0) {
        mf_str_add(out, "<img alt=\"A face labelled ");
        mf_html_text(out, p->classes[r->label]);
        mf_str_add(out, r->occlusion == MF_OCC_NONE ? ", taken for " : ", partly hidden, taken for ");
        mf_html_text(out, p->classes[r->answer]);
        mf_str_add(out, "\" src=\"");
        mf_report_jpeg(out, &k->picture);
        mf_str_add(out, "\">");
    } else {
        mf_str_add(out, "<span class=\"none\">no picture</span>");
    }
    mf_str_add(out, "<span>");
    mf_html_text(out, p->classes[r->label]);
    mf_str_add(out, " \xe2\x86\x92 ");
    mf_html_text(out, p->classes[r->answer]);
    mf_str_printf(out, "<br>%.0f %%, %s</span></summary>\n<div class=\"more\">\n", 100 * share, mf_occlusion_name(r->occlusion));
    if (k->heat.size != 0) {
        mf_str_add(out, "<img alt=\"The same face with its heat map for ");
        mf_html_text(out, p->classes[r->answer]);
        mf_str_add(out, "\" src=\"");
        mf_report_jpeg(out, &k->heat);
        mf_str_add(out, "\">\n");
    }
    probabilities(out, p, k->row);
    mf_str_add(out, "<dl><dt>picture</dt><dd>");
    mf_html_text(out, p->images[r->image]);
    mf_str_add(out, "</dd><dt>person</dt><dd>");
    mf_html_text(out, r->subject >= 0 ? p->subjects[r->subject] : "unknown");
    mf_str_printf(out, "</dd><dt>fold</dt><dd>%d</dd></dl>\n</div></details>\n", r->fold);
}

static void
unread(mf_str *out, const mf_predictions *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (p->row[i].answer < 0) {
            if (n == 0) {
                mf_str_add(out, "<h3>Pictures that could not be read</h3>\n<p>They count as wrong. ");
            }
            if (n < 40) {
                mf_str_add(out, n != 0 ? ", " : "");
                mf_html_text(out, p->images[p->row[i].image]);
            }
            n++;
        }
    }
    if (n > 40) {
        mf_str_printf(out, " and %zu more", n - 40);
    }
    mf_str_add(out, n != 0 ? ".</p>\n" : "");
}

void
mf_report_mistakes(mf_str *out, const mf_report_in *in)
{
    int last = -1;

    mf_str_add(out, "<section aria-labelledby=\"mistakes\">\n<h2 id=\"mistakes\">Worst mistakes</h2>\n");
    if (in->n_mistakes == 0) {
        mf_str_add(out, "<p>Every answer is right.</p>\n");
    } else {
        mf_str_add(out, "<p>Answers furthest above their label: label \xe2\x86\x92 answer, and the answer's probability. Choose a picture for its heat map and all probabilities. "
                        "Look also for labels that are wrong themselves.</p>\n");
    }
    for (size_t i = 0; i < in->n_mistakes; i++) {
        const int m = in->p->row[in->mistake[i].row].method;

        if (m != last) {
            mf_str_add(out, last >= 0 ? "</div>\n<h3>" : "<h3>");
            mf_html_text(out, in->p->methods[m]);
            mf_str_add(out, "</h3>\n<div class=\"gallery\">\n");
            last = m;
        }
        one_mistake(out, in->p, &in->mistake[i]);
    }
    mf_str_add(out, last >= 0 ? "</div>\n" : "");
    unread(out, in->p);
    mf_str_add(out, "</section>\n");
}

/* ---- data and set-up ---- */

static void
item(mf_str *out, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        mf_str_printf(out, "<dt>%s</dt><dd>", name);
        mf_html_text(out, text);
        mf_str_add(out, "</dd>\n");
    }
}

static void
file_text(mf_str *out, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        mf_str_printf(out, "<details><summary>%s</summary>\n<pre>", name);
        mf_html_text(out, text);
        mf_str_add(out, "</pre></details>\n");
    }
}

void
mf_report_setup(mf_str *out, const mf_report_in *in)
{
    mf_str_add(out, "<section aria-labelledby=\"setup\">\n<h2 id=\"setup\">Data and set-up</h2>\n");
    for (int r = 0; r < in->p->n_runs; r++) {
        const mf_report_run *run = &in->run[r];
        char                 text[160] = "";

        mf_str_add(out, "<h3>");
        mf_html_text(out, run->path);
        mf_str_add(out, "</h3>\n<dl>\n");
        item(out, "data set", run->dataset);
        if (run->pictures != 0) {
            snprintf(text, sizeof text, "%zu, of them %zu with part of the face hidden; %zu people", run->pictures, run->hidden, run->subjects);
        }
        item(out, "pictures", text);
        if (run->per_class != NULL) {
            mf_str_add(out, "<dt>by class</dt><dd>");
            for (int c = 0; c < in->p->n_classes; c++) {
                mf_str_add(out, c != 0 ? ", " : "");
                mf_html_text(out, in->p->classes[c]);
                mf_str_printf(out, " %zu", run->per_class[c]);
            }
            mf_str_add(out, "</dd>\n");
        }
        item(out, "licence", run->licence);
        item(out, "source", run->source);
        mf_str_add(out, "</dl>\n");
        if (run->repeat != NULL && run->repeat[0] != '\0') {
            mf_str_add(out, "<p>To repeat it:</p>\n<pre>");
            mf_html_text(out, run->repeat);
            mf_str_add(out, "</pre>\n");
        }
        file_text(out, "Options (config.yaml)", run->config);
        file_text(out, "Machine and versions (env.json)", run->environment);
    }
    mf_str_add(out, "</section>\n");
}
