/* train/events.c: TFRecord framing, and the fields of Event, Summary and SessionLog (tensorflow/core/util/event.proto and
 * framework/summary.proto): Event{1 wall_time double, 2 step int64, 3 file_version string, 5 summary, 7 session_log},
 * Summary{1 value}, Value{1 tag string, 2 simple_value float}, SessionLog{1 status}. */
#include "train/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/str.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, SESSION_START = 1, NAMES_TRIED = 1000 };

struct mf_events {
    int    fd;
    mf_str path, event, part, value; /* the last three are used again for each record */
};

/* ---- protobuf --------------------------------------------------------------------------------------------- */

static void
put_varint(mf_str *s, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) {
        mf_str_addc(s, (char)(uint8_t)(v | 0x80));
    }
    mf_str_addc(s, (char)(uint8_t)v);
}

static void
put_key(mf_str *s, unsigned field, unsigned wire)
{
    put_varint(s, field << 3 | wire);
}

/* Little-endian, n bytes. */
static void
put_fixed(mf_str *s, uint64_t v, int n)
{
    for (int i = 0; i < n; i++) {
        mf_str_addc(s, (char)(uint8_t)(v >> (8 * i)));
    }
}

static void
put_double(mf_str *s, unsigned field, double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    put_key(s, field, WIRE_64);
    put_fixed(s, bits, 8);
}

static void
put_float(mf_str *s, unsigned field, float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    put_key(s, field, WIRE_32);
    put_fixed(s, bits, 4);
}

static void
put_bytes(mf_str *s, unsigned field, const char *data, size_t n)
{
    put_key(s, field, WIRE_BYTES);
    put_varint(s, n);
    mf_str_addn(s, data, n);
}

/* ---- records ---------------------------------------------------------------------------------------------- */

/* The CRC turned and shifted, so that a CRC of data that holds CRCs stays good. */
static uint32_t
masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static mf_status
append(mf_events *e, mf_err *err)
{
    mf_str *r = &e->part;
    uint8_t length[8];

    if (e->event.oom) {
        return mf_oom(err, e->event.len, "an event");
    }
    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)((uint64_t)e->event.len >> (8 * i));
    }
    mf_str_clear(r);
    mf_str_addn(r, (const char *)length, sizeof length);
    put_fixed(r, masked(mf_crc32c(length, sizeof length)), 4);
    mf_str_addn(r, e->event.data, e->event.len);
    put_fixed(r, masked(mf_crc32c(e->event.data, e->event.len)), 4);
    if (r->oom) {
        return mf_oom(err, e->event.len, "an event");
    }
    for (size_t at = 0; at < r->len;) {
        ssize_t n = write(e->fd, r->data + at, r->len - at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return mf_fail_errno(err, errno, "cannot write '%s'", e->path.data);
        }
        at += (size_t)n;
    }
    return fdatasync(e->fd) == 0 ? MF_OK : mf_fail_errno(err, errno, "cannot write '%s'", e->path.data);
}

static void
begin_event(mf_events *e, int64_t step)
{
    mf_str_clear(&e->event);
    put_double(&e->event, 1, mf_time_now());
    if (step != 0) {
        put_key(&e->event, 2, WIRE_VARINT);
        put_varint(&e->event, (uint64_t)step);
    }
}

mf_status
mf_events_put(mf_events *e, int64_t step, const mf_scalar *v, size_t n, mf_err *err)
{
    begin_event(e, step);
    mf_str_clear(&e->part);
    for (size_t i = 0; i < n; i++) {
        mf_str_clear(&e->value);
        put_bytes(&e->value, 1, v[i].tag, strlen(v[i].tag));
        put_float(&e->value, 2, (float)v[i].value);
        put_bytes(&e->part, 1, mf_str_c(&e->value), e->value.len);
        e->part.oom = e->part.oom || e->value.oom;
    }
    put_bytes(&e->event, 5, mf_str_c(&e->part), e->part.len);
    e->event.oom = e->event.oom || e->part.oom;
    return append(e, err);
}

/* ---- the file --------------------------------------------------------------------------------------------- */

static mf_status
make_file(mf_events *e, const char *dir, mf_err *err)
{
    const long long seconds = (long long)mf_time_now();

    for (int i = 0; i < NAMES_TRIED; i++) {
        mf_str_clear(&e->path);
        mf_str_printf(&e->path, "%s/events.out.tfevents.%lld.maskfer", dir, seconds);
        if (i != 0) {
            mf_str_printf(&e->path, ".%d", i);
        }
        if (e->path.oom) {
            return mf_oom(err, e->path.len, "a path");
        }
        e->fd = open(e->path.data, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (e->fd >= 0 || errno != EEXIST) {
            break;
        }
    }
    return e->fd >= 0 ? MF_OK : mf_fail_errno(err, errno, "cannot make '%s'", e->path.data);
}

static mf_status
first_records(mf_events *e, int64_t step, mf_err *err)
{
    static const char version[] = "brain.Event:2";
    mf_status         st;

    begin_event(e, 0);
    put_bytes(&e->event, 3, version, sizeof version - 1);
    if ((st = append(e, err)) < 0) {
        return st;
    }
    begin_event(e, step);
    mf_str_clear(&e->value);
    put_key(&e->value, 1, WIRE_VARINT);
    put_varint(&e->value, SESSION_START);
    put_bytes(&e->event, 7, mf_str_c(&e->value), e->value.len);
    return append(e, err);
}

mf_status
mf_events_open(mf_events **out, const char *dir, int64_t step, mf_err *err)
{
    mf_events *e = mf_calloc(1, sizeof *e);
    mf_status  st;

    *out = NULL;
    if (e == NULL) {
        return mf_oom(err, sizeof *e, "an event file");
    }
    e->fd = -1;
    if ((st = make_file(e, dir, err)) == MF_OK && (st = first_records(e, step, err)) == MF_OK) {
        *out = e;
        e    = NULL;
    }
    mf_events_close(e);
    return st;
}

void
mf_events_close(mf_events *e)
{
    if (e == NULL) {
        return;
    }
    if (e->fd >= 0) {
        close(e->fd);
    }
    mf_str_free(&e->path);
    mf_str_free(&e->event);
    mf_str_free(&e->part);
    mf_str_free(&e->value);
    mf_free(e);
}
