/* core/log.h: messages to whoever listens. The library prints nothing: the command line installs a sink. */
#ifndef MF_CORE_LOG_H
#define MF_CORE_LOG_H

typedef enum mf_log_level { MF_LOG_DEBUG, MF_LOG_INFO, MF_LOG_WARN } mf_log_level;
typedef void mf_log_fn(void *arg, mf_log_level level, const char *text);
/* A sink handed down in option structs; {0} is silence. */
typedef struct mf_log {
    mf_log_fn *fn;
    void      *arg;
} mf_log;
void mf_logf(const mf_log *log, mf_log_level level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Progress of a long job: done of total items in `what` ("epoch 3/25"); speed and ETA are computed by the sink. */
typedef void mf_progress_fn(void *arg, const char *what, double done, double total);
typedef struct mf_progress {
    mf_progress_fn *fn;
    void           *arg;
} mf_progress;
void mf_progress_set(const mf_progress *p, const char *what, double done, double total);

#endif
