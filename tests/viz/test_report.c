/* The page: a golden file on a small made-up run, texts from files that cannot become markup, SVG made fit for a page, curves over folds,
 * the order of mistakes, and that lack of memory ends in a sentence. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "image/image.h"
#include "viz/report.h"

static const char table[] =
    "method,fold,image,subject,occlusion,label,predicted,p_happy,p_sad\n"
    "baseline,0,a1.png,a,none,happy,happy,0.9,0.1\nbaseline,0,a2.png,a,mask,sad,happy,0.8,0.2\n"
    "baseline,0,b1.png,b,none,sad,sad,0.3,0.7\nbaseline,0,b2.png,b,mask,happy,happy,0.6,0.4\n"
    "baseline,1,c1.png,c,none,happy,sad,0.25,0.75\nbaseline,1,c2.png,c,mask,sad,sad,0.1,0.9\n"
    "baseline,1,d1.png,d,none,sad,sad,0.45,0.55\nbaseline,1,d2.png,d,mask,happy,sad,0.4,0.6\n"
    "contrastive,0,a1.png,a,none,happy,happy,0.95,0.05\ncontrastive,0,a2.png,a,mask,sad,sad,0.2,0.8\n"
    "contrastive,0,b1.png,b,none,sad,sad,0.1,0.9\ncontrastive,0,b2.png,b,mask,happy,happy,0.7,0.3\n"
    "contrastive,1,c1.png,c,none,happy,happy,0.55,0.45\ncontrastive,1,c2.png,c,mask,sad,happy,0.5625,0.4375\n"
    "contrastive,1,d1.png,d,none,sad,sad,0.25,0.75\ncontrastive,1,d2.png,d,mask,happy,happy,0.75,0.25\n";

static const char attention[] =
    "method,fold,image,subject,label,predicted,share,area,outline\n"
    "baseline,0,a2.png,a,sad,happy,0.40,0.25,drawn\nbaseline,0,b2.png,b,happy,happy,0.30,0.25,drawn\n"
    "baseline,1,c2.png,c,sad,sad,0.35,0.25,landmarks\nbaseline,1,d2.png,d,happy,sad,,0.25,canonical\n"
    "contrastive,0,a2.png,a,sad,sad,0.20,0.25,drawn\ncontrastive,0,b2.png,b,happy,happy,0.25,0.25,drawn\n"
    "contrastive,1,c2.png,c,sad,happy,0.22,0.25,landmarks\ncontrastive,1,d2.png,d,happy,happy,0.18,0.25,canonical\n";

static const char svg[] =
    "<?xml version=\"1.0\"?>\n<svg width=\"480\" height=\"360\" viewBox=\"0 0 480 360\">\n<title>Gnuplot</title><desc>made by</desc>\n"
    "<defs><circle id='gpDot' r='0.5'/></defs>\n<g id=\"figure_plot_1\"><path color=\"black\" stroke='rgb( 27,  31,  36)' d='M0,0'/>"
    "<path stroke='rgb(201, 206, 214)'/><path fill='rgb(  0,  81, 127)'/><path fill='rgb(1,2,3)'/><use xlink:href='#gpDot'/>"
    "<text font-family=\"DejaVu Sans\" fill=\"rgb(27,31,36)\">accuracy</text></g>\n</svg>\n";

typedef struct made {
    mf_predictions     *p;
    mf_comparisons      c;
    mf_attention       *a;
    mf_report_mistake   mistake[8];
    mf_report_run       run;
    mf_report_figure    figure[2];
    double              parameters[2];
    mf_report_in        in;
} made;

static void
make(made *m, const char *text)
{
    static const size_t per_class[] = {4, 4};
    mf_compare_opts     co = mf_compare_opts_default();
    uint32_t           *rows;
    size_t              n;
    mf_err              err = {0};

    memset(m, 0, sizeof *m);
    assert_mf_ok(mf_predictions_parse(&m->p, "p.csv", text, strlen(text), &err), &err);
    assert_mf_ok(mf_compare(&m->c, m->p, &co, &err), &err);
    assert_mf_ok(mf_attention_parse(&m->a, "attention.csv", attention, strlen(attention), (const char *const *)m->p->classes, &err), &err);
    assert_mf_ok(mf_report_worst(&rows, &n, m->p, 2, &err), &err);
    for (size_t i = 0; i < n; i++) {
        m->mistake[i].row = rows[i];
    }
    mf_free(rows);
    m->mistake[0].picture = (mf_blob){(uint8_t *)"JPEG", 4};
    m->mistake[0].heat    = (mf_blob){(uint8_t *)"HEATS", 5};
    m->run = (mf_report_run){.path = "runs/cv", .dataset = "made up", .licence = "none", .source = "a test", .config = "epochs: 3\nseed: 1\n",
                             .environment = "{\"cpu\": \"<none>\"}\n", .repeat = "maskfer crossval --config runs/cv/config.yaml --out AGAIN", .pictures = 8,
                             .subjects = 4, .hidden = 4, .per_class = per_class, .attention = m->a,
                             .attention_how = "gradcam for the predicted class at layer3, 4 x 4 places", .sheet = {(uint8_t *)"SHEET1", 6}};
    m->figure[0]     = (mf_report_figure){"accuracy", "folds", "Accuracy by fold", "Dots.", svg};
    m->figure[1]     = (mf_report_figure){"confusion", "confusion", "baseline", "Cells.", NULL};
    m->parameters[0] = 11180103;
    m->parameters[1] = NAN;
    m->in = (mf_report_in){.p = m->p, .c = &m->c, .parameters = m->parameters, .run = &m->run, .mistake = m->mistake, .n_mistakes = n, .figure = m->figure,
                           .n_figures = 2, .missing = "figures: gnuplot is not installed\n", .version = "0"};
}

static void
unmake(made *m)
{
    mf_comparisons_free(&m->c);
    mf_attention_free(m->a);
    mf_predictions_free(m->p);
}

static void
test_golden(void **state)
{
    made   m;
    mf_str html = {0}, again = {0};
    mf_err err = {0};

    (void)state;
    make(&m, table);
    assert_mf_ok(mf_report_html(&html, &m.in, &err), &err);
    assert_mf_ok(mf_report_html(&again, &m.in, &err), &err);
    assert_string_equal(html.data, again.data);
    mf_test_golden("viz/golden/report.html", html.data);
    mf_str_free(&html);
    mf_str_free(&again);
    unmake(&m);
}

/* Nothing is fetched: no address but data: ones and places in the page; every picture has a text; headings do not skip a level. */
static void
test_self_contained(void **state)
{
    static const char *const fetches[] = {"src=\"", "href=\"", "url("};
    made                     m;
    mf_str                   html = {0};
    mf_err                   err = {0};
    int                      level = 0;
    size_t                   found = 0;

    (void)state;
    make(&m, table);
    assert_mf_ok(mf_report_html(&html, &m.in, &err), &err);
    for (size_t k = 0; k < 3; k++) {
        for (const char *p = html.data; (p = strstr(p, fetches[k])) != NULL; p++) {
            const char *at = p + strlen(fetches[k]);

            assert_true(strncmp(at, "data:", 5) == 0 || *at == '#');
            found++;
        }
    }
    assert_true(found >= 10);
    for (const char *p = html.data; (p = strstr(p, "<img ")) != NULL; p++) {
        assert_memory_equal(p, "<img alt=\"", 10);
        assert_true(p[10] != '"');
    }
    for (const char *p = html.data; (p = strstr(p, "<h")) != NULL; p++) {
        if (p[2] >= '1' && p[2] <= '6') {
            assert_true(p[2] - '0' <= level + 1);
            level = p[2] - '0';
        }
    }
    assert_null(strstr(html.data, "<script"));
    assert_null(strstr(html.data, "@import"));
    mf_str_free(&html);
    unmake(&m);
}

