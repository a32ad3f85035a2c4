/* eval/class_map.c: spellings of the expressions. */
#include "eval/class_map.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

enum { NEGATIVE = 100, NEUTRAL = 101, POSITIVE = 102, NO_IDEA = -1, WORD_MAX = 32 };

/* The canonical number of each spelling; `three`: what it is among negative, neutral, positive. */
static const struct {
    const char *word;
    int         idea, three;
} words[] = {
    {"neutral", 0, NEUTRAL},        {"calm", 0, NEUTRAL},          {"happiness", 1, POSITIVE}, {"happy", 1, POSITIVE},
    {"joy", 1, POSITIVE},           {"smile", 1, POSITIVE},        {"surprise", 2, NO_IDEA},   {"surprised", 2, NO_IDEA},
    {"sadness", 3, NEGATIVE},       {"sad", 3, NEGATIVE},          {"anger", 4, NEGATIVE},     {"angry", 4, NEGATIVE},
    {"disgust", 5, NEGATIVE},       {"disgusted", 5, NEGATIVE},    {"fear", 6, NEGATIVE},      {"fearful", 6, NEGATIVE},
    {"afraid", 6, NEGATIVE},        {"scared", 6, NEGATIVE},       {"contempt", 7, NEGATIVE},  {"contemptuous", 7, NEGATIVE},
    {"negative", NEGATIVE, NEGATIVE}, {"positive", POSITIVE, POSITIVE},
};

