/* data/importers/ferplus_rules.c: from ten counts to one label or a distribution, as the authors' trainer does it. */
#include "data/importers/ferplus.h"

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

bool
mf_ferplus_targets(float p[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES])
{
    int v[MF_FERPLUS_VOTES], all = drop_single_votes(v, votes), kept = 0, i;

    for (i = 0; i < MF_FERPLUS_VOTES; i++) {
        if (10 * v[i] < 3 * all)
            v[i] = 0;
        kept += v[i];
    }
    if (2 * kept <= all || first_max(v) >= MF_FERPLUS_CLASSES)
        return false;
    for (i = kept = 0; i < MF_FERPLUS_CLASSES; i++)
        kept += v[i];
    for (i = 0; i < MF_FERPLUS_CLASSES; i++)
        p[i] = (float)v[i] / (float)kept;
    return true;
}

/* ---- what becomes of a picture ---- */

static int
top(const float p[MF_FERPLUS_CLASSES])
{
    int i, best = 0;

    for (i = 1; i < MF_FERPLUS_CLASSES; i++)
        if (p[i] > p[best])
            best = i;
    return best;
}

int
mf_ferplus_decide(float soft[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES], mf_ferplus_mode mode)
{
    int label, i;

    if (mode == MF_FERPLUS_MULTI_TARGET)
        return mf_ferplus_targets(soft, votes) ? top(soft) : -1;
    if (mode != MF_FERPLUS_MAJORITY)
        return mf_ferplus_distribution(soft, votes) ? top(soft) : -1;
    if ((label = mf_ferplus_majority(votes)) >= MF_FERPLUS_CLASSES)
        return -1;
    if (!mf_ferplus_distribution(soft, votes)) /* a majority without a distribution: certain */
        for (i = 0; i < MF_FERPLUS_CLASSES; i++)
            soft[i] = i == label;
    return label;
}

int
mf_ferplus_most(const int votes[MF_FERPLUS_VOTES])
{
    return first_max(votes);
}
