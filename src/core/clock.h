/* core/clock.h: monotonic seconds for measuring, wall time for records. */
#ifndef MF_CORE_CLOCK_H
#define MF_CORE_CLOCK_H
double mf_now(void);                    /* seconds, monotonic */
double mf_time_now(void);               /* seconds since 1970, UTC */
void   mf_time_text(char buf[32]);      /* UTC, ISO 8601: 2026-11-22T02:31:00Z */
#endif
