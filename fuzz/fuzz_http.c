/* fuzz/fuzz_http.c: any request through the HTTP layer. The input is lines: method, path, Host, Origin, Content-Type,
 * announced length; what is left is the body. A route runs only for a host of ours, from no other site, and never with
 * more of a body than it takes; a refusal is JSON. The same bytes are read as an address to listen on. */
#include <stdint.h>
#include <string.h>

#include "core/json.h"
#include "serve/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 6, LINE_MAX_BYTES = 2048, BODY_MAX = 16 };

static mf_status
run(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    char host[MF_HOST_MAX];

    *(int *)app = 1;
    MF_ASSERT(mf_host_split(host, in->host));
    MF_ASSERT(mf_str_eq(host, "localhost") || mf_str_eq(host, "127.0.0.1") || mf_str_eq(host, "::1") ||
              mf_str_eq(host, "faces.example"));
    MF_ASSERT(in->body_size <= BODY_MAX);
    MF_ASSERT(in->number <= UINT64_C(9999999999999999));
    if (in->number == 13)
        return mf_fail(err, MF_E_ARG, "%.100s", (const char *)in->body);
    mf_str_add(&out->text, "{}");
    return MF_OK;
}

static const mf_http_route routes[] = {
    {"GET", "/", 0, NULL, run},
    {"GET", "/n/#", 0, NULL, run},
    {"POST", "/n/#", BODY_MAX, "application/json", run},
    {NULL, NULL, 0, NULL, NULL},
};

/* The next line as text in `out`, NULL for an empty one; no NUL inside, as in what a server hands on. */
static const char *
take_line(char out[LINE_MAX_BYTES], const uint8_t **data, size_t *size)
{
    size_t n = 0;

    while (*size > 0 && **data != '\n' && **data != '\0' && n + 1 < LINE_MAX_BYTES) {
        out[n++] = (char)**data;
        ++*data;
        --*size;
    }
    if (*size > 0) {
        ++*data;
        --*size;
    }
    out[n] = '\0';
    return n != 0 ? out : NULL;
}

static void
try_address(const char *text)
{
    mf_address a, again;
    mf_str     url = {0};
    char       host[MF_HOST_MAX];

    if (mf_address_parse(&a, text, NULL) < 0)
        return;
    MF_ASSERT(a.port >= 0 && a.port <= 65535 && a.host[0] != '\0');
    if (mf_address_is_any(&a))
        return;
    mf_address_url(&url, &a, a.port);
    MF_ASSERT(mf_host_of_url(host, mf_str_c(&url)) == (strchr(a.host, ':') == NULL || mf_str_eq(host, a.host)));
    MF_ASSERT(mf_address_parse(&again, mf_str_c(&url) + 7, NULL) == MF_OK && again.port == a.port && mf_str_eq(again.host, a.host));
    mf_str_free(&url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char            line[LINES][LINE_MAX_BYTES], body[BODY_MAX + 2];
    const char     *text[LINES];
    mf_http_opts    o   = mf_http_opts_default();
    mf_http_reply   out = mf_http_reply_new();
    mf_http_request in;
    mf_address      address;
    mf_json        *root = NULL;
    int64_t         length = 0;
    int             ran  = 0, i;

    for (i = 0; i < LINES; i++)
        text[i] = take_line(line[i], &data, &size);
    for (i = 0; i < LINES; i++)
        if (text[i] != NULL)
            try_address(text[i]);
    MF_ASSERT(mf_address_parse(&address, "127.0.0.1:80", NULL) == MF_OK);
    MF_ASSERT(mf_http_allow(&o, &address, "https://faces.example", NULL) == MF_OK);
    o.routes = routes;
    o.app    = &ran;
    size     = size < sizeof body - 1 ? size : sizeof body - 1;
    memcpy(body, data, size);
    body[size] = '\0';
    (void)mf_parse_i64(&length, text[5] != NULL ? text[5] : "0", 0, INT64_MAX, NULL);
    in = (mf_http_request){
        .method = text[0] != NULL ? text[0] : "", .path = text[1] != NULL ? text[1] : "", .host = text[2], .origin = text[3],
        .type = text[4], .length = (uint64_t)length, .body = (const uint8_t *)body, .body_size = size,
    };
    mf_http_answer(&o, &in, &out);
    MF_ASSERT(ran || out.status >= 400);
    if (out.status >= 400 && mf_json_parse(&root, mf_str_c(&out.text), out.text.len, true, NULL) == MF_OK)
        MF_ASSERT(mf_json_text(mf_json_get(root, "error"), NULL) != NULL);
    else
        MF_ASSERT(out.status < 400 || in.number == 13); /* a sentence may quote bytes that are no UTF-8 */
    mf_json_free(root);
    mf_http_reply_free(&out);
    return 0;
}
