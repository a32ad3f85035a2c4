/* cli/serving.h: what commands that serve over HTTP share. */
#ifndef MF_CLI_SERVING_H
#define MF_CLI_SERVING_H

#include "cli/cli.h"
#include "serve/http.h"

/* Where to listen and what browsers may call it, from --listen and --url; *http has no routes yet. MF_E_UNSUPPORTED:
 * built without libmicrohttpd. */
mf_status mf_serving_opts(mf_http_opts *http, mf_address *address, const mf_cli *cli, const char *listen_on, const char *url,
                          mf_err *err);

/* Told when the server is there; puts what the user should see at `url` into *out. */
typedef void mf_serving_fn(void *arg, const char *url, bool json, mf_str *out);

/* Serve until SIGINT or SIGTERM, then finish what is being answered. With `secret`, what passes over the network must
 * not be read by others: a warning says so where it could be. */
mf_status mf_serving_run(mf_cli *cli, const mf_http_opts *http, const mf_address *address, const char *url, bool secret,
                         mf_serving_fn *begun, void *arg, mf_err *err);

#endif
