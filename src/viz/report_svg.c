/* viz/report_svg.c: what gnuplot writes, made part of a page. Only its own SVG comes here; anything that is not is refused. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viz/report_i.h"

/* "#rrggbb" as a number. */
static long
hex(const char *colour)
{
    return strtol(colour + 1, NULL, 16);
}

/* Our own colours become the page's; others stay. */
static void
put_colour(mf_str *out, long r, long g, long b)
{
    const long v = r << 16 | g << 8 | b;

    if (v == hex(mf_figure_ink())) {
        mf_str_add(out, "var(--ink)");
        return;
    }
    if (v == hex(mf_figure_faint())) {
        mf_str_add(out, "var(--faint)");
        return;
    }
    for (int i = 0; i < MF_FIGURE_SERIES; i++) {
        if (v == hex(mf_figure_series(i))) {
            mf_str_printf(out, "var(--s%d)", i);
            return;
        }
    }
    mf_str_printf(out, "rgb(%ld,%ld,%ld)", r, g, b);
}

/* Length of "rgb( 1, 2, 3)" at p with its three numbers, or 0. */
static size_t
colour_at(const char *p, long v[3])
{
    const char *q = p + 4;

    if (strncmp(p, "rgb(", 4) != 0) {
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        char *end;

        v[i] = strtol(q, &end, 10);
        if (end == q || v[i] < 0 || v[i] > 255) {
            return 0;
        }
        q = end + strspn(end, " ");
        if (*q != (i < 2 ? ',' : ')')) {
            return 0;
        }
        q++;
    }
    return (size_t)(q - p);
}

/* Copies the inside with ids parted by `turn`, comments, titles and descriptions left out. */
static mf_status
inside(mf_str *out, const char *p, int turn, mf_err *err)
{
    static const char *const refs[] = {"id=\"", "id='", "href=\"#", "href='#", "url(#"};

    while (strncmp(p, "</svg>", 6) != 0) {
        long        v[3];
        size_t      n;
        bool        done = false;
        const char *end;

        if (*p == '\0') {
            return mf_fail(err, MF_E_FORMAT, "an SVG that does not end");
        }
        if (strncmp(p, "<script", 7) == 0 || strncmp(p, "<image", 6) == 0 || strncmp(p, "<foreignObject", 14) == 0) {
            return mf_fail(err, MF_E_FORMAT, "an SVG with a script or a picture in it");
        }
        if (strncmp(p, "<title", 6) == 0 || strncmp(p, "<desc", 5) == 0 || strncmp(p, "<!--", 4) == 0) {
            const char *close = p[1] == 't' ? "</title>" : p[1] == 'd' ? "</desc>" : "-->";

            if ((end = strstr(p, close)) == NULL) {
                return mf_fail(err, MF_E_FORMAT, "an SVG that does not end");
            }
            p = end + strlen(close);
            continue;
        }
        for (size_t i = 0; i < sizeof refs / sizeof refs[0] && !done; i++) {
            if (strncmp(p, refs[i], strlen(refs[i])) == 0) {
                mf_str_printf(out, "%sf%d-", refs[i], turn);
                p += strlen(refs[i]);
                done = true;
            }
        }
        if (!done && (n = colour_at(p, v)) != 0) {
            put_colour(out, v[0], v[1], v[2]);
            p += n;
        } else if (!done && strncmp(p, " color=\"", 8) == 0 && (end = strchr(p + 8, '"')) != NULL) { /* currentColor is the page's */
            p = end + 1;
        } else if (!done && strncmp(p, "font-family=\"DejaVu Sans\"", 25) == 0) { /* the page's font */
            p += 25;
        } else if (!done) {
            mf_str_addc(out, *p++);
        }
    }
    return MF_OK;
}

mf_status
mf_report_svg(mf_str *out, const char *svg, int turn, const char *label, mf_err *err)
{
    const char *open = strstr(svg, "<svg"), *end = open != NULL ? strchr(open, '>') : NULL;
    mf_status   st;

    if (end == NULL) {
        return mf_fail(err, MF_E_FORMAT, "no SVG");
    }
    mf_str_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", (int)MF_FIGURE_WIDTH, (int)MF_FIGURE_HEIGHT);
    mf_html_text(out, label);
    mf_str_add(out, "\" xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">");
    if ((st = inside(out, end + 1, turn, err)) < 0) {
        return st;
    }
    mf_str_add(out, "</svg>\n");
    return MF_OK;
}
