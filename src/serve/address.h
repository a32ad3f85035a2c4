/* serve/address.h: where a server listens, and which names a browser may call it by. */
#ifndef MF_SERVE_ADDRESS_H
#define MF_SERVE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/str.h"

enum { MF_HOST_MAX = 256 };

typedef struct mf_address {
    char host[MF_HOST_MAX]; /* without brackets: "127.0.0.1", "::1", "localhost", "lab.example" */
    int  port;              /* 0: the system chooses */
} mf_address;

/* "ADDRESS:PORT", "[IPV6]:PORT" or "PORT" alone (127.0.0.1 then). MF_E_USAGE: anything else. */
mf_status mf_address_parse(mf_address *out, const char *text, mf_err *err);
/* A socket that listens there, close-on-exec; *port is the one in use. MF_E_IO: the address is taken, or not of this
 * machine. */
mf_status mf_address_listen(int *fd, int *port, const mf_address *a, mf_err *err);
bool mf_address_is_loopback(const mf_address *a);
bool mf_address_is_any(const mf_address *a); /* every address of the machine */
/* "http://HOST:PORT" for a browser, cleared first. Where every address is listened on, that of the first network
 * interface, else the name of the machine. */
void mf_address_url(mf_str *out, const mf_address *a, int port);

/* The host part of a Host header or of an origin's authority ("name", "name:port", "[v6]:port") in lower case.
 * False: not one host and at most one port. */
bool mf_host_split(char out[MF_HOST_MAX], const char *text);
bool mf_host_is_ip(const char *host); /* a numeric IPv4 or IPv6 address */
/* The host of "http://..." or "https://...", as mf_host_split. */
bool mf_host_of_url(char out[MF_HOST_MAX], const char *url);

#endif
