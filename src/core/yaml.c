/* core/yaml.c: libyaml's events into nodes of an arena. Only what our files need: one document of mappings, sequences
 * and scalars; anchors, aliases, tags and duplicate keys are refused, so the meaning of a file is what it shows. */
#include "core/yaml.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "core/arena.h"
#include "core/file.h"
#include "core/mem.h"

typedef enum kind { K_SCALAR, K_SEQ, K_MAP } kind;

struct mf_yaml {
    kind         kind;
    int          line;
    size_t       n, cap;
    const char  *text; /* scalar */
    mf_yaml    **item;
    const char **key; /* map */
};

typedef struct root_yaml {
    mf_yaml  node; /* first, so that the root is its own handle */
    mf_arena arena;
} root_yaml;

typedef struct reader {
    yaml_parser_t parser;
    mf_arena     *arena;
    mf_err       *err;
} reader;

static int
line_of(yaml_mark_t mark)
{
    return mark.line < INT32_MAX ? (int)mark.line + 1 : INT32_MAX;
}

static mf_status
next_event(reader *r, yaml_event_t *ev)
{
    if (yaml_parser_parse(&r->parser, ev)) {
        return MF_OK;
    }
    if (r->parser.error == YAML_MEMORY_ERROR) {
        return mf_oom(r->err, 1, "a YAML document");
    }
    return mf_fail(r->err, MF_E_FORMAT, "line %d: %s",
                   line_of(r->parser.error == YAML_READER_ERROR ? r->parser.mark : r->parser.problem_mark),
                   r->parser.problem != NULL ? r->parser.problem : "not YAML");
}

static mf_status
add_item(reader *r, mf_yaml *to, mf_yaml *item, const char *key)
{
    if (to->n == to->cap) {
        size_t       cap  = to->cap == 0 ? 8 : to->cap * 2;
        mf_yaml    **more = mf_arena_alloc(r->arena, cap * sizeof *more);
        const char **keys = mf_arena_alloc(r->arena, cap * sizeof *keys);

        if (more == NULL || keys == NULL) {
            return mf_oom(r->err, cap * sizeof *more, "a YAML document");
        }
        if (to->n != 0) {
            memcpy(more, to->item, to->n * sizeof *more);
            memcpy(keys, to->key, to->n * sizeof *keys);
        }
        to->item = more;
        to->key  = keys;
        to->cap  = cap;
    }
    to->item[to->n] = item;
    to->key[to->n]  = key;
    to->n++;
    return MF_OK;
}

/* "!" alone is what a plain quoted scalar carries in no event; any tag means the file wants more than text. */
static mf_status
refuse_extras(reader *r, const yaml_event_t *ev, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        return mf_fail(r->err, MF_E_FORMAT, "line %d: anchors (&%.40s) are not allowed", line_of(ev->start_mark),
                       (const char *)anchor);
    }
    if (tag != NULL) {
        return mf_fail(r->err, MF_E_FORMAT, "line %d: tags (%.40s) are not allowed", line_of(ev->start_mark),
                       (const char *)tag);
    }
    return MF_OK;
}

static mf_status
scalar_text(reader *r, const char **out, const yaml_event_t *ev)
{
    const char *text = (const char *)ev->data.scalar.value;
    size_t      n    = ev->data.scalar.length;

    if (memchr(text, '\0', n) != NULL) {
        return mf_fail(r->err, MF_E_FORMAT, "line %d: a NUL character inside text", line_of(ev->start_mark));
    }
    *out = mf_arena_strndup(r->arena, text, n);
    return *out != NULL ? MF_OK : mf_oom(r->err, n, "a YAML scalar");
}

static mf_status read_value(reader *r, mf_yaml *to, const yaml_event_t *ev, int depth);

static mf_status
read_seq(reader *r, mf_yaml *to, int depth)
{
    yaml_event_t ev;
    mf_status    st = MF_OK;
    bool         end = false;

    while (st == MF_OK && !end) {
        mf_yaml *item;

        if ((st = next_event(r, &ev)) < 0) {
            return st;
        }
        if (ev.type == YAML_SEQUENCE_END_EVENT) {
            end = true;
        } else if ((item = mf_arena_alloc(r->arena, sizeof *item)) == NULL) {
            st = mf_oom(r->err, sizeof *item, "a YAML document");
        } else if ((st = read_value(r, item, &ev, depth + 1)) == MF_OK) {
            st = add_item(r, to, item, NULL);
        }
        yaml_event_delete(&ev);
    }
    return st;
}

