/* viz/report_style.c: how a report looks: one column that fits a phone, tables and figures that scroll in themselves. */
#include "viz/report_i.h"

#include <stdio.h>

static const char css[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--faint:#d0d7de;--card:#f6f8fa;--link:#00517f;--warn:#7a4100;--warnbg:#fff4e0;--good:#00614a;--bad:#a02a10}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#15181d;--ink:#e8eaed;--soft:#aab2bd;--faint:#3a414b;--card:#1e2229;--link:#7cc0ff;--warn:#ffd08a;--warnbg:#33270f;--good:#63d6ae;--bad:#ff9e8a}}\n"
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%}\n"
    "body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;overflow-wrap:break-word}\n"
    "h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.3rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--faint)}h3{font-size:1.05rem;margin:1.4rem 0 .4rem}\n"
    "p,li{max-width:46rem}.soft,figcaption,caption{color:var(--soft)}a{color:var(--link)}\n"
    "nav ul{list-style:none;margin:.8rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1rem}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem}\n"
    ".scroll{overflow-x:auto;max-width:100%;margin:.6rem 0}.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.94rem}caption{text-align:left;padding:.2rem 0 .4rem;font-size:.9rem}\n"
    "th,td{padding:.32rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--faint);vertical-align:top}th[scope=row],th.left,td.left{text-align:left}thead th{border-bottom:2px solid var(--soft);font-weight:600}\n"
    "td small,th small{display:block;color:var(--soft);font-size:.8rem}td strong::after{content:' \\2605';font-size:.8em}\n"
    ".warn{background:var(--warnbg);color:var(--warn);border-left:4px solid var(--warn);padding:.5rem .9rem;margin:1rem 0}.warn ul{margin:.3rem 0;padding-left:1.2rem}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1rem}\n"
    "figure{margin:0;background:var(--card);border:1px solid var(--faint);border-radius:6px;padding:.6rem;min-width:0}figure .scroll{margin:0}figure svg{display:block;width:100%;min-width:23rem;height:auto}figcaption{font-size:.85rem;margin-top:.3rem}\n"
    "figure.wide img{max-width:100%;height:auto;display:block;background:#fff}\n"
    ".gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.7rem;align-items:start}\n"
    ".gallery details{background:var(--card);border:1px solid var(--faint);border-radius:6px;overflow:hidden}.gallery details[open]{grid-column:1/-1}\n"
    "summary{cursor:pointer}.gallery summary{list-style:none}.gallery summary::-webkit-details-marker{display:none}.gallery summary img{display:block;width:100%;height:auto}.gallery summary span{display:block;padding:.3rem .5rem;font-size:.85rem}\n"
    ".gallery details[open] summary img{width:9rem}.gallery .more{display:flex;flex-wrap:wrap;gap:1rem;padding:.6rem}.gallery .more img{width:min(100%,16rem);height:auto;display:block}.none{display:grid;place-items:center;aspect-ratio:1;color:var(--soft);font-size:.8rem;background:var(--faint)}\n"
    ".bar{display:inline-block;height:.6rem;background:var(--link);vertical-align:middle}\n"
    "pre{background:var(--card);border:1px solid var(--faint);border-radius:6px;padding:.7rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.4rem 0}dt{color:var(--soft)}dd{margin:0}\n"
    "@media (max-width:30rem){body{padding:.7rem}th,td{padding:.3rem .45rem}dl{grid-template-columns:1fr}dt{margin-top:.4rem}figure{padding:.3rem}figure svg{min-width:20rem}.gallery{grid-template-columns:repeat(2,1fr)}}\n"
    "@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--faint:#bbb;--card:#fff;--link:#000;--warn:#000;--warnbg:#fff;--good:#000;--bad:#000}body{max-width:none;font-size:10pt}nav,.skip{display:none}figure,.gallery details,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}.figures{grid-template-columns:1fr 1fr}figure svg{min-width:0}}\n";

void
mf_report_style(mf_str *out)
{
    mf_str_add(out, "<style>\n");
    mf_str_add(out, css);
    for (int dark = 0; dark < 2; dark++) {
        mf_str_add(out, dark ? "@media screen and (prefers-color-scheme:dark){:root{" : ":root{");
        for (int i = 0; i < MF_FIGURE_SERIES; i++) {
            mf_str_printf(out, "--s%d:%s;", i, dark ? mf_figure_series_dark(i) : mf_figure_series(i));
        }
        mf_str_add(out, dark ? "}}\n" : "}\n");
    }
    mf_str_add(out, "</style>\n");
}

void
mf_html_text(mf_str *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        switch (*p) {
        case '&': mf_str_add(out, "&amp;"); break;
        case '<': mf_str_add(out, "&lt;"); break;
        case '>': mf_str_add(out, "&gt;"); break;
        case '"': mf_str_add(out, "&quot;"); break;
        case '\'': mf_str_add(out, "&#39;"); break;
        default: mf_str_addc(out, (unsigned char)*p < 0x20 && *p != '\n' && *p != '\t' ? ' ' : *p);
        }
    }
}

void
mf_report_jpeg(mf_str *out, const mf_blob *b)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    mf_str_add(out, "data:image/jpeg;base64,");
    for (size_t i = 0; i < b->size; i += 3) {
        const uint32_t v = (uint32_t)b->data[i] << 16 | (i + 1 < b->size ? (uint32_t)b->data[i + 1] << 8 : 0) | (i + 2 < b->size ? b->data[i + 2] : 0);
        const char     four[4] = {digit[v >> 18], digit[v >> 12 & 63], i + 1 < b->size ? digit[v >> 6 & 63] : '=', i + 2 < b->size ? digit[v & 63] : '='};

        mf_str_addn(out, four, 4);
    }
}
