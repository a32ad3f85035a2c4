/* core/log.c */
#include "core/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { LOG_LINE_MAX = 2048 };

void
mf_logf(const mf_log *log, mf_log_level level, const char *fmt, ...)
{
    char    text[LOG_LINE_MAX];
    va_list ap;

    if (log == NULL || log->fn == NULL) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log->fn(log->arg, level, text);
}

void
mf_progress_set(const mf_progress *p, const char *what, double done, double total)
{
    if (p != NULL && p->fn != NULL) {
        p->fn(p->arg, what, done, total);
    }
}
