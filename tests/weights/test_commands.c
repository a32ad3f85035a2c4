/* tests/weights/test_commands.c: `maskfer weights` as users meet it; verify against the same network in double. */
#include "support.h"

#include <string.h>
#include <sys/wait.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "models/model.h"
#include "nn/program.h"
#include "weights/weights.h"

enum { PICTURES = 9, CLASSES = 5, SIDE = 32 }; /* more than one batch of 8 */

/* Runs `maskfer ARGS`; output and messages together must hold `has`. */
static void
assert_run(const char *args, int status, const char *has)
{
    const char *log = mf_test_path("log");
    mf_str      cmd = {0};
    mf_blob     got = {0};
    int         rc;

    if (mf_test_program() == NULL) {
        mf_test_skip("the program is not built");
    }
    mf_str_printf(&cmd, "cd '%s' && '%s' weights %s >'%s' 2>&1 </dev/null", mf_test_dir(), mf_test_program(), args, log);
    rc = system(mf_str_c(&cmd));
    mf_str_free(&cmd);
    assert_mf_ok(mf_file_read(&got, log, 1 << 20, NULL), NULL);
    if (!WIFEXITED(rc) || WEXITSTATUS(rc) != status || strstr((const char *)got.data, has) == NULL) {
        print_error("maskfer weights %s: status %d, wanted %d and \"%s\":\n%s\n", args, rc, status, has, (const char *)got.data);
        fail();
    }
    mf_blob_free(&got);
}

static void
save(const char *name, const mf_tensors *ts)
{
    mf_err err = {0};

    assert_mf_ok(mf_weights_save(mf_test_path(name), ts, &err), &err);
}

static float *
add(mf_tensors *ts, const char *name, mf_shape s)
{
    mf_err     err = {0};
    mf_tensor *t;

    assert_mf_ok(mf_tensors_add(ts, name, MF_DTYPE_F32, &s, &t, &err), &err);
    return t->data;
}

/* net.safetensors (names with "module."), in.safetensors, out.safetensors computed in double. */
static int
make_files(void **state)
{
    static const char *const outputs[] = {"logits", "features", NULL};
    mf_err            err = {0};
    mf_model          m;
    mf_params        *ps;
    mf_graph         *g;
    mf_program       *p;
    const mf_backend *ref;
    mf_tensors        plain = {0}, net = {0}, in = {0}, out = {0};
    mf_rng            rng = mf_rng_make(5, 0, 0, MF_RNG_INIT);
    float            *x, *logits, *features;
    mf_compile_opts   o = {.prec = MF_PREC_F64, .batch = PICTURES, .outputs = outputs};

    (void)state;
    assert_mf_ok(mf_backend_find(&ref, "ref64", &err), &err);
    o.backend = ref;
    assert_mf_ok(mf_model_make(&m, "resnet18", CLASSES, 1, SIDE, SIDE, &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F64, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&g, &m, ps, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 11, &err), &err);
    assert_mf_ok(mf_params_export(ps, &plain, &err), &err); /* rounds the values to float: read them back */
    assert_mf_ok(mf_params_load(ps, &plain, NULL, NULL, &err), &err);
    for (size_t i = 0; i < plain.n; i++) {
        char       name[256];
        mf_tensor *t;

        snprintf(name, sizeof name, "module.%s", plain.t[i].name);
        assert_mf_ok(mf_tensors_add(&net, name, plain.t[i].dtype, &plain.t[i].shape, &t, &err), &err);
        memcpy(t->data, plain.t[i].data, t->bytes);
    }
    x = add(&in, "input", mf_shape_of(4, (int64_t)PICTURES, (int64_t)1, (int64_t)SIDE, (int64_t)SIDE));
    for (int i = 0; i < PICTURES * SIDE * SIDE; i++) {
        x[i] = (float)mf_rng_normal(&rng);
    }
    logits   = add(&out, "logits", mf_shape_of(2, (int64_t)PICTURES, (int64_t)CLASSES));
    features = add(&out, "features", mf_shape_of(2, (int64_t)PICTURES, (int64_t)512));
    assert_mf_ok(mf_program_compile(&p, g, &o, &err), &err);
    assert_mf_ok(mf_program_feed(p, "x", MF_DTYPE_F32, x, &err), &err);
    assert_mf_ok(mf_program_run(p, 0, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, logits, (size_t)PICTURES * CLASSES, &err), &err);
    assert_mf_ok(mf_program_read(p, "features", MF_DTYPE_F32, features, (size_t)PICTURES * 512, &err), &err);
    save("net.safetensors", &net);
    save("in.safetensors", &in);
    save("out.safetensors", &out);
    logits[3] += 0.5f;
    save("wrong.safetensors", &out);
    mf_program_free(p);
    mf_graph_free(g);
    mf_params_free(ps);
    mf_tensors_free(&plain);
    mf_tensors_free(&net);
    mf_tensors_free(&in);
    mf_tensors_free(&out);
    return 0;
}

