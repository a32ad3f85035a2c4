/* eval/calibration.c: does a probability mean what it says: reliability bins, and the one temperature that mends most of it
 * (Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks", sections 2 and 4.2). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/metrics.h"

/* Of the inverse temperature. */
static const double slope_lo = 0.01, slope_hi = 100.0;

/* (i/B, (i+1)/B]; the first bin takes 0 as well. */
static int
bin_of(double p)
{
    int i = 0;

    while (i + 1 < MF_CALIBRATION_BINS && p > (double)(i + 1) / MF_CALIBRATION_BINS) {
        i++;
    }
    return i;
}

static double
log_of(double p)
{
    return log(p > MF_LOG_LOSS_FLOOR ? p : MF_LOG_LOSS_FLOOR);
}

/* Sums into means. */
static void
settle(mf_calibration *c, double loss)
{
    c->ece = c->mce = c->n != 0 ? 0.0 : (double)NAN;
    c->log_loss = c->n != 0 ? loss / (double)c->n : (double)NAN;
    for (int i = 0; i < MF_CALIBRATION_BINS; i++) {
        const double n = (double)c->bin[i].n;
        double       gap;

        if (c->bin[i].n == 0) {
            c->bin[i].confidence = c->bin[i].accuracy = (double)NAN;
            continue;
        }
        c->bin[i].confidence /= n;
        c->bin[i].accuracy /= n;
        gap = fabs(c->bin[i].confidence - c->bin[i].accuracy);
        c->ece += n / (double)c->n * gap;
        c->mce = gap > c->mce ? gap : c->mce;
    }
}

static void
add(mf_calibration *c, double confidence, bool correct)
{
    const int b = bin_of(confidence);

    c->n++;
    c->bin[b].n++;
    c->bin[b].confidence += confidence;
    c->bin[b].accuracy += correct;
}

void
mf_calibration_make(mf_calibration *out, const mf_answers *a)
{
    double loss = 0.0;

    memset(out, 0, sizeof *out);
    out->temperature = 1.0;
    for (size_t i = 0; i < a->n; i++) {
        const double *p = a->prob + i * (size_t)a->classes;

        if (a->answer[i] >= 0) {
            add(out, p[a->answer[i]], a->answer[i] == a->label[i]);
            loss -= log_of(p[a->label[i]]);
        }
    }
    settle(out, loss);
}

/* ---- temperature ------------------------------------------------------------------------------------------ */

/* Log of sum exp(s z_c), and mean and variance of z under the softmax of s z; z = log p. */
static double
scaled_moments(double *mean, double *variance, const double *p, int classes, double s)
{
    double z[MF_CLASSES_MAX], top = -INFINITY, sum = 0.0, m1 = 0.0, m2 = 0.0;

    for (int c = 0; c < classes; c++) {
        z[c] = log_of(p[c]);
        top  = z[c] > top ? z[c] : top;
    }
    for (int c = 0; c < classes; c++) {
        const double w = exp(s * (z[c] - top));

        sum += w;
        m1 += w * (z[c] - top);
        m2 += w * (z[c] - top) * (z[c] - top);
    }
    m1 /= sum;
    *mean     = m1 + top;
    *variance = m2 / sum - m1 * m1;
    return s * top + log(sum);
}

/* First and second derivative of the mean log loss by s = 1 / T: convex, so the first one rises. */
static size_t
slopes(double *first, double *second, const mf_answers *a, int skip, double s)
{
    size_t n = 0;

    *first = *second = 0.0;
    for (size_t i = 0; i < a->n; i++) {
        const double *p = a->prob + i * (size_t)a->classes;
        double        mean, variance;

        if (a->answer[i] < 0 || (skip >= 0 && a->group != NULL && a->group[i] == skip)) {
            continue;
        }
        scaled_moments(&mean, &variance, p, a->classes, s);
        *first += mean - log_of(p[a->label[i]]);
        *second += variance;
        n++;
    }
    return n;
}

double
mf_temperature_fit(const mf_answers *a, int skip)
{
    double lo = slope_lo, hi = slope_hi, s = 1.0, first, second;

    if (slopes(&first, &second, a, skip, s) == 0) {
        return 1.0;
    }
    /* Newton's steps, kept inside a bracket of the zero. */
    for (int i = 0; i < 200; i++) {
        double next;

        if (first > 0.0) {
            hi = s;
        } else {
            lo = s;
        }
        next = second > 0.0 ? s - first / second : lo;
        if (!(next > lo && next < hi)) {
            next = sqrt(lo * hi);
        }
        if (fabs(next - s) <= 1e-15 * s || hi - lo <= 1e-14 * lo) {
            s = next;
            break;
        }
        s = next;
        slopes(&first, &second, a, skip, s);
    }
    return 1.0 / s;
}

static int
by_value(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;

    return x < y ? -1 : x > y;
}

/* Different values of a->group, sorted, into `out` [n]. */
static size_t
distinct(int *out, const mf_answers *a)
{
    size_t k = 0;

    if (a->n == 0) {
        return 0;
    }
    memcpy(out, a->group, a->n * sizeof *out);
    qsort(out, a->n, sizeof *out, by_value);
    for (size_t i = 0; i < a->n; i++) {
        if (i == 0 || out[i] != out[k - 1]) {
            out[k++] = out[i];
        }
    }
    return k;
}

static void
add_scaled(mf_calibration *out, double *loss, const mf_answers *a, size_t i, double temperature)
{
    const double *p = a->prob + i * (size_t)a->classes;
    const double  s = 1.0 / temperature;
    double        mean, variance, whole = scaled_moments(&mean, &variance, p, a->classes, s);

    add(out, exp(s * log_of(p[a->answer[i]]) - whole), a->answer[i] == a->label[i]);
    *loss += whole - s * log_of(p[a->label[i]]);
}

mf_status
mf_calibration_scaled(mf_calibration *out, bool *own, const mf_answers *a, mf_err *err)
{
    int   *group = mf_calloc(a->n, sizeof *group);
    size_t k;
    double loss = 0.0, sum = 0.0;

    if (group == NULL) {
        return mf_oom(err, a->n * sizeof *group, "groups");
    }
    memset(out, 0, sizeof *out);
    k    = a->group != NULL ? distinct(group, a) : 0;
    *own = k < 2;
    for (size_t g = 0; g < (*own ? 1 : k); g++) {
        const double t = mf_temperature_fit(a, *own ? -1 : group[g]);

        sum += t;
        for (size_t i = 0; i < a->n; i++) {
            if (a->answer[i] >= 0 && (*own || a->group[i] == group[g])) {
                add_scaled(out, &loss, a, i, t);
            }
        }
    }
    out->temperature = sum / (double)(*own ? 1 : k);
    settle(out, loss);
    mf_free(group);
    return MF_OK;
}
