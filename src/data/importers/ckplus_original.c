/* data/importers/ckplus_original.c: cohn-kanade-images/S###/###/ with frames from neutral to peak, Emotion/ with a number for
 * labelled sequences, Landmarks/ with 68 points a frame. The last frames get the label, the first is neutral. */
#include <stdio.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/importers/ckplus.h"
#include "data/pts.h"

/* Labelled sequences that were published, by number. */
static const size_t published[MF_CKPLUS_CLASSES] = {0, 45, 18, 59, 25, 69, 28, 83};

typedef struct scan {
    mf_import           *im;
    const char          *root;
    const mf_ckplus_cfg *cfg;
    size_t               sequences, odd, no_points, n[MF_CKPLUS_CLASSES];
} scan;

/* The one file of Emotion/SUBJECT/SEQUENCE: its number 1 .. 7 and the frame in its name; label 0: not labelled. */
static mf_status
read_emotion(int *label, long *frame, const scan *s, const char *sequence, mf_err *err)
{
    mf_status st    = MF_OK;
    mf_str    path  = {0}, dir = {0};
    mf_names  names = {0};
    mf_blob   file  = {0};
    char      who[8], *text, *end;
    double    v;
    size_t    i;

    *label = 0;
    *frame = -1;
    mf_str_printf(&dir, "%s/Emotion/%s", s->root, sequence);
    if ((st = mf_str_ok(&dir, err)) < 0 || !mf_path_is_dir(mf_str_c(&dir)) || (st = mf_dir_list(&names, mf_str_c(&dir), err)) < 0)
        goto done;
    for (i = 0; i < names.n && st == MF_OK && !*label; i++) {
        if (names.name[i][0] == '.' || !mf_str_ends(names.name[i], "_emotion.txt"))
            continue;
        mf_path_join(&path, mf_str_c(&dir), names.name[i]);
        if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_file_read(&file, mf_str_c(&path), MF_PTS_MAX_BYTES, err)) < 0)
            break;
        text = (char *)file.data + strspn((char *)file.data, " \t\r\n");
        for (end = text + strlen(text); end > text && strchr(" \t\r\n", end[-1]); end--)
            continue;
        *end = '\0';
        if ((st = mf_parse_f64(&v, text, 1, MF_CKPLUS_CLASSES - 1, err)) < 0 || v != (double)(int)v)
            st = mf_fail(err, MF_E_FORMAT, "%s: line 1: expected one number, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, "
                         "6 sadness, 7 surprise, not '%.40s'", mf_str_c(&path), text);
        else
            *label = (int)v;
        *frame = mf_ckplus_name(who, names.name[i]);
        mf_blob_free(&file);
    }
done:
    mf_blob_free(&file);
    mf_names_free(&names);
    mf_str_free(&dir);
    mf_str_free(&path);
    return st;
}

static mf_status
add_frame(scan *s, const char *sequence, const char *name, int label, mf_err *err)
{
    mf_status     st;
    mf_str        image = {0}, from = {0}, points = {0};
    mf_landmarks  lm    = {0};
    char          who[8];
    mf_import_row row = {.label = mf_ckplus_classes[label], .subject = who, .landmarks = &lm};

    (void)mf_ckplus_name(who, name);
    mf_str_printf(&image, "cohn-kanade-images/%s/%s", sequence, name);
    mf_path_join(&from, s->root, mf_str_c(&image));
    mf_str_printf(&points, "%s/Landmarks/%s/%.*s_landmarks.txt", s->root, sequence, (int)(strrchr(name, '.') - name), name);
    if ((st = mf_str_ok(&image, err)) < 0 || (st = mf_str_ok(&from, err)) < 0 || (st = mf_str_ok(&points, err)) < 0)
        goto done;
    if (!mf_path_exists(mf_str_c(&points)))
        s->no_points++;
    else if ((st = mf_pts_load(&lm, mf_str_c(&points), err)) < 0)
        goto done;
    row.image     = mf_str_c(&image);
    row.file.path = mf_str_c(&from);
    st = mf_import_add(s->im, &row, err);
done:
    mf_str_free(&points);
    mf_str_free(&from);
    mf_str_free(&image);
    return st;
}