static void
test_hostile_texts(void **state)
{
    static const char bad[] =
        "method,fold,image,subject,occlusion,label,predicted,p_<b>happy</b>,p_sad\n"
        "<script>alert(1)</script>,0,\"\"\"><img src=x>.png\",\"' onload='\",none,<b>happy</b>,sad,0.1,0.9\n"
        "<script>alert(1)</script>,0,b.png,&amp;,none,sad,sad,0.1,0.9\nb,0,b.png,&amp;,none,sad,sad,0.1,0.9\n";
    made   m;
    mf_str html = {0};
    mf_err err = {0};

    (void)state;
    make(&m, bad);
    m.run.attention = NULL;
    m.run.config    = "</pre><script>";
    assert_mf_ok(mf_report_html(&html, &m.in, &err), &err);
    assert_null(strstr(html.data, "<script"));
    assert_null(strstr(html.data, "<b>"));
    assert_null(strstr(html.data, "<img src=x"));
    assert_null(strstr(html.data, "' onload"));
    assert_non_null(strstr(html.data, "&lt;script&gt;alert(1)"));
    mf_str_free(&html);
    unmake(&m);
}

static void
test_svg(void **state)
{
    mf_str out = {0};
    mf_err err = {0};

    (void)state;
    assert_mf_ok(mf_report_svg(&out, svg, 3, "a \"label\"", &err), &err);
    assert_non_null(strstr(out.data, "stroke='var(--ink)'"));
    assert_non_null(strstr(out.data, "stroke='var(--faint)'"));
    assert_non_null(strstr(out.data, "fill='var(--s0)'"));
    assert_non_null(strstr(out.data, "fill='rgb(1,2,3)'"));
    assert_non_null(strstr(out.data, "id='f3-gpDot'"));
    assert_non_null(strstr(out.data, "href='#f3-gpDot'"));
    assert_non_null(strstr(out.data, "aria-label=\"a &quot;label&quot;\""));
    assert_null(strstr(out.data, " color="));
    assert_null(strstr(out.data, "<title"));
    assert_null(strstr(out.data, "width="));
    mf_str_clear(&out);
    assert_mf_fails(mf_report_svg(&out, "<svg><script>x</script></svg>", 0, "", &err), MF_E_FORMAT, &err, "script");
    assert_mf_fails(mf_report_svg(&out, "<svg><g>", 0, "", &err), MF_E_FORMAT, &err, "does not end");
    assert_mf_fails(mf_report_svg(&out, "nothing", 0, "", &err), MF_E_FORMAT, &err, "no SVG");
    mf_str_free(&out);
}

