/* core/clock.c */
#include "core/clock.h"

#include <time.h>

double
mf_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double
mf_time_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void
mf_time_text(char buf[32])
{
    time_t    now = time(NULL);
    struct tm tm;

    gmtime_r(&now, &tm);
    if (strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        buf[0] = '\0';
    }
}
