/* embed_tool: t-SNE of a matrix for bench/embed.py: float32 rows from a file, positions to another, one JSON line.
 *   embed_tool N D IN OUT THREADS [--option=value ...]      the options of `maskfer embed` that t-SNE takes
 *   embed_tool N D IN MAP THREADS --measure                 judges positions that any program made: divergence from exact neighbours
 *                                                           at perplexity 30, trustworthiness (5 neighbours) */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/thread.h"
#include "eval/embedding_quality.h"
#include "eval/tsne.h"
#include "eval/tsne_i.h"

static double
cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* One measure for all programs: the same affinities, the sum over all pairs exact where that is affordable. */
static mf_status
measure(const float *x, size_t n, size_t d, const char *map, mf_err *err)
{
    enum { PERPLEXITY = 30, EXACT_MAX = 60000 };
    mf_knn          g  = {0};
    mf_affinity     a  = {0};
    mf_repulsion   *r  = NULL;
    mf_blob         in = {0};
    mf_knn_opts     ko = mf_knn_opts_default();
    mf_quality_opts qo = mf_quality_opts_default();
    mf_quality      q;
    float          *force = mf_calloc(n, 2 * sizeof *force);
    double          z;
    mf_status       st;

    if (force == NULL) {
        return mf_oom(err, n * 2 * sizeof *force, "forces");
    }
    ko.k      = 3 * PERPLEXITY;
    ko.method = MF_KNN_EXACT;
    if ((st = mf_file_read(&in, map, n * 2 * sizeof(float), err)) < 0) {
        goto done;
    }
    if (in.size != n * 2 * sizeof(float)) {
        st = mf_fail(err, MF_E_FORMAT, "%s holds %zu bytes, not %zu positions", map, in.size, n);
        goto done;
    }
    if ((st = mf_knn_build(&g, x, n, d, &ko, err)) < 0 || (st = mf_affinity_build(&a, &g, PERPLEXITY, err)) < 0 ||
        (st = mf_repulsion_new(&r, n, n > EXACT_MAX, err)) < 0 ||
        (st = mf_repulsion_run(r, force, &z, (const float *)(const void *)in.data, err)) < 0 ||
        (st = mf_quality_make(&q, x, n, d, (const float *)(const void *)in.data, NULL, 0, &qo, err)) < 0) {
        goto done;
    }
    printf("{\"kl\": %.6f, \"trustworthiness\": %.6f}\n", mf_tsne_divergence(&a, (const float *)(const void *)in.data, z), q.trustworthiness);
done:
    mf_knn_free(&g);
    mf_affinity_free(&a);
    mf_repulsion_free(r);
    mf_blob_free(&in);
    mf_free(force);
    return st;
}

int
main(int argc, char **argv)
{
    mf_err      err = {0};
    mf_blob     in  = {0};
    mf_tsne     t   = {0};
    mf_tsne_cfg c;
    size_t      n, d;
    double      cpu;
    bool        judge = false;

    if (argc < 6) {
        fprintf(stderr, "usage: embed_tool N D IN OUT THREADS [--option=value ...]\n");
        return 2;
    }
    n = strtoul(argv[1], NULL, 10);
    d = strtoul(argv[2], NULL, 10);
    mf_threads_set((int)strtol(argv[5], NULL, 10));
    mf_opt_defaults(mf_tsne_rows, &c);
    for (int i = 6; i < argc; i++) {
        if (strcmp(argv[i], "--measure") == 0) {
            judge = true;
            continue;
        }
        char *eq = strchr(argv[i], '=');

        if (strncmp(argv[i], "--", 2) != 0 || eq == NULL) {
            fprintf(stderr, "embed_tool: expected --option=value, not '%s'\n", argv[i]);
            return 2;
        }
        *eq = '\0';
        if (mf_opt_set(mf_tsne_rows, &c, argv[i] + 2, eq + 1, &err) < 0) {
            fprintf(stderr, "embed_tool: %s\n", err.msg);
            return 2;
        }
    }
    if (mf_file_read(&in, argv[3], (size_t)1 << 34, &err) < 0) {
        fprintf(stderr, "embed_tool: %s\n", err.msg);
        return 1;
    }
    if (in.size != n * d * sizeof(float)) {
        fprintf(stderr, "embed_tool: %s holds %zu bytes, not %zu x %zu numbers\n", argv[3], in.size, n, d);
        return 1;
    }
    if (judge) {
        mf_status st = measure((const float *)(const void *)in.data, n, d, argv[4], &err);

        if (st < 0) {
            fprintf(stderr, "embed_tool: %s\n", err.msg);
        }
        mf_blob_free(&in);
        return st < 0;
    }
    cpu = cpu_seconds();
    if (mf_tsne_run(&t, (const float *)(const void *)in.data, n, d, &c, NULL, &err) < 0 ||
        (cpu = cpu_seconds() - cpu, mf_file_write(argv[4], t.y, n * 2 * sizeof(float), &err) < 0)) {
        fprintf(stderr, "embed_tool: %s\n", err.msg);
        return 1;
    }
    printf("{\"kl\": %.6f, \"cpu_seconds\": %.3f, \"wall_seconds\": %.3f, \"neighbours\": %.3f, \"affinities\": %.3f, \"start\": %.3f, \"iterations\": %.3f, "
           "\"peak_memory_bytes\": %zu}\n",
           t.kl, cpu, t.seconds_neighbours + t.seconds_affinities + t.seconds_start + t.seconds_iterations, t.seconds_neighbours,
           t.seconds_affinities, t.seconds_start, t.seconds_iterations, mf_mem_rss_peak());
    mf_tsne_free(&t);
    mf_blob_free(&in);
    return 0;
}