static void
test_worst(void **state)
{
    mf_predictions *p;
    uint32_t       *rows;
    size_t          n;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_predictions_parse(&p, "p.csv", table, strlen(table), &err), &err);
    assert_mf_ok(mf_report_worst(&rows, &n, p, 2, &err), &err);
    assert_int_equal(n, 3); /* baseline has three mistakes, contrastive one */
    assert_string_equal(p->images[p->row[rows[0]].image], "a2.png"); /* 0.8 against 0.2 */
    assert_string_equal(p->images[p->row[rows[1]].image], "c1.png"); /* 0.75 against 0.25 */
    assert_string_equal(p->images[p->row[rows[2]].image], "c2.png");
    mf_free(rows);
    mf_predictions_free(p);
}

static void
test_history(void **state)
{
    static const char *const text[] = {"epoch,lr,train_loss,val_accuracy\n1,0.1,2,10\n2,0.1,1,30\n3,0.1,0.5,\n", "epoch,train_loss\n1,4\n2,nan\n3,1.5\n"};
    const char        *path[2];
    mf_report_history  h;
    mf_err             err = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        path[i] = mf_test_path(i == 0 ? "a.csv" : "b.csv");
        assert_mf_ok(mf_file_write(path[i], text[i], strlen(text[i]), &err), &err);
    }
    assert_mf_ok(mf_report_history_read(&h, "m", "train_loss", path, 2, &err), &err);
    assert_int_equal(h.epochs, 3);
    assert_true(h.value[0] == 3 && h.lo[0] == 2 && h.hi[0] == 4);
    assert_true(h.value[1] == 1 && h.value[2] == 1); /* what is no number does not count */
    mf_report_history_free(&h);
    assert_mf_ok(mf_report_history_read(&h, "m", "val_accuracy", path, 2, &err), &err);
    assert_int_equal(h.epochs, 2);
    assert_true(h.epoch[1] == 2 && h.value[1] == 30);
    mf_report_history_free(&h);
    assert_mf_ok(mf_report_history_read(&h, "m", "nothing", path, 2, &err), &err);
    assert_int_equal(h.epochs, 0);
    mf_report_history_free(&h);
    assert_mf_ok(mf_file_write(path[0], "epoch,train_loss\n0,1\n", 21, &err), &err);
    assert_mf_fails(mf_report_history_read(&h, "m", "train_loss", path, 1, &err), MF_E_USAGE, &err, "line 2");
}

/* Every figure that answers give has data that gnuplot can draw; classes without a picture and lone folds too. */
static void
test_figures(void **state)
{
    static const char lone[] = "method,fold,image,subject,occlusion,label,predicted,p_happy,p_sad\nb,0,a.png,,none,happy,happy,0.9,0.1\n";
    made              m;
    mf_report_figures f;
    mf_err            err = {0};

    (void)state;
    make(&m, table);
    const mf_attention *a[1] = {m.a};
    assert_mf_ok(mf_report_figures_make(&f, m.p, NULL, NULL, 0, a, 1, &err), &err);
    assert_int_equal(f.n, 1 + 2 + 2 + 4 + 2); /* folds, recalls, reliability, confusion, attention */
    for (size_t i = 0; i < f.n; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(f.figure[i].name, f.figure[k].name);
        }
        if (mf_gnuplot_found()) {
            assert_mf_ok(mf_figure_draw(&f.figure[i], mf_test_dir(), &err), &err);
        }
    }
    mf_report_figures_free(&f);
    unmake(&m);
    assert_mf_ok(mf_predictions_parse(&m.p, "p.csv", lone, strlen(lone), &err), &err);
    assert_mf_ok(mf_report_figures_make(&f, m.p, NULL, NULL, 0, NULL, 0, &err), &err);
    assert_int_equal(f.n, 4);
    for (size_t i = 0; i < f.n && mf_gnuplot_found(); i++) {
        assert_mf_ok(mf_figure_draw(&f.figure[i], mf_test_dir(), &err), &err);
    }
    mf_report_figures_free(&f);
    mf_predictions_free(m.p);
}

static mf_status
page(void *arg, mf_err *err)
{
    made     *m    = arg;
    mf_str    html = {0};
    mf_status st   = mf_report_html(&html, &m->in, err);

    mf_str_free(&html);
    return st;
}

static void
test_memory(void **state)
{
    made m;

    (void)state;
    make(&m, table);
    mf_test_each_alloc(page, &m);
    unmake(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_self_contained), cmocka_unit_test(test_hostile_texts), cmocka_unit_test(test_svg),
        cmocka_unit_test(test_worst),  cmocka_unit_test(test_history),        cmocka_unit_test(test_figures),       cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
