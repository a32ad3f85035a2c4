/* data/cache.c: decoded pictures at working size: one block in memory, one mapped file, or nothing.
 *
 * The file: a head of 4096 bytes (magic, shape, count, key), then the pictures in the order of rows. The key is a SHA-256
 * over the shape and over every picture's name, size and time of change, so a second run finds its file and a changed
 * data set does not. Old files are left where they are; deleting them is always safe. */
#include "data/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/thread.h"

enum { HEAD = 4096, PART_BYTES = 64 << 20, WORKERS_MAX = 256 };
static const char magic[8] = "MFPIXEL1";

struct mf_cache {
    mf_cache_kind     kind;
    int               width, height, channels;
    size_t            one; /* bytes a picture */
    size_t            n;   /* pictures held */
    size_t            n_rows;
    uint32_t         *slot; /* [n_rows] place of a row, UINT32_MAX if it is not held */
    uint32_t         *row;  /* [n] the rows held, ascending */
    uint8_t          *block;
    mf_map            map;
    const uint8_t    *px;
    const mf_dataset *data; /* lent */
};

typedef struct head {
    char     magic[8];
    uint32_t width, height, channels, order; /* order: 0x01020304 as this machine writes it */
    uint64_t n;
    uint8_t  key[32];
} head;

void
mf_cache_shape(const mf_cache *c, int *width, int *height, int *channels)
{
    *width    = c->width;
    *height   = c->height;
    *channels = c->channels;
}

bool
mf_cache_has(const mf_cache *c, uint32_t row)
{
    return row < c->n_rows && c->slot[row] != UINT32_MAX;
}

const uint8_t *
mf_cache_at(const mf_cache *c, uint32_t row)
{
    return c->px && mf_cache_has(c, row) ? c->px + (size_t)c->slot[row] * c->one : NULL;
}

void
mf_cache_reader_free(mf_cache_reader *r)
{
    mf_decoder_free(&r->decoder);
    mf_str_free(&r->path);
}

static mf_status
path_of(mf_str *out, const mf_cache *c, uint32_t row, mf_err *err)
{
    mf_dataset_path(out, c->data, row);
    return mf_str_ok(out, err);
}

mf_status
mf_cache_read(const mf_cache *c, uint32_t row, uint8_t *dst, mf_cache_reader *r, mf_err *err)
{
    mf_status st;
    mf_image  im;

    MF_ASSERT(mf_cache_has(c, row));
    if ((st = path_of(&r->path, c, row, err)) < 0 ||
        (st = mf_decoder_load(&r->decoder, &im, mf_str_c(&r->path), c->channels, err)) < 0)
        return st;
    return mf_decoder_resize(&r->decoder, dst, c->width, c->height, &im, err);
}

/* ---- reading many, by several threads ---- */

typedef struct crew {
    const mf_cache    *cache;
    uint8_t           *dst;         /* of place `begin` */
    size_t             begin, end;  /* places */
    atomic_size_t      next, done;
    atomic_size_t      failed;      /* lowest place that failed so far, SIZE_MAX if none */
    pthread_mutex_t    lock;        /* guards what follows */
    mf_err             err;         /* of place `failed` */
    const mf_progress *progress;
    size_t             total;
} crew;

/* Places are handed out in order, so every place before a failed one was taken and will be judged: the failure that is
 * reported is the first in row order, whoever met it. */
static void
work(crew *w, bool reports)
{
    mf_cache_reader r = {0};

    for (;;) {
        size_t i = atomic_fetch_add(&w->next, 1);
        if (i >= w->end || i > atomic_load(&w->failed))
            break;
        mf_err err = {0};
        if (mf_cache_read(w->cache, w->cache->row[i], w->dst + (i - w->begin) * w->cache->one, &r, &err) < 0) {
            pthread_mutex_lock(&w->lock);
            if (i < atomic_load(&w->failed)) {
                w->err = err;
                atomic_store(&w->failed, i);
            }
            pthread_mutex_unlock(&w->lock);
            continue;
        }
        size_t done = w->begin + atomic_fetch_add(&w->done, 1) + 1;
        if (reports)
            mf_progress_set(w->progress, "reading pictures", (double)done, (double)w->total);
    }
    mf_cache_reader_free(&r);
}

static void *
work_thread(void *arg)
{
    work(arg, false);
    return NULL;
}

