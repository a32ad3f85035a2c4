/* cli/serving.c: from an address on the command line to a server that ends cleanly. */
#include "cli/serving.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

mf_status
mf_serving_opts(mf_http_opts *http, mf_address *address, const mf_cli *cli, const char *listen_on, const char *url, mf_err *err)
{
    mf_status st;

    *http     = mf_http_opts_default();
    http->log = cli->log;
    if (!MF_HAVE_MICROHTTPD)
        return mf_fail(err, MF_E_UNSUPPORTED, "this build has no HTTP server: install libmicrohttpd-dev and build maskfer again");
    if ((st = mf_address_parse(address, listen_on, err)) < 0)
        return mf_fail_in(err, st, "--listen");
    if ((st = mf_http_allow(http, address, url, err)) < 0)
        return mf_fail_in(err, st, "--url");
    return MF_OK;
}

/* What links begin with, without a slash at the end. */
static void
put_url(mf_str *out, const mf_address *address, int port, const char *url)
{
    size_t n = strlen(url);

    if (n == 0) {
        mf_address_url(out, address, port);
        return;
    }
    mf_str_clear(out);
    mf_str_addn(out, url, url[n - 1] == '/' ? n - 1 : n);
}

mf_status
mf_serving_run(mf_cli *cli, const mf_http_opts *http, const mf_address *address, const char *url, bool secret,
               mf_serving_fn *begun, void *arg, mf_err *err)
{
    mf_http_server *server = NULL;
    sigset_t        stops, before;
    mf_str          base = {0}, text = {0};
    mf_status       st;
    int             fd, port;

    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    if ((st = mf_address_listen(&fd, &port, address, err)) < 0)
        return st;
    put_url(&base, address, port, url);
    if (secret && !mf_address_is_loopback(address) && !mf_str_starts(mf_str_c(&base), "https://"))
        mf_logf(&cli->log, MF_LOG_WARN, "pictures and answers pass unencrypted over the network; docs/annotate.md says how to put a "
                "proxy with TLS in front");
    /* The signals that end this reach the main thread alone, and only while it waits: none is missed. */
    pthread_sigmask(SIG_BLOCK, &stops, &before);
    if ((st = mf_http_open(&server, fd, http, err)) == MF_OK) {
        begun(arg, mf_str_c(&base), cli->json, &text);
        st = mf_cli_put(cli, &text, err);
        while (st == MF_OK && !mf_cli_stop(NULL))
            ppoll(NULL, 0, NULL, &before);
    }
    mf_http_close(server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    mf_str_free(&base);
    mf_str_free(&text);
    return st;
}
