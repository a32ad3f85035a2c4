/* serve/address.c: addresses as users and browsers write them, and listening sockets. */
#include "serve/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128, PORT_MAX = 65535 };

static bool
take_port(int *port, const char *text)
{
    int n = 0;

    if (*text == '\0' || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (*text - '0');
    }
    *port = n;
    return n <= PORT_MAX;
}

/* Letters, digits, '.', '-', '_' of a name; or, in brackets, what an IPv6 address is written with. */
static bool
take_host(char out[MF_HOST_MAX], const char *text, size_t n, bool v6)
{
    size_t i;

    if (n == 0 || n >= MF_HOST_MAX)
        return false;
    for (i = 0; i < n; i++) {
        char c = text[i];

        c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || (v6 ? c == ':' : c == '-' || c == '_')))
            return false;
        out[i] = c;
    }
    out[n] = '\0';
    return true;
}

/* "host", "host:port", "[v6]" or "[v6]:port"; *port stays where none is given. */
static bool
split(char host[MF_HOST_MAX], int *port, const char *text)
{
    const char *end;

    if (text[0] == '[') {
        if ((end = strchr(text, ']')) == NULL || !take_host(host, text + 1, (size_t)(end - text) - 1, true))
            return false;
        end++;
    } else {
        end = text + strcspn(text, ":");
        if (!take_host(host, text, (size_t)(end - text), false))
            return false;
    }
    return *end == '\0' || (*end == ':' && take_port(port, end + 1));
}

bool
mf_host_split(char out[MF_HOST_MAX], const char *text)
{
    int port = 0;

    return split(out, &port, text);
}

bool
mf_host_is_ip(const char *host)
{
    unsigned char raw[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
}

bool
mf_host_of_url(char out[MF_HOST_MAX], const char *url)
{
    char   authority[MF_HOST_MAX + 8];
    size_t n;

    if (mf_str_starts(url, "http://"))
        url += 7;
    else if (mf_str_starts(url, "https://"))
        url += 8;
    else
        return false;
    n = strcspn(url, "/?#");
    if (n >= sizeof authority)
        return false;
    memcpy(authority, url, n);
    authority[n] = '\0';
    return mf_host_split(out, authority);
}

mf_status
mf_address_parse(mf_address *out, const char *text, mf_err *err)
{
    memset(out, 0, sizeof *out);
    out->port = -1;
    if (take_port(&out->port, text)) {
        snprintf(out->host, sizeof out->host, "127.0.0.1");
        return MF_OK;
    }
    out->port = -1;
    if (!split(out->host, &out->port, text) || out->port < 0)
        return mf_fail(err, MF_E_USAGE, "expected ADDRESS:PORT such as 127.0.0.1:8077, [::1]:8077 or 0.0.0.0:8077, not '%.100s'",
                       text);
    return MF_OK;
}

bool
mf_address_is_loopback(const mf_address *a)
{
    return mf_str_eq(a->host, "localhost") || mf_str_eq(a->host, "::1") ||
           (mf_str_starts(a->host, "127.") && mf_host_is_ip(a->host));
}

bool
mf_address_is_any(const mf_address *a)
{
    return mf_str_eq(a->host, "0.0.0.0") || mf_str_eq(a->host, "::");
}

/* One socket for one of the addresses that a name stands for; -1 with errno. */
static int
listen_on(const struct addrinfo *ai)
{
    int one = 1, keep;
    int fd  = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);

    if (fd < 0)
        return -1;
    /* A server that was killed may come back at once; two at the same time stay impossible. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    keep = errno;
    close(fd);
    errno = keep;
    return -1;
}

static bool
bound_port(int *port, int fd)
{
    struct sockaddr_storage s;
    socklen_t               n = sizeof s;

    memset(&s, 0, sizeof s);
    if (getsockname(fd, (struct sockaddr *)&s, &n) != 0)
        return false;
    *port = ntohs(s.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&s)->sin6_port
                                          : ((struct sockaddr_in *)(void *)&s)->sin_port);
    return true;
}

mf_status
mf_address_listen(int *fd, int *port, const mf_address *a, mf_err *err)
{
    struct addrinfo  want  = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL, *ai;
    char             service[16];
    const char      *host = mf_str_eq(a->host, "localhost") ? "127.0.0.1" : a->host;
    int              rc, why = EADDRNOTAVAIL;

    *fd = -1;
    snprintf(service, sizeof service, "%d", a->port);
    if ((rc = getaddrinfo(host, service, &want, &found)) != 0)
        return mf_fail(err, MF_E_IO, "cannot listen on '%s': %s", a->host, gai_strerror(rc));
    for (ai = found; ai != NULL && *fd < 0; ai = ai->ai_next)
        if ((*fd = listen_on(ai)) < 0)
            why = errno;
    freeaddrinfo(found);
    if (*fd >= 0 && bound_port(port, *fd))
        return MF_OK;
    if (*fd >= 0) {
        why = errno;
        close(*fd);
        *fd = -1;
    }
    if (why == EADDRINUSE)
        return mf_fail(err, MF_E_IO, "cannot listen on %s, port %d: another program does; give another port, or 0 for any "
                       "free one", a->host, a->port);
    return mf_fail_errno(err, why, "cannot listen on %s, port %d", a->host, a->port);
}

/* The first address of a network interface that is up; false where there is none. */
static bool
own_address(char out[MF_HOST_MAX])
{
    struct ifaddrs *all = NULL, *i;
    bool            got = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (i = all; i != NULL && !got; i = i->ifa_next)
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & IFF_UP) &&
            !(i->ifa_flags & IFF_LOOPBACK))
            got = inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, out, MF_HOST_MAX) != NULL;
    freeifaddrs(all);
    return got;
}

void
mf_address_url(mf_str *out, const mf_address *a, int port)
{
    char host[MF_HOST_MAX];

    mf_str_clear(out);
    snprintf(host, sizeof host, "%s", a->host);
    if (mf_address_is_any(a) && !own_address(host)) {
        if (gethostname(host, sizeof host) != 0)
            snprintf(host, sizeof host, "localhost");
        host[sizeof host - 1] = '\0';
    }
    mf_str_printf(out, strchr(host, ':') != NULL ? "http://[%s]:%d" : "http://%s:%d", host, port);
}