static mf_status
read_map(reader *r, mf_yaml *to, int depth)
{
    yaml_event_t ev;
    mf_status    st  = MF_OK;
    bool         end = false;

    while (st == MF_OK && !end) {
        const char *key = NULL;
        mf_yaml    *item;
        int         line;

        if ((st = next_event(r, &ev)) < 0) {
            return st;
        }
        line = line_of(ev.start_mark);
        if (ev.type == YAML_MAPPING_END_EVENT) {
            end = true;
        } else if (ev.type != YAML_SCALAR_EVENT) {
            st = mf_fail(r->err, MF_E_FORMAT, "line %d: expected a plain key", line);
        } else if ((st = refuse_extras(r, &ev, ev.data.scalar.anchor, ev.data.scalar.tag)) == MF_OK) {
            st = scalar_text(r, &key, &ev);
        }
        yaml_event_delete(&ev);
        if (st < 0 || end) {
            break;
        }
        if (mf_yaml_get(to, key) != NULL) {
            return mf_fail(r->err, MF_E_FORMAT, "line %d: the key '%.80s' is there twice", line, key);
        }
        if ((item = mf_arena_alloc(r->arena, sizeof *item)) == NULL) {
            return mf_oom(r->err, sizeof *item, "a YAML document");
        }
        if ((st = next_event(r, &ev)) < 0) {
            return st;
        }
        if ((st = read_value(r, item, &ev, depth + 1)) == MF_OK) {
            st = add_item(r, to, item, key);
        }
        yaml_event_delete(&ev);
    }
    return st;
}

static mf_status
read_value(reader *r, mf_yaml *to, const yaml_event_t *ev, int depth)
{
    mf_status st;

    to->line = line_of(ev->start_mark);
    if (depth >= MF_YAML_MAX_DEPTH) {
        return mf_fail(r->err, MF_E_LIMIT, "line %d: nested deeper than %d", to->line, (int)MF_YAML_MAX_DEPTH);
    }
    switch (ev->type) {
    case YAML_SCALAR_EVENT:
        to->kind = K_SCALAR;
        st       = refuse_extras(r, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
        return st < 0 ? st : scalar_text(r, &to->text, ev);
    case YAML_SEQUENCE_START_EVENT:
        to->kind = K_SEQ;
        st       = refuse_extras(r, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
        return st < 0 ? st : read_seq(r, to, depth);
    case YAML_MAPPING_START_EVENT:
        to->kind = K_MAP;
        st       = refuse_extras(r, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
        return st < 0 ? st : read_map(r, to, depth);
    case YAML_ALIAS_EVENT:
        return mf_fail(r->err, MF_E_FORMAT, "line %d: aliases (*%.40s) are not allowed", to->line,
                       (const char *)ev->data.alias.anchor);
    default:
        return mf_fail(r->err, MF_E_FORMAT, "line %d: expected a value", to->line);
    }
}

static mf_status
read_document(reader *r, mf_yaml *root)
{
    yaml_event_t ev;
    mf_status    st;
    bool         seen = false, end = false;

    while (!end) {
        if ((st = next_event(r, &ev)) < 0) {
            return st;
        }
        switch (ev.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (seen) {
                st = mf_fail(r->err, MF_E_FORMAT, "line %d: a second document; one is allowed", line_of(ev.start_mark));
            }
            break;
        case YAML_STREAM_END_EVENT:
            end = true;
            break;
        default:
            seen = true;
            st   = read_value(r, root, &ev, 0);
        }
        yaml_event_delete(&ev);
        if (st < 0) {
            return st;
        }
    }
    if (!seen) { /* an empty file is an empty mapping */
        root->kind = K_MAP;
        root->line = 1;
    }
    return MF_OK;
}

mf_status
mf_yaml_parse(mf_yaml **out, const char *text, size_t size, mf_err *err)
{
    reader     r    = {.err = err};
    root_yaml *root = NULL;
    mf_status  st;

    *out = NULL;
    if (size > MF_YAML_MAX_BYTES) {
        return mf_fail(err, MF_E_LIMIT, "YAML of %zu bytes; at most %d are allowed", size, (int)MF_YAML_MAX_BYTES);
    }
    if ((root = mf_calloc(1, sizeof *root)) == NULL || !yaml_parser_initialize(&r.parser)) {
        mf_free(root);
        return mf_oom(err, sizeof *root, "a YAML document");
    }
    r.arena = &root->arena;
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(size != 0 ? text : ""), size);
    if ((st = read_document(&r, &root->node)) == MF_OK) {
        *out = &root->node;
        root = NULL;
    }
    yaml_parser_delete(&r.parser);
    mf_yaml_free(root != NULL ? &root->node : NULL);
    return st;
}

mf_status
mf_yaml_load(mf_yaml **out, const char *path, mf_err *err)
{
    mf_blob   file = {0};
    mf_status st;

    *out = NULL;
    if ((st = mf_file_read(&file, path, MF_YAML_MAX_BYTES, err)) == MF_OK &&
        (st = mf_yaml_parse(out, (const char *)file.data, file.size, err)) < 0) {
        mf_fail_in(err, st, "'%s'", path);
    }
    mf_blob_free(&file);
    return st;
}

void
mf_yaml_free(mf_yaml *root)
{
    if (root != NULL) {
        root_yaml *r = (root_yaml *)(void *)root;

        mf_arena_free(&r->arena);
        mf_free(r);
    }
}

size_t
mf_yaml_size(const mf_yaml *v)
{
    return v != NULL ? v->n : 0;
}

const mf_yaml *
mf_yaml_get(const mf_yaml *map, const char *key)
{
    size_t i;

    if (map == NULL || map->kind != K_MAP) {
        return NULL;
    }
    for (i = 0; i < map->n; i++) {
        if (strcmp(map->key[i], key) == 0) {
            return map->item[i];
        }
    }
    return NULL;
}

const mf_yaml *
mf_yaml_at(const mf_yaml *seq, size_t i)
{
    return seq != NULL && seq->kind == K_SEQ && i < seq->n ? seq->item[i] : NULL;
}

const mf_yaml *
mf_yaml_member(const mf_yaml *map, size_t i, const char **key)
{
    if (map == NULL || map->kind != K_MAP || i >= map->n) {
        *key = NULL;
        return NULL;
    }
    *key = map->key[i];
    return map->item[i];
}

const char *
mf_yaml_text(const mf_yaml *scalar)
{
    return scalar != NULL && scalar->kind == K_SCALAR ? scalar->text : NULL;
}

int
mf_yaml_line(const mf_yaml *v)
{
    return v != NULL ? v->line : 0;
}

mf_status
mf_yaml_flat(const mf_yaml *v, mf_str *out, mf_err *err)
{
    size_t i;

    if (mf_yaml_text(v) != NULL) {
        mf_str_add(out, v->text);
        return mf_str_ok(out, err);
    }
    if (v == NULL || v->kind != K_SEQ) {
        return mf_fail(err, MF_E_FORMAT, "line %d: expected a value or a list of values", mf_yaml_line(v));
    }
    for (i = 0; i < v->n; i++) {
        if (mf_yaml_text(v->item[i]) == NULL) {
            return mf_fail(err, MF_E_FORMAT, "line %d: expected a plain value in the list", mf_yaml_line(v->item[i]));
        }
        mf_str_printf(out, "%s%s", i != 0 ? "," : "", v->item[i]->text);
    }
    return mf_str_ok(out, err);
}

/* Plain words need no quotes; what YAML could read as something else, or as its own marks, does. */
static bool
is_plain(const char *s)
{
    static const char *const taken[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"};
    size_t                   i;

    if (*s == '\0' || strchr(" -?:,[]{}#&*!|>'\"%@`.+0123456789", *s) != NULL || s[strlen(s) - 1] == ' ') {
        return false;
    }
    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcasecmp(s, taken[i]) == 0) {
            return false;
        }
    }
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f || strchr(":#,[]{}\"'\\", *s) != NULL) {
            return false;
        }
    }
    return true;
}