/* Places begin..end-1 into dst. The caller's thread works too and is the one that reports progress. */
static mf_status
read_places(const mf_cache *c, uint8_t *dst, size_t begin, size_t end, int workers, const mf_progress *progress,
            mf_err *err)
{
    pthread_t thread[WORKERS_MAX];
    int       started = 0;
    crew      w = {.cache = c, .dst = dst, .begin = begin, .end = end, .progress = progress, .total = c->n};

    atomic_init(&w.next, begin);
    atomic_init(&w.done, 0);
    atomic_init(&w.failed, SIZE_MAX);
    pthread_mutex_init(&w.lock, NULL);
    if ((size_t)workers > end - begin)
        workers = (int)(end - begin);
    while (started < workers - 1 && pthread_create(&thread[started], NULL, work_thread, &w) == 0)
        started++; /* fewer threads than hoped for are still enough */
    work(&w, true);
    for (int i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&w.lock);
    if (atomic_load(&w.failed) == SIZE_MAX) {
        mf_progress_set(progress, "reading pictures", (double)end, (double)c->n);
        return MF_OK;
    }
    return mf_fail(err, w.err.code, "%s", w.err.msg);
}

/* ---- the file ---- */

static mf_status
make_key(uint8_t key[32], const mf_cache *c, mf_err *err)
{
    mf_sha256 s;
    mf_str    path = {0};
    mf_status st   = MF_OK;
    uint64_t  head_words[5] = {1, (uint64_t)c->width, (uint64_t)c->height, (uint64_t)c->channels, c->n};

    mf_sha256_init(&s);
    mf_sha256_add(&s, head_words, sizeof head_words);
    for (size_t i = 0; i < c->n && st == MF_OK; i++) {
        struct stat sb;
        const char *name = c->data->rows[c->row[i]].image;
        if ((st = path_of(&path, c, c->row[i], err)) < 0)
            break;
        if (stat(mf_str_c(&path), &sb) < 0) {
            st = mf_fail_errno(err, errno, "picture '%s': cannot open", mf_str_c(&path));
            break;
        }
        int64_t facts[3] = {sb.st_size, sb.st_mtim.tv_sec, sb.st_mtim.tv_nsec};
        mf_sha256_add(&s, name, strlen(name) + 1);
        mf_sha256_add(&s, facts, sizeof facts);
    }
    mf_sha256_end(&s, key);
    mf_str_free(&path);
    return st;
}

static head
make_head(const mf_cache *c, const uint8_t key[32])
{
    head h = {.width = (uint32_t)c->width, .height = (uint32_t)c->height, .channels = (uint32_t)c->channels,
              .order = 0x01020304, .n = c->n};
    memcpy(h.magic, magic, sizeof h.magic);
    memcpy(h.key, key, sizeof h.key);
    return h;
}

/* Map the file if it is the one that is meant: true. A missing, older or cut file is simply not it. */
static bool
open_map(mf_cache *c, const char *path, const head *want)
{
    head   got;
    mf_map map = {0};

    if (!mf_path_exists(path) || mf_map_open(&map, path, NULL) < 0)
        return false;
    if (map.size == HEAD + c->n * c->one) {
        memcpy(&got, map.data, sizeof got);
        if (memcmp(&got, want, sizeof got) == 0) {
            c->map = map;
            c->px  = map.data + HEAD;
            return true;
        }
    }
    mf_map_close(&map);
    return false;
}

static mf_status
write_file(const mf_cache *c, const char *path, const head *h, int workers, const mf_progress *progress, mf_err *err)
{
    mf_status  st;
    mf_writer *w = NULL;
    uint8_t    first[HEAD] = {0};
    size_t     part = PART_BYTES / c->one;
    uint8_t   *buf  = NULL;

    part = part < 1 ? 1 : part > c->n ? c->n : part;
    buf  = mf_aligned(part * c->one);
    if (!buf) {
        st = mf_oom(err, part * c->one, "building the pixel cache");
        goto done;
    }
    memcpy(first, h, sizeof *h);
    if ((st = mf_writer_open(&w, path, err)) < 0 || (st = mf_writer_put(w, first, sizeof first, err)) < 0)
        goto done;
    for (size_t at = 0; at < c->n; at += part) {
        size_t end = c->n - at < part ? c->n : at + part;
        if ((st = read_places(c, buf, at, end, workers, progress, err)) < 0 ||
            (st = mf_writer_put(w, buf, (end - at) * c->one, err)) < 0)
            goto done;
    }
    st = mf_writer_commit(w, err);
done:
    mf_writer_free(w);
    mf_free(buf);
    return st;
}

