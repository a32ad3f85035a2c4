/* data/importers/ferplus.c: FER2013 faces with the votes of FER+ (FER2013Train|Valid|Test/label.csv and PNG files). */
#include "data/importers/ferplus.h"

#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "data/import.h"

static const char *const classes[MF_FERPLUS_CLASSES] = {
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
};

enum { MF_FERPLUS_MAX_COUNT = 1000, N_PARTS = 3 };

static const struct {
    const char *folder;
    mf_split    split;
} parts[N_PARTS] = {
    {"FER2013Train", MF_SPLIT_TRAIN}, {"FER2013Valid", MF_SPLIT_VAL}, {"FER2013Test", MF_SPLIT_TEST},
};

/* ---- the rules ---- */

/* Counts of 1 set to 0; returns S. */
static int
drop_single_votes(int v[MF_FERPLUS_VOTES], const int votes[MF_FERPLUS_VOTES])
{
    int i, sum = 0;

    for (i = 0; i < MF_FERPLUS_VOTES; i++) {
        v[i] = votes[i] > 1 ? votes[i] : 0;
        sum += v[i];
    }
    return sum;
}

static int
first_max(const int v[MF_FERPLUS_VOTES])
{
    int i, best = 0;

    for (i = 1; i < MF_FERPLUS_VOTES; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}

int
mf_ferplus_majority(const int votes[MF_FERPLUS_VOTES])
{
    int v[MF_FERPLUS_VOTES], sum = drop_single_votes(v, votes), best = first_max(v);

    return 2 * v[best] > sum ? best : MF_FERPLUS_UNKNOWN;
}

bool
mf_ferplus_distribution(float p[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES])
{
    int  v[MF_FERPLUS_VOTES], taken[MF_FERPLUS_VOTES] = {0};
    int  all = drop_single_votes(v, votes), part = 0, kept = 0, count = 0, i, top;
    bool go_on = true;

    while (4 * part < 3 * all && count < 3 && go_on) {
        int max = v[first_max(v)];

        for (i = 0; i < MF_FERPLUS_VOTES; i++) { /* ties are taken together, in column order */
            if (v[i] != max)
                continue;
            taken[i] = max;
            v[i]     = 0;
            part += max;
            kept += max;
            count++;
            if (i >= MF_FERPLUS_CLASSES) { /* unknown and not-a-face end the search */
                go_on = false;
                if (kept > max) { /* emotions came before it: they stand without it */
                    taken[i] = 0;
                    kept -= max;
                    count--;
                }
                break;
            }
        }
    }
    if (2 * kept <= all || count > 3 || (top = first_max(taken)) >= MF_FERPLUS_CLASSES)
        return false;
    for (i = kept = 0; i < MF_FERPLUS_CLASSES; i++)
        kept += taken[i];
    for (i = 0; i < MF_FERPLUS_CLASSES; i++)
        p[i] = (float)taken[i] / (float)kept;
    return true;
}

/* ---- the files ---- */

typedef struct ferplus_cfg {
    int mode;
} ferplus_cfg;

static const char *const modes[] = {"majority", "probability", NULL};
enum { MODE_MAJORITY, MODE_PROBABILITY };

static const mf_opt ferplus_opts[] = {
    MF_OPT_ENUM(ferplus_cfg, mode, MODE_MAJORITY, modes,
                "pictures of the training part to keep: with a majority, or with a usable vote distribution; "
                "validation and test always take the majority"),
    MF_OPT_END
};

typedef struct tally {
    size_t rows, kept, missing, no_name, repeated, unknown, no_face;
    size_t kept_class[MF_FERPLUS_CLASSES], dropped_class[MF_FERPLUS_CLASSES];
} tally;

static int
ferplus_probe(const char *src)
{
    mf_str path = {0};
    int    sure = 0, i;

    for (i = 0; i < N_PARTS; i++) {
        mf_path_join(&path, src, parts[i].folder);
        mf_str_add(&path, "/label.csv");
        if (!path.oom && mf_path_exists(mf_str_c(&path)))
            sure = 95;
    }
    mf_str_free(&path);
    return sure;
}

static mf_status
read_votes(int votes[MF_FERPLUS_VOTES], char **f, size_t n, mf_err *err)
{
    mf_status st;
    int       i;

    if (n != 2 + MF_FERPLUS_VOTES)
        return mf_fail(err, MF_E_FORMAT, "%zu fields, but a row has 12: name, box, ten vote counts", n);
    for (i = 0; i < MF_FERPLUS_VOTES; i++) {
        int64_t v;

        if ((st = mf_parse_i64(&v, f[2 + i], 0, MF_FERPLUS_MAX_COUNT, err)) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "vote count %d", i + 1);
        votes[i] = (int)v;
    }
    return MF_OK;
}

/* The label of a kept picture, or -1. */
static int
decide(float soft[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES], int mode, tally *t)
{
    int  label = mf_ferplus_majority(votes), i, most = 0;
    bool has   = mf_ferplus_distribution(soft, votes);

    if (label < MF_FERPLUS_CLASSES && !has) { /* a majority without a distribution: certain */
        memset(soft, 0, MF_FERPLUS_CLASSES * sizeof *soft);
        soft[label] = 1;
    }
    if (mode == MODE_PROBABILITY && has) {
        for (i = 1, label = 0; i < MF_FERPLUS_CLASSES; i++)
            if (soft[i] > soft[label])
                label = i;
    } else if (mode == MODE_PROBABILITY) {
        label = MF_FERPLUS_UNKNOWN;
    }
    if (label < MF_FERPLUS_CLASSES) {
        t->kept++;
        t->kept_class[label]++;
        return label;
    }
    if ((most = first_max(votes)) < MF_FERPLUS_CLASSES)
        t->dropped_class[most]++;
    t->unknown += most == MF_FERPLUS_UNKNOWN;
    t->no_face += most == MF_FERPLUS_NOT_A_FACE;
    return -1;
}

static mf_status
scan_row(mf_import *im, tally *t, const char *dir, int part, char **f, size_t n, int mode, mf_err *err)
{
    mf_status st;
    int       votes[MF_FERPLUS_VOTES], label;
    float     soft[MF_FERPLUS_CLASSES];
    mf_str    image = {0}, from = {0};
    tally     before = *t;

    if ((st = read_votes(votes, f, n, err)) < 0)
        return st;
    t->rows++;
    if (!*f[0]) {
        t->no_name++;
        return MF_OK;
    }
    if (!mf_path_is_inside(f[0]))
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves its folder", f[0]);
    mf_str_printf(&image, "%s/%s", parts[part].folder, f[0]);
    mf_path_join(&from, dir, f[0]);
    if ((st = mf_str_ok(&image, err)) < 0 || (st = mf_str_ok(&from, err)) < 0)
        goto done;
    if ((label = decide(soft, votes, mode, t)) < 0)
        goto done;
    if (mf_dataset_find(im->data, mf_str_c(&image)) >= 0 || !mf_path_exists(mf_str_c(&from))) {
        *t = before;
        t->rows++;
        if (mf_dataset_find(im->data, mf_str_c(&image)) >= 0)
            t->repeated++;
        else
            t->missing++;
        goto done;
    }
    st = mf_import_add(im, mf_str_c(&from), mf_str_c(&image), classes[label], NULL, MF_OCC_NONE, parts[part].split, soft, err);
done:
    mf_str_free(&from);
    mf_str_free(&image);
    return st;
}

static void
note_part(mf_str *s, const tally *t, const char *folder)
{
    size_t dropped = t->unknown + t->no_face, i;

    for (i = 0; i < MF_FERPLUS_CLASSES; i++)
        dropped += t->dropped_class[i];
    mf_str_printf(s, "%s: %zu rows, %zu kept, %zu dropped for want of agreement\n", folder, t->rows, t->kept, dropped);
    mf_str_printf(s, "  %-16s %8s %8s\n", "most votes", "kept", "dropped");
    for (i = 0; i < MF_FERPLUS_CLASSES; i++)
        mf_str_printf(s, "  %-16s %8zu %8zu\n", classes[i], t->kept_class[i], t->dropped_class[i]);
    mf_str_printf(s, "  %-16s %8s %8zu\n  %-16s %8s %8zu\n", "unknown", "-", t->unknown, "not a face", "-", t->no_face);
    if (t->missing)
        mf_str_printf(s, "  %zu pictures of label.csv are not in the folder\n", t->missing);
    if (t->repeated)
        mf_str_printf(s, "  %zu names came a second time and were left out\n", t->repeated);
    if (t->no_name)
        mf_str_printf(s, "  %zu rows have no name and were left out\n", t->no_name);
}

static mf_status
scan_part(mf_import *im, const char *src, int part, int mode, mf_err *err)
{
    mf_status st;
    mf_str    dir = {0}, file = {0};
    mf_csv   *c = NULL;
    char    **f;
    size_t    n;
    tally     t = {0};

    mf_path_join(&dir, src, parts[part].folder);
    mf_path_join(&file, mf_str_c(&dir), "label.csv");
    if ((st = mf_str_ok(&dir, err)) < 0 || (st = mf_str_ok(&file, err)) < 0 || !mf_path_exists(mf_str_c(&file)))
        goto done;
    if ((st = mf_csv_open(&c, mf_str_c(&file), err)) < 0)
        goto done;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0)
        if ((st = scan_row(im, &t, mf_str_c(&dir), part, f, n, mode, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", mf_str_c(&file), mf_csv_line(c));
            break;
        }
    if (st == MF_OK)
        note_part(&im->notes, &t, parts[part].folder);
done:
    mf_csv_close(c);
    mf_str_free(&file);
    mf_str_free(&dir);
    return st;
}

static mf_status
ferplus_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    const ferplus_cfg *o = cfg;
    mf_status          st;
    int                i;

    if (ferplus_probe(src) == 0)
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has none of FER2013Train/label.csv, FER2013Valid/label.csv, "
                       "FER2013Test/label.csv", src);
    if ((st = mf_dataset_new(&im->data, "ferplus", classes, MF_FERPLUS_CLASSES, err)) < 0)
        return st;
    for (i = 0; i < N_PARTS && st == MF_OK; i++)
        st = scan_part(im, src, i, parts[i].split == MF_SPLIT_TRAIN ? o->mode : MODE_MAJORITY, err);
    return st == MF_OK ? mf_str_ok(&im->notes, err) : st;
}

const mf_importer_def mf_importer_ferplus = {
    .name = "ferplus", .summary = "FER2013 faces with the votes of FER+: one label by majority, the votes as soft labels",
    .layout = "FER2013Train/label.csv, FER2013Valid/label.csv, FER2013Test/label.csv and the pictures beside them",
    .cfg_size = sizeof(ferplus_cfg), .opts = ferplus_opts, .probe = ferplus_probe, .scan = ferplus_scan,
};