#define VERIFY "verify net.safetensors --arch resnet18 --input in.safetensors --output got.safetensors "

static void
test_verify(void **state)
{
    mf_tensors got = {0};
    mf_err     err = {0};

    (void)state;
    assert_run(VERIFY "--expect out.safetensors", 0, "names without 'module.', 0 missing, 0 unexpected");
    assert_mf_ok(mf_weights_load(&got, mf_test_path("got.safetensors"), &err), &err);
    assert_int_equal(mf_tensors_find(&got, "logits")->shape.dim[0], PICTURES);
    assert_int_equal(mf_tensors_find(&got, "features")->shape.dim[1], 512);
    mf_tensors_free(&got);
    assert_run(VERIFY "--expect out.safetensors --backend ref --json", 0, "\"ok\": true");
    assert_run(VERIFY "--expect wrong.safetensors", 1, "maskfer: 'logits' differs from 'wrong.safetensors'");
    assert_run(VERIFY "--expect in.safetensors", 1, "'in.safetensors' holds neither 'logits' nor 'features'");
}

static void
test_verify_refuses(void **state)
{
    (void)state;
    assert_run(VERIFY "--classes 9", 1, "tensor 'module.fc.weight' is [5, 512] in the file and [9, 512] in the network; --new-head");
    assert_run(VERIFY "--classes 9 --new-head", 0, "started anew: fc.weight, fc.bias");
    assert_run("verify net.safetensors --arch resnet34 --input in.safetensors --output g.safetensors", 1, "the file lacks 80 tensors of resnet34");
    assert_run("verify net.safetensors --arch mobilenet_v2 --input in.safetensors --output g.safetensors --classes 5", 1,
               "the network's is 'features.0.0.weight'; its names are nearest to resnet18 (122 of 122)");
    assert_run("verify net.safetensors --arch resnet81 --input in.safetensors --output g.safetensors", 1, "resnet18");
    assert_run("verify net.safetensors --arch resnet18 --input out.safetensors --output g.safetensors", 1, "'out.safetensors' has no tensor named 'input'");
    assert_run("verify out.safetensors --arch resnet18 --input in.safetensors --output g.safetensors --classes 5", 1, "none of the 2 tensors has a name");
    assert_run("verify out.safetensors --arch resnet18 --input in.safetensors --output g.safetensors", 1, "give --classes");
    assert_run("verify net.safetensors --arch resnet18 --output g.safetensors", 2, "--input");
    assert_false(mf_path_exists(mf_test_path("g.safetensors")));
}

static void
test_show(void **state)
{
    (void)state;
    assert_run("show net.safetensors", 0, "module.fc.weight");
    assert_run("show net.safetensors", 0, "122 tensors, 11182425 elements, 42.7 MiB");
    assert_run("show net.safetensors --json", 0, "\"format\": \"safetensors\"");
    assert_run("show in.safetensors extra", 2, "one too many");
    assert_run("show absent.pth", 1, "absent.pth");
}

static void
test_convert(void **state)
{
    mf_tensors a = {0}, b = {0};
    mf_err     err  = {0};
    mf_str     args = {0};

    (void)state;
    mf_str_printf(&args, "convert '%s/tests/weights/vectors/cases_stream.pth' cases.safetensors", mf_test_source());
    assert_run(mf_str_c(&args), 0, "cases.safetensors: 25 tensors");
    assert_run(mf_str_c(&args), 1, "'cases.safetensors' exists; --force replaces it");
    mf_str_add(&args, " --force");
    assert_run(mf_str_c(&args), 0, "25 tensors");
    mf_str_clear(&args);
    mf_str_printf(&args, "%s/tests/weights/vectors/cases_stream.pth", mf_test_source());
    assert_mf_ok(mf_weights_load(&a, mf_str_c(&args), &err), &err);
    assert_mf_ok(mf_weights_load(&b, mf_test_path("cases.safetensors"), &err), &err);
    if (!mf_tensors_equal(&a, &b, &err)) {
        fail_msg("%s", err.msg);
    }
    mf_tensors_free(&a);
    mf_tensors_free(&b);
    assert_run("convert cases.safetensors ./cases.safetensors --force", 2, "are the same file");
    assert_run("convert cases.safetensors new.pth", 2, "must end in .safetensors");
    mf_str_clear(&args);
    mf_str_printf(&args, "convert '%s/tests/weights/vectors/os_system.pth' evil.safetensors", mf_test_source());
    assert_run(mf_str_c(&args), 1, "calls 'posix.system' (os.system), which is not a tensor; nothing was run");
    assert_false(mf_path_exists(mf_test_path("evil.safetensors")));
    assert_false(mf_path_exists(mf_test_path("MASKFER_MUST_NOT_RUN_THIS")));
    mf_str_free(&args);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_verify_refuses),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_convert),
    };

    return cmocka_run_group_tests(tests, make_files, NULL);
}