/* Frames of a sequence in order, `sequence` is S###/###. */
static mf_status
scan_sequence(scan *s, const char *sequence, mf_err *err)
{
    mf_status    st;
    mf_str       dir   = {0};
    mf_names     names = {0};
    char         who[8];
    const char **frame = NULL;
    size_t       n     = 0, i, first, last;
    long         peak;
    int          label = 0;

    mf_str_printf(&dir, "%s/cohn-kanade-images/%s", s->root, sequence);
    if ((st = mf_str_ok(&dir, err)) < 0 || (st = mf_dir_list(&names, mf_str_c(&dir), err)) < 0)
        goto done;
    if (!(frame = mf_calloc(names.n, sizeof *frame))) {
        st = mf_oom(err, names.n * sizeof *frame, "frames");
        goto done;
    }
    for (i = 0; i < names.n; i++) { /* names have numbers of eight digits: sorted by name is sorted by time */
        if (!mf_import_is_picture(names.name[i]))
            continue;
        if (mf_ckplus_name(who, names.name[i]) < 0)
            s->odd++;
        else
            frame[n++] = names.name[i];
    }
    if (n == 0 || (st = read_emotion(&label, &peak, s, sequence, err)) < 0)
        goto done;
    s->sequences++;
    s->n[label]++;
    last = n;
    if (label) {
        for (i = 0; i < n && peak >= 0; i++)
            if (mf_ckplus_name(who, frame[i]) == peak)
                last = i + 1; /* the label is of the peak, which is the last frame of most sequences */
        if (peak >= 0 && mf_ckplus_name(who, frame[last - 1]) != peak) {
            st = mf_fail(err, MF_E_FORMAT, "'%s': the emotion file names frame %ld, which is not there", mf_str_c(&dir), peak);
            goto done;
        }
    }
    if (s->cfg->neutral == MF_CKPLUS_NEUTRAL_ALL || (label && s->cfg->neutral == MF_CKPLUS_NEUTRAL_LABELLED))
        if (!(label == MF_CKPLUS_CONTEMPT && !s->cfg->contempt) && (st = add_frame(s, sequence, frame[0], 0, err)) < 0)
            goto done;
    first = last > (size_t)s->cfg->frames ? last - (size_t)s->cfg->frames : 0;
    first = first == 0 && s->cfg->neutral != MF_CKPLUS_NEUTRAL_NONE ? 1 : first; /* one frame, one label */
    for (i = first; label && i < last && st == MF_OK; i++)
        if (label != MF_CKPLUS_CONTEMPT || s->cfg->contempt)
            st = add_frame(s, sequence, frame[i], label, err);
done:
    mf_free(frame);
    mf_names_free(&names);
    mf_str_free(&dir);
    return st;
}

/* Names of folders in root/rel, one call of `each` for rel/NAME. */
static mf_status
each_folder(scan *s, const char *rel, mf_status (*each)(scan *s, const char *name, mf_err *err), mf_err *err)
{
    mf_status st;
    mf_str    dir = {0}, name = {0}, path = {0};
    mf_names  names = {0};
    size_t    i;

    mf_str_printf(&dir, "%s/cohn-kanade-images%s%s", s->root, *rel ? "/" : "", rel);
    if ((st = mf_str_ok(&dir, err)) < 0 || (st = mf_dir_list(&names, mf_str_c(&dir), err)) < 0)
        goto done;
    for (i = 0; i < names.n && st == MF_OK; i++) {
        mf_path_join(&path, mf_str_c(&dir), names.name[i]);
        mf_str_clear(&name);
        mf_str_printf(&name, "%s%s%s", rel, *rel ? "/" : "", names.name[i]);
        if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_str_ok(&name, err)) < 0)
            break;
        if (names.name[i][0] != '.' && mf_path_is_dir(mf_str_c(&path)))
            st = each(s, mf_str_c(&name), err);
    }
done:
    mf_names_free(&names);
    mf_str_free(&path);
    mf_str_free(&name);
    mf_str_free(&dir);
    return st;
}

static mf_status
scan_subject(scan *s, const char *subject, mf_err *err)
{
    return each_folder(s, subject, scan_sequence, err);
}

mf_status
mf_ckplus_scan_original(mf_import *im, const char *root, const mf_ckplus_cfg *o, mf_err *err)
{
    mf_status st;
    scan      s = {.im = im, .root = root, .cfg = o};
    size_t    labelled = 0;
    int       k;

    if (!mf_import_has(root, "Emotion"))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has no folder Emotion beside cohn-kanade-images", root);
    if ((st = each_folder(&s, "", scan_subject, err)) < 0)
        return st;
    for (k = 1; k < MF_CKPLUS_CLASSES; k++)
        labelled += s.n[k];
    mf_str_printf(&im->notes, "%zu sequences, %zu of them labelled\n", s.sequences, labelled);
    for (k = 1; k < MF_CKPLUS_CLASSES; k++)
        if (s.n[k] != published[k])
            mf_str_printf(&im->notes, "  %s: %zu sequences, where CK+ has %zu\n", mf_ckplus_classes[k], s.n[k], published[k]);
    if (s.odd)
        mf_str_printf(&im->notes, "%zu pictures are not named like S010_004_00000017.png and were left out\n", s.odd);
    if (s.no_points)
        mf_str_printf(&im->notes, "%zu pictures have no file in Landmarks/\n", s.no_points);
    return MF_OK;
}