/* Characters of several bytes that YAML takes for line breaks, or refuses raw: U+0080 to U+009F, U+2028, U+2029, U+FEFF,
 * U+FFFE, U+FFFF. Writes the escape and returns the bytes it stands for, or 0. */
static size_t
put_escape(mf_str *out, const unsigned char *c)
{
    unsigned code;

    if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
        mf_str_printf(out, "\\x%02x", c[1]);
        return 2;
    }
    if (c[0] < 0xe0 || c[0] > 0xef || c[1] == 0 || c[2] == 0) {
        return 0;
    }
    code = (c[0] & 0xfu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
    if (code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe && code != 0xffff) {
        return 0;
    }
    mf_str_printf(out, "\\u%04x", code);
    return 3;
}

void
mf_yaml_quote(mf_str *out, const char *text)
{
    size_t used;

    if (is_plain(text)) {
        mf_str_add(out, text);
        return;
    }
    mf_str_addc(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((used = put_escape(out, (const unsigned char *)text)) != 0) {
            text += used - 1;
        } else if (c == '"' || c == '\\') {
            mf_str_addc(out, '\\');
            mf_str_addc(out, (char)c);
        } else if (c == '\n') {
            mf_str_add(out, "\\n");
        } else if (c == '\t') {
            mf_str_add(out, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            mf_str_printf(out, "\\x%02x", c);
        } else {
            mf_str_addc(out, (char)c);
        }
    }
    mf_str_addc(out, '"');
}
