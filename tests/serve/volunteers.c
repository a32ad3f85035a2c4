/* tests/serve/volunteers.c */
#include "support.h"

#include "volunteers.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/rng.h"
#include "serve/ballots.h"
#include "serve/message.h"
#include "serve/order.h"

#if MF_HAVE_SQLITE
#include <sqlite3.h>
#endif

int
volunteer_sees(int person, uint64_t task, int label)
{
    uint64_t x = mf_mix64(task * 31 + (uint64_t)person);

    if (x % 100 < 60) {
        return label;
    }
    return x % 100 < 70 ? -1 : (int)(x / 100 % TASK_CLASSES);
}

bool
volunteer_regrets(int person, uint64_t task)
{
    return mf_mix64(task * 17 + (uint64_t)person) % 25 == 0;
}

void
record_body(record *all, int person, bool undo, const char *body)
{
    mf_message m;
    mf_err     err = {0};
    acked     *a   = &all->r[all->n];

    assert_true(all->n < REQUESTS_MAX);
    assert_mf_ok(undo ? mf_message_undo(&m, body, strlen(body), &err) : mf_message_vote(&m, body, strlen(body), &err), &err);
    *a = (acked){.person = person, .undo = undo, .task = m.task, .verdict = m.verdict};
    memcpy(a->client, m.client, sizeof a->client);
    snprintf(a->label, sizeof a->label, "%.31s", m.label);
    all->n++;
}

/* ---- the check ---- */

typedef struct expected {
    const mf_dataset *data;
    const acked     **of; /* [people][rows][2]: the acknowledged answer that stands */
    size_t            seen, wrong;
} expected;

static const acked **
place(const expected *e, size_t person, size_t row, size_t again)
{
    return &e->of[(person * e->data->n_rows + row) * 2 + again];
}

static mf_status
compare(void *arg, const mf_ballot *v, mf_err *err)
{
    expected    *e = arg;
    const acked *a = *place(e, v->person, v->row, v->again);

    (void)err;
    e->seen++;
    if (a == NULL || a->verdict != v->verdict ||
        (v->verdict == MF_VERDICT_OTHER && !mf_str_eq(a->label, e->data->classes[v->label]))) {
        e->wrong++;
        print_error("person %zu, row %u, showing %u: not what was acknowledged\n", v->person, v->row, v->again);
    }
    return MF_OK;
}

/* Lines of the log, and different requests in it, by SQLite itself. */
static void
count_log(const char *path, int64_t *lines, int64_t *requests)
{
#if MF_HAVE_SQLITE
    sqlite3      *db = NULL;
    sqlite3_stmt *s  = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*), count(DISTINCT person || ' ' || client) FROM event", -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    *lines    = sqlite3_column_int64(s, 0);
    *requests = sqlite3_column_int64(s, 1);
    sqlite3_finalize(s);
    sqlite3_close(db);
#else
    (void)path;
    *lines = *requests = -1;
#endif
}

/* The table of `--export`, read as every other command reads it. */
static void
check_table(const char *dir, const mf_dataset *d, const expected *e, int n)
{
    const char *csv = mf_test_path("exported.csv");
    mf_votes   *v   = NULL;
    mf_str      cmd = {0};
    mf_err      err = {0};
    int         rc;

    mf_str_printf(&cmd, "'%s' annotate '%s' --export '%s'", mf_test_program(), dir, csv);
    rc = system(mf_str_c(&cmd));
    assert_true(WIFEXITED(rc) && WEXITSTATUS(rc) == 0);
    assert_mf_ok(mf_votes_load(&v, d, csv, &err), &err);
    assert_int_equal(v->n, d->n_rows * (size_t)n);
    assert_int_equal(v->n_annotators, n);
    for (size_t i = 0; i < v->n; i++) {
        size_t who = i % (size_t)n; /* by row, then in the order of the people */

        assert_int_equal(v->vote[i].verdict, (*place(e, who, v->vote[i].row, 0))->verdict);
    }
    mf_votes_free(v);
    mf_str_free(&cmd);
}

void
check_votes(const char *dir, const char *const *names, int n, double share, const record *all)
{
    mf_dataset  *d      = NULL;
    mf_ballots  *b      = NULL;
    mf_order    *order  = mf_calloc((size_t)n, sizeof *order);
    const char **images = NULL;
    expected     e      = {0};
    mf_err       err    = {0};
    char         path[1024];
    int64_t      lines = 0, requests = 0;
    size_t       wanted = 0;

    snprintf(path, sizeof path, "%s/annotate.db", dir);
    assert_mf_ok(mf_dataset_load(&d, dir, &err), &err);
    images = mf_calloc(d->n_rows, sizeof *images);
    e      = (expected){.data = d, .of = mf_calloc((size_t)n * d->n_rows * 2, sizeof *e.of)};
    for (size_t i = 0; i < d->n_rows; i++) {
        images[i] = d->rows[i].image;
    }
    for (int i = 0; i < n; i++) {
        assert_mf_ok(mf_order_make(&order[i], images, d->n_rows, names[i], 1, share, &err), &err);
        wanted += order[i].n;
    }
    for (size_t i = 0; i < all->n; i++) {
        const acked *a    = &all->r[i];
        ptrdiff_t    slot = mf_order_find(&order[a->person], a->task);

        assert_true(slot >= 0);
        *place(&e, (size_t)a->person, order[a->person].slot[slot].image, order[a->person].slot[slot].again) = a->undo ? NULL : a;
    }
    assert_mf_ok(mf_ballots_open(&b, path, d, &(mf_ballots_opts){.write = false}, &err), &err);
    assert_mf_ok(mf_ballots_each(b, compare, &e, NULL, &err), &err);
    mf_ballots_close(b);
    count_log(path, &lines, &requests);
    print_message("%zu answers wanted, %zu in the file, %zu wrong; %zu requests acknowledged, %lld lines in the log\n", wanted,
                  e.seen, e.wrong, all->n, (long long)lines);
    assert_int_equal(e.wrong, 0);
    assert_int_equal(e.seen, wanted); /* none lost */
    assert_int_equal(lines, all->n);  /* none doubled: each request was acknowledged once, and stands once */
    assert_int_equal(requests, lines);
    check_table(dir, d, &e, n);
    for (int i = 0; i < n; i++) {
        mf_order_free(&order[i]);
    }
    mf_free(order);
    mf_free(images);
    mf_free(e.of);
    mf_dataset_free(d);
}
