/* data/importers/ferplus.c: FER2013 faces with the votes of FER+. Labels come from FER2013Train|Valid|Test/label.csv or from
 * fer2013new.csv; the votes of the two differ in some thousand rows, so the source that was taken is noted. */
#include "data/importers/ferplus.h"

#include <string.h>
#include "core/csv.h"
#include "core/file.h"

static const char *const classes[MF_FERPLUS_CLASSES] = {
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
};

enum { MAX_COUNT = 1000, TAGGERS = 10 };

const mf_ferplus_part mf_ferplus_parts[MF_FERPLUS_PARTS] = {
    {"FER2013Train", "Training", MF_SPLIT_TRAIN}, {"FER2013Valid", "PublicTest", MF_SPLIT_VAL},
    {"FER2013Test", "PrivateTest", MF_SPLIT_TEST},
};

typedef struct ferplus_cfg {
    int mode, labels;
} ferplus_cfg;

static const char *const modes[]   = {"majority", "probability", "crossentropy", "multi-target", NULL};
static const char *const sources[] = {"auto", "label.csv", "fer2013new.csv", NULL};
enum { FROM_AUTO, FROM_PARTS, FROM_NEW };

static const mf_opt ferplus_opts[] = {
    MF_OPT_ENUM(ferplus_cfg, mode, MF_FERPLUS_MAJORITY, modes,
                "pictures of the training part to keep: with a majority; with a usable vote distribution (probability, "
                "crossentropy); with one or more targets; validation and test always take the majority"),
    MF_OPT_ENUM(ferplus_cfg, labels, FROM_AUTO, sources, "where the votes are; auto prefers label.csv, as published figures do"),
    MF_OPT_END
};

/* ---- rows ---- */

mf_status
mf_ferplus_read_votes(int votes[MF_FERPLUS_VOTES], char **f, mf_err *err)
{
    mf_status st;
    int       i;

    for (i = 0; i < MF_FERPLUS_VOTES; i++) {
        int64_t v;

        if ((st = mf_parse_i64(&v, f[i], 0, MAX_COUNT, err)) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "vote count %d", i + 1);
        votes[i] = (int)v;
    }
    return MF_OK;
}

mf_status
mf_ferplus_add(mf_import *im, mf_ferplus_tally *t, mf_import_row *row, int part, const int votes[MF_FERPLUS_VOTES],
               mf_ferplus_mode mode, mf_err *err)
{
    mf_split split = mf_ferplus_parts[part].split;
    float    soft[MF_FERPLUS_CLASSES];
    int      label = mf_ferplus_decide(soft, votes, split == MF_SPLIT_TRAIN ? mode : MF_FERPLUS_MAJORITY), sum = 0, i;

    for (i = 0; i < MF_FERPLUS_VOTES; i++)
        sum += votes[i];
    t->odd_sum += sum != TAGGERS;
    if (label < 0) {
        int most = mf_ferplus_most(votes);

        if (most < MF_FERPLUS_CLASSES)
            t->dropped_class[most]++;
        t->unknown += most == MF_FERPLUS_UNKNOWN;
        t->no_face += most == MF_FERPLUS_NOT_A_FACE;
        return MF_OK;
    }
    if (mf_dataset_find(im->data, row->image) >= 0) {
        t->repeated++;
        return MF_OK;
    }
    if (!row->file.size && !mf_path_exists(row->file.path)) {
        t->missing++;
        return MF_OK;
    }
    row->label = classes[label];
    row->split = split;
    row->soft  = soft;
    t->kept++;
    t->kept_class[label]++;
    return mf_import_add(im, row, err);
}

void
mf_ferplus_note(mf_str *s, const mf_ferplus_tally *t, const char *part)
{
    size_t dropped = t->unknown + t->no_face, i;

    for (i = 0; i < MF_FERPLUS_CLASSES; i++)
        dropped += t->dropped_class[i];
    mf_str_printf(s, "%s: %zu rows, %zu kept, %zu dropped for want of agreement\n", part, t->rows, t->kept, dropped);
    mf_str_printf(s, "  %-16s %8s %8s\n", "most votes", "kept", "dropped");
    for (i = 0; i < MF_FERPLUS_CLASSES; i++)
        mf_str_printf(s, "  %-16s %8zu %8zu\n", classes[i], t->kept_class[i], t->dropped_class[i]);
    mf_str_printf(s, "  %-16s %8s %8zu\n  %-16s %8s %8zu\n", "unknown", "-", t->unknown, "not a face", "-", t->no_face);
    if (t->missing)
        mf_str_printf(s, "  %zu pictures of the list are not in the folder\n", t->missing);
    if (t->repeated)
        mf_str_printf(s, "  %zu names came a second time and were left out\n", t->repeated);
    if (t->no_name)
        mf_str_printf(s, "  %zu rows have no name and were left out\n", t->no_name);
    if (t->odd_sum)
        mf_str_printf(s, "  %zu rows have other than %d votes in all\n", t->odd_sum, (int)TAGGERS);
}

/* ---- label.csv of a part ---- */