static int
find_word(const char *name)
{
    char   low[WORD_MAX];
    size_t n = strlen(name);

    if (n >= sizeof low) {
        return -1;
    }
    for (size_t i = 0; i <= n; i++) {
        low[i] = (char)tolower((unsigned char)name[i]);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(low, words[i].word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool
same(const char *a, const char *b)
{
    const int x = find_word(a), y = find_word(b);

    return strcmp(a, b) == 0 || (x >= 0 && y >= 0 && words[x].idea == words[y].idea);
}

/* negative, neutral, positive and nothing else, with one of the two that the basic expressions have not. */
static bool
is_three(const char *const *names, int n)
{
    bool told = false;

    for (int i = 0; i < n; i++) {
        const int w = find_word(names[i]);

        if (w < 0 || (words[w].idea < NEGATIVE && words[w].idea != 0)) {
            return false;
        }
        told = told || words[w].idea >= NEGATIVE;
    }
    return told;
}

/* The class of `names` that stands for `name`; by groups of three where `three`. -1: none. */
static int
match(const char *name, const char *const *names, int n, bool three)
{
    const int w = find_word(name);

    for (int i = 0; i < n; i++) {
        const int v = find_word(names[i]);

        if (three ? w >= 0 && v >= 0 && words[w].three != NO_IDEA && words[w].three == words[v].three : same(name, names[i])) {
            return i;
        }
    }
    return -1;
}

static void
list(mf_str *out, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        mf_str_printf(out, "%s%s", i != 0 ? ", " : "", names[i]);
    }
}

static int
find(const char *const *names, int n, const char *name, size_t len)
{
    for (int i = 0; i < n; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return i;
        }
    }
    return -1;
}

/* "label=class,label=-" onto from_label. */
static mf_status
take_map(mf_class_map *m, const char *const *labels, const char *map, mf_err *err)
{
    while (*map != '\0') {
        const size_t len   = strcspn(map, ",");
        const char  *equal = memchr(map, '=', len);
        size_t       right;
        int          label, class;

        if (equal == NULL) {
            return mf_fail(err, MF_E_USAGE, "option '--map': expected label=class, not '%.*s'", (int)len, map);
        }
        right = len - (size_t)(equal + 1 - map);
        if ((label = find(labels, m->n_labels, map, (size_t)(equal - map))) < 0) {
            return mf_fail(err, MF_E_USAGE, "option '--map': the data set has no label '%.*s'", (int)(equal - map), map);
        }
        class = right == 1 && equal[1] == '-' ? -1 : find(m->name, m->classes, equal + 1, right);
        if (class < 0 && !(right == 1 && equal[1] == '-')) {
            return mf_fail(err, MF_E_USAGE, "option '--map': there is no class '%.*s' to score by", (int)right, equal + 1);
        }
        m->from_label[label] = class;
        map += len + (map[len] == ',');
    }
    return MF_OK;
}

/* Shared classes without a label are dropped. */
static void
keep_common(mf_class_map *m)
{
    int to[MF_CLASSES_MAX], kept = 0;

    for (int c = 0; c < m->classes; c++) {
        bool used = false;

        for (int l = 0; l < m->n_labels; l++) {
            used = used || m->from_label[l] == c;
        }
        to[c] = used ? kept : -1;
        if (used) {
            m->name[kept++] = m->name[c];
        }
    }
    m->classes = kept;
    for (int i = 0; i < m->n_network; i++) {
        m->from_network[i] = m->from_network[i] >= 0 ? to[m->from_network[i]] : -1;
    }
    for (int l = 0; l < m->n_labels; l++) {
        m->from_label[l] = m->from_label[l] >= 0 ? to[m->from_label[l]] : -1;
    }
}

static mf_status
nothing_matches(const char *const *network, int n_network, const char *const *labels, int n_labels, mf_err *err)
{
    mf_str theirs = {0}, ours = {0};

    list(&theirs, labels, n_labels);
    list(&ours, network, n_network);
    mf_fail(err, MF_E_ARG, "no label of the data set (%s) is a class of the network (%s): give --map label=class,...",
            mf_str_c(&theirs), mf_str_c(&ours));
    mf_str_free(&theirs);
    mf_str_free(&ours);
    return MF_E_ARG;
}

mf_status
mf_class_map_make(mf_class_map *out, const char *const *network, int n_network, const char *const *labels, int n_labels,
                  const mf_class_map_opts *o, mf_err *err)
{
    const bool net3 = is_three(network, n_network), set3 = is_three(labels, n_labels), groups = net3 != set3;
    const bool by_labels = groups && set3; /* the shared classes are the three, whoever has them */
    const char *const *shared = by_labels ? labels : network;
    int                some   = 0;
    mf_status          st;

    MF_ASSERT(n_network <= MF_CLASSES_MAX && n_labels <= MF_CLASSES_MAX);
    *out = (mf_class_map){.classes = by_labels ? n_labels : n_network, .n_network = n_network, .n_labels = n_labels};
    for (int c = 0; c < out->classes; c++) {
        out->name[c] = shared[c];
        for (int k = 0; k < c; k++) {
            if (same(shared[c], shared[k])) {
                return mf_fail(err, MF_E_ARG, "the classes '%.80s' and '%.80s' mean the same", shared[k], shared[c]);
            }
        }
    }
    for (int i = 0; i < n_network; i++) {
        out->from_network[i] = by_labels ? match(network[i], shared, out->classes, true) : i;
    }
    for (int l = 0; l < n_labels; l++) {
        out->from_label[l] = by_labels ? l : match(labels[l], shared, out->classes, groups);
    }
    if ((st = take_map(out, labels, o->map, err)) < 0) {
        return st;
    }
    for (int l = 0; l < n_labels; l++) {
        some += out->from_label[l] >= 0;
    }
    if (some == 0) {
        return nothing_matches(network, n_network, labels, n_labels, err);
    }
    if (o->common) {
        keep_common(out);
    }
    return MF_OK;
}

void
mf_class_map_apply(float *shared, const mf_class_map *m, const float *prob)
{
    double sum[MF_CLASSES_MAX] = {0}, all = 0.0;

    for (int i = 0; i < m->n_network; i++) {
        if (m->from_network[i] >= 0) {
            sum[m->from_network[i]] += (double)prob[i];
            all += (double)prob[i];
        }
    }
    for (int c = 0; c < m->classes; c++) {
        shared[c] = (float)(all == 0.0 ? 1.0 / m->classes : sum[c] / all); /* NaN stays */
    }
}
