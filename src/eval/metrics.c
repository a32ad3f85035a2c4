/* eval/metrics.c */
#include "eval/metrics.h"

#include <math.h>
#include <string.h>

#include "infer/infer.h"

void
mf_metrics_begin(mf_metrics *m, int classes)
{
    MF_ASSERT(classes > 0 && classes <= MF_CLASSES_MAX);
    memset(m, 0, sizeof *m);
    m->classes = classes;
}

void
mf_metrics_add(mf_metrics *m, int label, const float *prob)
{
    int    answer;
    double p;

    MF_ASSERT(label >= 0 && label < m->classes);
    answer = mf_argmax(prob, m->classes);
    p      = (double)prob[label];
    m->n++;
    m->correct += answer == label;
    m->loss -= log(p > MF_LOG_LOSS_FLOOR ? p : p != p ? p : MF_LOG_LOSS_FLOOR);
    m->confusion[label][answer]++;
}

void
mf_metrics_add_unread(mf_metrics *m, int label)
{
    MF_ASSERT(label >= 0 && label < m->classes);
    m->n++;
    m->unread++;
    m->missed[label]++;
}

void
mf_metrics_end(mf_metrics *m)
{
    int with_f1 = 0, with_recall = 0;

    m->accuracy = m->n != 0 ? 100.0 * (double)m->correct / (double)m->n : 0.0;
    m->loss     = m->n != m->unread ? m->loss / (double)(m->n - m->unread) : 0.0;
    for (int c = 0; c < m->classes; c++) {
        int64_t row = m->missed[c], column = 0, hit = m->confusion[c][c];

        for (int k = 0; k < m->classes; k++) {
            row += m->confusion[c][k];
            column += m->confusion[k][c];
        }
        m->recall[c]    = row != 0 ? 100.0 * (double)hit / (double)row : (double)NAN;
        m->precision[c] = column != 0 ? 100.0 * (double)hit / (double)column : (double)NAN;
        m->f1[c]        = row + column != 0 ? 200.0 * (double)hit / (double)(row + column) : (double)NAN;
        if (row != 0) {
            m->balanced += m->recall[c];
            with_recall++;
        }
        if (row + column != 0) {
            m->macro_f1 += m->f1[c];
            with_f1++;
        }
    }
    m->balanced = with_recall != 0 ? m->balanced / with_recall : 0.0;
    m->macro_f1 = with_f1 != 0 ? m->macro_f1 / with_f1 : 0.0;
}