static mf_status
scan_row(mf_import *im, mf_ferplus_tally *t, const char *dir, int part, char **f, size_t n, mf_import_row *row, int mode,
         mf_err *err)
{
    mf_status st;
    int       votes[MF_FERPLUS_VOTES];
    mf_str    image = {0}, from = {0};

    if (n != 2 + MF_FERPLUS_VOTES)
        return mf_fail(err, MF_E_FORMAT, "%zu fields, but a row has 12: name, box, ten vote counts", n);
    if ((st = mf_ferplus_read_votes(votes, f + 2, err)) < 0)
        return st;
    t->rows++;
    if (!*f[0]) {
        t->no_name++;
        return MF_OK;
    }
    if (!mf_path_is_inside(f[0]))
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves its folder", f[0]);
    mf_str_printf(&image, "%s/%s", mf_ferplus_parts[part].folder, f[0]);
    mf_path_join(&from, dir, f[0]);
    row->image     = mf_str_c(&image);
    row->file.path = mf_str_c(&from);
    if ((st = mf_str_ok(&image, err)) == MF_OK && (st = mf_str_ok(&from, err)) == MF_OK)
        st = mf_ferplus_add(im, t, row, part, votes, (mf_ferplus_mode)mode, err);
    mf_str_free(&from);
    mf_str_free(&image);
    return st;
}

static mf_status
scan_part(mf_import *im, const char *src, int part, int mode, mf_err *err)
{
    mf_status        st;
    mf_str           dir = {0}, file = {0};
    mf_csv          *c = NULL;
    char           **f;
    size_t           n;
    mf_ferplus_tally t = {0};

    mf_path_join(&dir, src, mf_ferplus_parts[part].folder);
    mf_path_join(&file, mf_str_c(&dir), "label.csv");
    if ((st = mf_str_ok(&dir, err)) < 0 || (st = mf_str_ok(&file, err)) < 0 || !mf_path_exists(mf_str_c(&file)))
        goto done;
    if ((st = mf_csv_open(&c, mf_str_c(&file), err)) < 0)
        goto done;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        mf_import_row row = {.file = {.table = mf_str_c(&file), .line = mf_csv_line(c)}};

        if ((st = scan_row(im, &t, mf_str_c(&dir), part, f, n, &row, mode, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", mf_str_c(&file), mf_csv_line(c));
            break;
        }
    }
    if (st == MF_OK)
        mf_ferplus_note(&im->notes, &t, mf_ferplus_parts[part].folder);
done:
    mf_csv_close(c);
    mf_str_free(&file);
    mf_str_free(&dir);
    return st;
}

/* ---- the importer ---- */

/* The first part that has a label.csv, or NULL. */
static const char *
labelled_part(const char *src)
{
    static const char *const lists[MF_FERPLUS_PARTS] = {
        "FER2013Train/label.csv", "FER2013Valid/label.csv", "FER2013Test/label.csv",
    };
    int i;

    for (i = 0; i < MF_FERPLUS_PARTS; i++)
        if (mf_import_has(src, lists[i]))
            return mf_ferplus_parts[i].folder;
    return NULL;
}

static mf_status
ferplus_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    const ferplus_cfg *o = cfg;
    mf_status          st;
    bool               parts = labelled_part(src) != NULL, both = mf_import_has(src, "fer2013new.csv");
    int                i;

    if (o->labels == FROM_PARTS ? !parts : o->labels == FROM_NEW ? !both : !parts && !both)
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has none of %s", src,
                       o->labels == FROM_NEW ? "fer2013new.csv"
                       : o->labels == FROM_PARTS ? "FER2013Train/label.csv, FER2013Valid/label.csv, FER2013Test/label.csv"
                                                 : "FER2013Train/label.csv, FER2013Valid/label.csv, FER2013Test/label.csv, "
                                                   "fer2013new.csv");
    if ((st = mf_dataset_new(&im->data, "ferplus", classes, MF_FERPLUS_CLASSES, err)) < 0)
        return st;
    if (o->labels == FROM_NEW || (o->labels == FROM_AUTO && !parts)) {
        mf_str_add(&im->notes, "votes from fer2013new.csv\n");
        st = mf_ferplus_scan_new(im, src, (mf_ferplus_mode)o->mode, err);
    } else {
        mf_str_add(&im->notes, "votes from the label.csv of each part\n");
        for (i = 0; i < MF_FERPLUS_PARTS && st == MF_OK; i++)
            st = scan_part(im, src, i, o->mode, err);
    }
    return st == MF_OK ? mf_str_ok(&im->notes, err) : st;
}

static int
ferplus_probe(const mf_import_view *v, mf_str *why)
{
    const char *part = v->is_file ? NULL : labelled_part(v->src);
    int         i;

    if (v->is_file)
        return 0;
    if (part) {
        mf_str_printf(why, "%s/label.csv", part);
        return 95;
    }
    if (mf_import_has(v->src, "fer2013new.csv")) {
        mf_str_add(why, "fer2013new.csv");
        return 95;
    }
    for (i = 0; i < MF_FERPLUS_PARTS; i++)
        if (mf_import_has(v->src, mf_ferplus_parts[i].folder)) {
            mf_str_printf(why, "%s/ without label.csv", mf_ferplus_parts[i].folder);
            break;
        }
    return 0;
}

const mf_importer_def mf_importer_ferplus = {
    .name = "ferplus", .summary = "FER2013 faces with the votes of FER+: one label, and the votes as soft labels",
    .layout = "FER2013Train|Valid|Test/label.csv and pictures, or fer2013new.csv with fer2013.csv or the pictures",
    .cfg_size = sizeof(ferplus_cfg), .opts = ferplus_opts, .probe = ferplus_probe, .scan = ferplus_scan,
};
