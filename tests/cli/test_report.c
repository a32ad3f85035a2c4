/* `maskfer explain` and `maskfer report` on a small run of drawn people: what they write, the same bytes again, what they say where gnuplot,
 * weights or pictures are missing; and the page in a browser: two widths, dark and light. */
#include "support.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "core/str.h"
#include "image/image.h"

static char said[1 << 16]; /* both outputs of the last command */

/* Runs `[ENV] maskfer ARGS`; returns its exit status. */
static int
maskfer(const char *env, const char *args)
{
    const char *out = mf_test_path("out");
    mf_str      cmd = {0};
    mf_blob     b   = {0};
    int         rc;

    if (mf_test_program() == NULL) {
        mf_test_skip("the program is not built");
    }
    mf_str_printf(&cmd, "cd '%s' && %s '%s' %s --threads 1 >'%s' 2>&1 </dev/null", mf_test_dir(), env, mf_test_program(), args, out);
    rc = system(mf_str_c(&cmd));
    mf_str_free(&cmd);
    assert_mf_ok(mf_file_read(&b, out, sizeof said - 1, NULL), NULL);
    memcpy(said, b.data, b.size + 1);
    mf_blob_free(&b);
    return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void
works(const char *env, const char *args)
{
    if (maskfer(env, args) != 0) {
        print_error("maskfer %s:\n%s\n", args, said);
        fail();
    }
}

static void
refuses(const char *args, int status, const char *part)
{
    const int rc = maskfer("", args);

    if (rc != status || strstr(said, part) == NULL) {
        print_error("maskfer %s: status %d, wanted %d; said: %s\nwanted: %s\n", args, rc, status, said, part);
        fail();
    }
}

static mf_blob
read_file(const char *name)
{
    mf_blob b = {0};
    mf_err  err = {0};

    assert_mf_ok(mf_file_read(&b, mf_test_path(name), (size_t)1 << 28, &err), &err);
    return b;
}

/* Six people, two folds, two methods of a very small network: made once. */
static void
want_run(void)
{
    if (mf_path_exists(mf_test_path("cv/summary.json"))) {
        return;
    }
    works("", "data synth --people 6 --size 40 --seed 3 --out people -q");
    works("", "crossval people --folds 2 --methods baseline,contrastive --size 32 --width 8 --epochs 1 --batch 16 --out cv -q");
}

static void
test_explain_run(void **state)
{
    mf_image  im = {0};
    mf_blob   b;
    mf_json  *j;
    mf_err    err = {0};

    (void)state;
    want_run();
    works("", "explain cv");
    assert_non_null(strstr(said, "contrastive has"));
    assert_non_null(strstr(said, "place of the mask"));
    assert_mf_ok(mf_image_load(&im, mf_test_path("cv/explain/sheet.png"), 3, &err), &err);
    assert_true(im.width > 3 * 112 && im.height > 14 * 112);
    mf_image_free(&im);
    b = read_file("cv/attention.csv");
    assert_true(mf_str_starts((const char *)b.data, "method,fold,image,subject,label,predicted,share,area,outline\n"));
    mf_blob_free(&b);
    works("", "explain cv --json --pairs 0 -q --attribution gradcam++ --layer layer2 --class label");
    assert_mf_ok(mf_json_parse(&j, said, strlen(said), true, &err), &err);
    assert_string_equal(mf_json_text(mf_json_get(j, "layer"), ""), "layer2");
    assert_int_equal(mf_json_size(mf_json_get(j, "methods")), 2);
    assert_int_equal(mf_json_size(mf_json_get(j, "comparisons")), 1);
    mf_json_free(j);
    refuses("explain cv --layer layer9", 1, "no layer 'layer9'; did you mean 'layer");
    refuses("explain cv --fold 7", 2, "folds 0 to 1");
    refuses("explain cv --class happy", 2, "predicted or label");
    refuses("explain nowhere", 1, "nowhere");
    refuses("explain cv --data nowhere", 1, "nowhere");
}

static void
test_explain_pictures(void **state)
{
    mf_image im = {0};
    mf_json *j;
    mf_err   err = {0};

    (void)state;
    want_run();
    works("", "explain cv/fold-00/baseline/weights/best.safetensors --layers");
    assert_non_null(strstr(said, "layer1"));
    for (int kind = 0; kind < 4; kind++) {
        static const char *const name[] = {"gradcam", "gradcam-msde --colours jet", "gradcam++ --class sad", "occlusion"};
        char                     args[400];
        const char              *file;

        snprintf(args, sizeof args, "explain cv/fold-00/baseline/weights/best.safetensors people/masked/0_3_happy.jpg --json --out maps --attribution %s", name[kind]);
        if (!mf_path_exists(mf_test_path("people/masked/0_3_happy.jpg"))) {
            mf_names n = {0};

            assert_mf_ok(mf_dir_list(&n, mf_test_path("people/masked"), &err), &err);
            snprintf(args, sizeof args, "explain cv/fold-00/baseline/weights/best.safetensors people/masked/%s --json --out maps --attribution %s", n.name[0], name[kind]);
            mf_names_free(&n);
        }
        works("", args);
        assert_mf_ok(mf_json_parse(&j, said, strlen(said), true, &err), &err);
        file = mf_json_text(mf_json_get(j, "overlay"), "");
        assert_mf_ok(mf_image_load(&im, mf_test_path(file), 3, &err), &err);
        assert_int_equal(im.width, 40);
        mf_image_free(&im);
        if (kind == 2) {
            assert_string_equal(mf_json_text(mf_json_get(j, "explained"), ""), "sad");
        }
        mf_json_free(j);
    }
    refuses("explain cv/fold-00/baseline/weights/best.safetensors", 2, "no picture is named");
    refuses("explain cv/fold-00/baseline/weights/best.safetensors x.png --class hapy", 2, "did you mean 'happy'");
    refuses("explain cv/fold-00/baseline/weights/best.safetensors none.png", 1, "1 of 1 pictures");
}

static void
test_report(void **state)
{
    mf_blob a, b;
    mf_err  err = {0};

    (void)state;
    want_run();
    works("", "report cv");
    assert_non_null(strstr(said, "written: cv/report.html"));
    a = read_file("cv/report.html");
    assert_true(a.size < (size_t)15 << 20);
    assert_non_null(strstr((const char *)a.data, "contrastive"));
    assert_non_null(strstr((const char *)a.data, "config.yaml"));
    assert_non_null(strstr((const char *)a.data, "Heat maps over pairs"));
    assert_non_null(strstr((const char *)a.data, "maskfer crossval --config cv/config.yaml"));
    works("", "report cv");
    b = read_file("cv/report.html");
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    mf_blob_free(&a);
    mf_blob_free(&b);

    /* A map that `embed` left in the run's folder. */
    assert_mf_ok(mf_dir_make(mf_test_path("cv/embed-a"), &err), &err);
    assert_mf_ok(mf_file_write(mf_test_path("cv/embed-a/embedding.svg"), "<svg><text>map</text></svg>", 27, &err), &err);
    assert_mf_ok(mf_file_write(mf_test_path("cv/embed-a/embedding.json"), "{\"method\":\"tsne\",\"layer\":\"features\",\"quality\":{\"trustworthiness\":0.875}}", 72, &err), &err);
    works("", "report cv --no-heat --out maps/report.html");
    b = read_file("maps/report.html");
    assert_non_null(strstr((const char *)b.data, "embed-a: tsne"));
    assert_non_null(strstr((const char *)b.data, "Trustworthiness 0.875."));
    mf_blob_free(&b);
    assert_mf_ok(mf_dir_remove_all(mf_test_path("cv/embed-a"), &err), &err);

    /* Two runs side by side, one of them of answers alone. */
    works("", "report cv cv/fold-00/baseline/predictions.csv --out both/report.html --no-heat");
    b = read_file("both/report.html");
    assert_non_null(strstr((const char *)b.data, "cv/contrastive"));
    assert_non_null(strstr((const char *)b.data, "predictions"));
    mf_blob_free(&b);
    assert_mf_ok(mf_dir_remove_all(mf_test_path("both"), &err), &err);
    refuses("report cv/fold-00/baseline/predictions.csv", 2, "--out FILE");
    refuses("report nowhere", 1, "no run at 'nowhere'");
}

static void
test_without_gnuplot(void **state)
{
    mf_blob b;

    (void)state;
    want_run();
    works("PATH=/nonexistent", "report cv --out bare/report.html --no-heat");
    assert_non_null(strstr(said, "gnuplot is not installed"));
    b = read_file("bare/report.html");
    assert_non_null(strstr((const char *)b.data, "gnuplot is not installed"));
    assert_non_null(strstr((const char *)b.data, "Accuracy in percent"));
    assert_null(strstr((const char *)b.data, "<svg"));
    mf_blob_free(&b);
    assert_true(mf_path_exists(mf_test_path("bare/figures/folds.gp")));
    assert_false(mf_path_exists(mf_test_path("bare/figures/folds.svg")));
}

static void
test_without_weights(void **state)
{
    mf_blob b;

    (void)state;
    want_run();
    works("", "crossval people --folds 2 --methods baseline --size 32 --width 8 --epochs 1 --batch 16 --out light --no-keep-weights -q");
    works("", "report light");
    assert_non_null(strstr(said, "has no weights"));
    b = read_file("light/report.html");
    assert_non_null(strstr((const char *)b.data, "has no weights"));
    assert_non_null(strstr((const char *)b.data, "data:image/jpeg")); /* pictures of mistakes are there */
    mf_blob_free(&b);
    refuses("explain light", 1, "--keep-weights");
}

/* ---- in a browser ---- */

/* Opens all, then says: page and window width, pictures without pixels, texts whose contrast is below 4.5, parts that scroll and cannot be
 * reached by keyboard, repeated ids. */
static const char probe[] =
    "<script>window.addEventListener('load',function(){document.querySelectorAll('details').forEach(function(d){d.open=true});"
    "function lum(c){var m=c.match(/[\\d.]+/g).map(Number);if(m.length>3&&m[3]===0)return null;var v=m.slice(0,3).map(function(x){x/=255;return x<=.04045?x/12.92:Math.pow((x+.055)/1.055,2.4)});"
    "return .2126*v[0]+.7152*v[1]+.0722*v[2]}function ground(e){for(;e;e=e.parentElement){var l=lum(getComputedStyle(e).backgroundColor);if(l!==null)return l}return 1}"
    "var low=[],ids={},twice=0;document.querySelectorAll('p,li,h1,h2,h3,td,th,a,summary,dt,dd,caption,figcaption,small,pre,span').forEach(function(e){"
    "if(!e.textContent.trim())return;var a=lum(getComputedStyle(e).color),b=ground(e);var r=(Math.max(a,b)+.05)/(Math.min(a,b)+.05);if(r<4.5)low.push(e.tagName+':'+r.toFixed(2))});"
    "document.querySelectorAll('svg text').forEach(function(e){var f=getComputedStyle(e).fill;if(f==='rgb(255, 255, 255)'||f==='rgb(16, 20, 24)')return;"
    "var a=lum(f),b=ground(e);if((Math.max(a,b)+.05)/(Math.min(a,b)+.05)<4.5)low.push('figure '+f)});"
    "document.querySelectorAll('[id]').forEach(function(e){if(ids[e.id])twice++;ids[e.id]=1});"
    "var broken=[].filter.call(document.images,function(i){return !i.complete||!i.naturalWidth}).length;"
    "var stuck=[].filter.call(document.querySelectorAll('*'),function(e){var o=getComputedStyle(e).overflowX;return (o==='auto'||o==='scroll')&&e.scrollWidth>e.clientWidth+1&&e.tabIndex<0}).length;"
    "var wide=document.documentElement.scrollWidth;"
    "parent.postMessage('width='+innerWidth+' page='+wide+' images='+document.images.length+' broken='+broken+' low='+low.length+' '+low.slice(0,3)+' stuck='+stuck+' twice='+twice"
    "+' dark='+matchMedia('(prefers-color-scheme: dark)').matches,'*')});</script></body>";
/* A browser's window has a least width; a frame has none. */
static const char frame[] = "<!DOCTYPE html><title>probe</title><script>onmessage=function(e){document.body.setAttribute('data-probe',e.data)}</script>"
                            "<body><iframe src=\"probe.html\" style=\"width:%dpx;height:900px;border:0\"></iframe></body>";

static const char *
browser(void)
{
    static const char *const names[] = {"chromium", "chromium-browser", "google-chrome"};

    for (int i = 0; i < 3; i++) {
        char cmd[100];

        snprintf(cmd, sizeof cmd, "command -v %s >/dev/null 2>&1", names[i]);
        if (system(cmd) == 0) {
            return names[i];
        }
    }
    return NULL;
}

static long
number(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    assert_non_null(at);
    return strtol(at + strlen(key), NULL, 10);
}

static void
test_in_browser(void **state)
{
    const char *name = browser();
    mf_blob     page;
    mf_str      with = {0}, cmd = {0};
    char       *end;
    mf_err      err = {0};

    (void)state;
    if (name == NULL) {
        mf_test_skip("chromium is not installed: the page was not opened");
    }
    want_run();
    works("", "report cv");
    page = read_file("cv/report.html");
    end  = strstr((char *)page.data, "</body>");
    assert_non_null(end);
    mf_str_addn(&with, (const char *)page.data, (size_t)(end - (char *)page.data));
    mf_str_add(&with, probe);
    mf_str_add(&with, end + 7);
    assert_mf_ok(mf_file_write_str(mf_test_path("probe.html"), &with, &err), &err);
    for (int k = 0; k < 4; k++) {
        const int   width = k % 2 == 0 ? 360 : 1280;
        mf_blob     dom, log;
        const char *at;

        mf_str_clear(&with);
        mf_str_printf(&with, frame, width);
        assert_mf_ok(mf_file_write_str(mf_test_path("frame.html"), &with, &err), &err);
        mf_str_clear(&cmd);
        mf_str_printf(&cmd, "timeout 120 %s --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --user-data-dir='%s' --window-size=1400,1000 "
                            "--enable-logging=stderr %s --virtual-time-budget=10000 --dump-dom 'file://%s' >'%s' 2>'%s' </dev/null",
                      name, mf_test_path("profile"), k < 2 ? "" : "--blink-settings=preferredColorScheme=0", mf_test_path("frame.html"), mf_test_path("dom"),
                      mf_test_path("log"));
        if (system(mf_str_c(&cmd)) != 0) {
            log = read_file("log");
            printf("%.2000s\n", (const char *)log.data);
            mf_blob_free(&log);
            mf_test_skip("%s does not run here", name);
        }
        dom = read_file("dom");
        log = read_file("log");
        at  = strstr((const char *)dom.data, "data-probe=\"");
        assert_non_null(at);
        printf("%d pixels: %.160s\n", width, at + 12);
        assert_null(strstr((const char *)log.data, "CONSOLE"));
        assert_int_equal(number(at, "width="), width);
        assert_true(number(at, "page=") <= width);
        assert_true(number(at, "images=") > 4);
        assert_int_equal(number(at, "broken="), 0);
        assert_int_equal(number(at, "low="), 0);
        assert_int_equal(number(at, "stuck="), 0);
        assert_int_equal(number(at, "twice="), 0);
        assert_non_null(strstr(at, k < 2 ? "dark=false" : "dark=true"));
        mf_blob_free(&dom);
        mf_blob_free(&log);
    }
    mf_str_free(&cmd);
    mf_str_free(&with);
    mf_blob_free(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explain_run),     cmocka_unit_test(test_explain_pictures), cmocka_unit_test(test_report),
        cmocka_unit_test(test_without_gnuplot), cmocka_unit_test(test_without_weights),  cmocka_unit_test(test_in_browser),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
