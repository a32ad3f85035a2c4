/* fuzz/fuzz_manifest.c: the tables of a data set. The first byte of an input chooses the table: 'm' manifest.csv,
 * 's' soft.csv, 'l' landmarks.csv (both over a small manifest); what follows is its text. */
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const classes[] = {"happy", "sad", "angry"};
static const char        base[]    = "image,label\na.png,happy\nb/c.png,sad\n";

/* What every accepted row must hold. */
static void
check_rows(const mf_dataset *d)
{
    size_t i;
    char   hash[65];

    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];
        double        sum = 0;
        int           k;

        MF_ASSERT(r->image[0] != '\0' && r->image[0] != '/' && !strstr(r->image, "/../") && strncmp(r->image, "../", 3) != 0);
        MF_ASSERT(r->label >= 0 && r->label < d->n_classes);
        MF_ASSERT(r->subject >= -1 && r->subject < d->n_subjects);
        MF_ASSERT(r->pair >= -1 && r->pair < d->n_pairs);
        MF_ASSERT(r->occlusion < MF_OCC_COUNT && r->split < MF_SPLIT_COUNT);
        MF_ASSERT(mf_dataset_find(d, r->image) == (ptrdiff_t)i);
        for (k = 0; r->soft && k < d->n_classes; k++)
            sum += (double)r->soft[k];
        MF_ASSERT(!r->soft || (sum > 0.999 && sum < 1.001));
    }
    mf_dataset_hash(hash, d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_dataset        *d   = NULL;
    mf_landmark_table *t   = NULL;
    mf_err             err = {0};
    mf_status          st  = MF_OK;
    const char        *text;

    if (size < 1 || mf_dataset_new(&d, "fuzz", classes, 3, &err) < 0)
        return 0;
    text = (const char *)data + 1;
    if (data[0] != 'm')
        MF_ASSERT(mf_dataset_parse_manifest(d, "base", base, sizeof base - 1, &err) == MF_OK);
    switch (data[0]) {
    case 'm': st = mf_dataset_parse_manifest(d, "fuzz", text, size - 1, &err); break;
    case 's': st = mf_dataset_parse_soft(d, "fuzz", text, size - 1, &err); break;
    case 'l':
        if ((st = mf_landmarks_parse(&t, d, "fuzz", text, size - 1, &err)) == MF_OK)
            MF_ASSERT(mf_landmarks_of(t, 0).n == 0 || mf_landmarks_of(t, 0).n == 5 || mf_landmarks_of(t, 0).n == 68);
        break;
    default: break;
    }
    MF_ASSERT(st == MF_OK || (err.code == st && err.msg[0] != '\0'));
    check_rows(d);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    return 0;
}
