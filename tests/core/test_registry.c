/* Entries by name: exact, nearly, not at all. */
#include "support.h"

#include "core/registry.h"

static const char *const metals[] = {"copper", "iron", "tin"};

static const char *
metal(size_t i)
{
    return metals[i];
}

static void
test_find(void **state)
{
    mf_err err = {0};
    size_t at  = 9;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_mf_ok(mf_registry_find(&at, "metal", metals[i], metal, 3, &err), &err);
        assert_int_equal(at, i);
    }
    assert_mf_fails(mf_registry_find(&at, "metal", "coper", metal, 3, &err), MF_E_NOTFOUND, &err, "no metal 'coper'; did you mean 'copper'?");
    assert_mf_fails(mf_registry_find(&at, "metal", "glass", metal, 3, &err), MF_E_NOTFOUND, &err, "no metal 'glass'; there are copper, iron, tin");
    assert_mf_fails(mf_registry_find(&at, "metal", "", metal, 3, &err), MF_E_NOTFOUND, &err, "no metal ''; there are copper, iron, tin");
    assert_mf_fails(mf_registry_find(&at, "metal", "tin", metal, 2, &err), MF_E_NOTFOUND, &err, "there are copper, iron");
    assert_int_equal(at, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
