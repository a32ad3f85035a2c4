/* data/save.c: write dataset.yaml, manifest.csv and soft.csv. */
#include <stdio.h>
#include <stdlib.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/yaml.h"
#include "data/manifest.h"

/* Shortest decimal text that reads back as the same float. */
static void
put_float(mf_str *s, float v)
{
    char buf[32];
    int  digits;

    for (digits = 6; digits <= 9; digits++) {
        snprintf(buf, sizeof buf, "%.*g", digits, (double)v);
        if (strtof(buf, NULL) == v)
            break;
    }
    mf_str_add(s, buf);
}

static mf_status
write_text(const char *dir, const char *name, const mf_str *text, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};

    mf_path_join(&path, dir, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_str_ok(text, err)) == MF_OK)
        st = mf_file_write_str(mf_str_c(&path), text, err);
    mf_str_free(&path);
    return st;
}

static void
put_yaml(mf_str *s, const mf_dataset *d)
{
    int i;

    mf_str_add(s, "name: ");
    mf_yaml_quote(s, d->name);
    mf_str_add(s, "\nclasses:\n");
    for (i = 0; i < d->n_classes; i++) {
        mf_str_add(s, "  - ");
        mf_yaml_quote(s, d->classes[i]);
        mf_str_addc(s, '\n');
    }
    mf_str_add(s, "licence: ");
    mf_yaml_quote(s, d->licence);
    mf_str_add(s, "\nsource: ");
    mf_yaml_quote(s, d->source);
    mf_str_addc(s, '\n');
}

/* Returns whether any row has a soft label. */
static int
put_manifest(mf_str *s, const mf_dataset *d)
{
    size_t i;
    int    soft = 0;

    mf_str_add(s, "image,label,subject,occlusion,pair,split\n");
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        soft |= r->soft != NULL;
        mf_csv_put(s, r->image);
        mf_str_addc(s, ',');
        mf_csv_put(s, d->classes[r->label]);
        mf_str_addc(s, ',');
        mf_csv_put(s, r->subject < 0 ? "" : d->subjects[r->subject]);
        mf_str_printf(s, ",%s,", mf_occlusion_name(r->occlusion));
        mf_csv_put(s, r->pair < 0 ? "" : d->pairs[r->pair]);
        mf_str_printf(s, ",%s\n", mf_split_name(r->split));
    }
    return soft;
}

static void
put_soft(mf_str *s, const mf_dataset *d)
{
    size_t i;
    int    k;

    mf_str_add(s, "image");
    for (k = 0; k < d->n_classes; k++) {
        mf_str_addc(s, ',');
        mf_csv_put(s, d->classes[k]);
    }
    mf_str_addc(s, '\n');
    for (i = 0; i < d->n_rows; i++) {
        if (!d->rows[i].soft)
            continue;
        mf_csv_put(s, d->rows[i].image);
        for (k = 0; k < d->n_classes; k++) {
            mf_str_addc(s, ',');
            put_float(s, d->rows[i].soft[k]);
        }
        mf_str_addc(s, '\n');
    }
}

mf_status
mf_dataset_save(const mf_dataset *d, const char *dir, mf_err *err)
{
    mf_status st;
    mf_str    yaml = {0}, manifest = {0}, soft = {0}, path = {0};

    put_yaml(&yaml, d);
    if (put_manifest(&manifest, d))
        put_soft(&soft, d);
    mf_path_join(&path, dir, "soft.csv");
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    st = soft.len || soft.oom ? write_text(dir, "soft.csv", &soft, err) : mf_file_remove(mf_str_c(&path), err);
    if (st < 0 || (st = write_text(dir, "manifest.csv", &manifest, err)) < 0)
        goto done;
    st = write_text(dir, "dataset.yaml", &yaml, err);
done:
    mf_str_free(&path);
    mf_str_free(&soft);
    mf_str_free(&manifest);
    mf_str_free(&yaml);
    return st;
}