static mf_status
build_disk(mf_cache *c, const mf_cache_opts *o, int workers, mf_err *err)
{
    mf_status st;
    mf_str    dir = {0}, path = {0};
    uint8_t   key[32];
    char      hex[65], name[64];

    if (o->dir)
        mf_str_add(&dir, o->dir);
    else
        mf_path_join(&dir, c->data->dir ? c->data->dir : ".", ".cache");
    if ((st = make_key(key, c, err)) < 0)
        goto done;
    mf_hex(hex, key, sizeof key);
    snprintf(name, sizeof name, "pixels-%.16s.bin", hex);
    mf_path_join(&path, mf_str_c(&dir), name);
    if ((st = mf_str_ok(&dir, err)) < 0 || (st = mf_str_ok(&path, err)) < 0)
        goto done;
    head h = make_head(c, key);
    if (open_map(c, mf_str_c(&path), &h))
        goto done;
    if ((st = mf_dir_make(mf_str_c(&dir), err)) < 0 ||
        (st = write_file(c, mf_str_c(&path), &h, workers, &o->progress, err)) < 0)
        goto done;
    if (!open_map(c, mf_str_c(&path), &h))
        st = mf_fail(err, MF_E_IO, "pixel cache '%s': cannot be read back after it was written", mf_str_c(&path));
done:
    mf_str_free(&dir);
    mf_str_free(&path);
    return st;
}

static mf_status
build_ram(mf_cache *c, const mf_cache_opts *o, int workers, mf_err *err)
{
    size_t bytes;

    if (!mf_size_mul(&bytes, c->n, c->one) || !(c->block = mf_aligned(bytes))) {
        char text[32];
        mf_bytes_text(text, (uint64_t)c->n * c->one);
        return mf_fail(err, MF_E_NOMEM, "out of memory for %zu decoded pictures (%s); cache them on disk instead", c->n,
                       text);
    }
    c->px = c->block;
    return read_places(c, c->block, 0, c->n, workers, &o->progress, err);
}

/* ---- building ---- */

static mf_status
list_rows(mf_cache *c, const uint32_t *rows, size_t n, mf_err *err)
{
    c->n_rows = c->data->n_rows;
    c->slot   = mf_calloc(c->n_rows, sizeof *c->slot);
    if (!c->slot)
        return mf_oom(err, c->n_rows * sizeof *c->slot, "the pixel cache's index");
    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= c->n_rows)
            return mf_fail(err, MF_E_ARG, "row %u was asked for, but the data set has %zu", rows[i], c->n_rows);
        c->n += c->slot[rows[i]] == 0;
        c->slot[rows[i]] = 1;
    }
    c->row = mf_calloc(c->n, sizeof *c->row);
    if (!c->row)
        return mf_oom(err, c->n * sizeof *c->row, "the pixel cache's index");
    uint32_t place = 0;
    for (size_t r = 0; r < c->n_rows; r++) {
        if (c->slot[r])
            c->row[place] = (uint32_t)r;
        c->slot[r] = c->slot[r] ? place++ : UINT32_MAX;
    }
    return MF_OK;
}

mf_status
mf_cache_build(mf_cache **out, const mf_dataset *d, const uint32_t *rows, size_t n, const mf_cache_opts *o, mf_err *err)
{
    mf_status st;
    mf_cache *c;
    int       workers = o->workers > 0 ? o->workers : mf_cores();

    *out = NULL;
    if (o->width < 1 || o->height < 1 || o->width > MF_IMAGE_MAX_SIDE || o->height > MF_IMAGE_MAX_SIDE ||
        (o->channels != 1 && o->channels != 3))
        return mf_fail(err, MF_E_ARG, "pictures cannot be kept at %d x %d pixels with %d channels", o->width, o->height,
                       o->channels);
    if (n == 0)
        return mf_fail(err, MF_E_ARG, "there are no rows whose pictures could be read");
    if (workers > WORKERS_MAX)
        workers = WORKERS_MAX;
    if (!(c = mf_calloc(1, sizeof *c)))
        return mf_oom(err, sizeof *c, "a pixel cache");
    c->kind     = o->kind;
    c->width    = o->width;
    c->height   = o->height;
    c->channels = o->channels;
    c->one      = (size_t)o->width * (size_t)o->height * (size_t)o->channels;
    c->data     = d;
    if ((st = list_rows(c, rows, n, err)) < 0)
        goto done;
    if (o->kind == MF_CACHE_RAM)
        st = build_ram(c, o, workers, err);
    else if (o->kind == MF_CACHE_DISK)
        st = build_disk(c, o, workers, err);
    if (st == MF_OK) {
        *out = c;
        c    = NULL;
    }
done:
    mf_cache_free(c);
    return st;
}

void
mf_cache_free(mf_cache *c)
{
    if (!c)
        return;
    mf_map_close(&c->map);
    mf_free(c->block);
    mf_free(c->slot);
    mf_free(c->row);
    mf_free(c);
}
