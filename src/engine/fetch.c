/* A round trip over a Unix socket. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "engine/fetch.h"

socklen_t fetch_address(struct sockaddr_un *to, const char *name)
{
    size_t n = strlen(name);
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    n = n < sizeof to->sun_path - 1 ? n : sizeof to->sun_path - 1;
    memcpy(to->sun_path + 1, name, n);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

int fetch_ask(const char *server, uint64_t ns)
{
    struct sockaddr_un address;
    socklen_t length = fetch_address(&address, server);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int result;
    do
        result = connect(fd, (struct sockaddr *)&address, length);
    while (result < 0 && errno == EINTR);
    if (result == 0 && send(fd, &ns, sizeof ns, MSG_NOSIGNAL) == (ssize_t)sizeof ns)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int fetch_answer(int fd)
{
    uint64_t answer;
    size_t got = 0;
    while (got < sizeof answer) {
        ssize_t n = recv(fd, (char *)&answer + got, sizeof answer - got, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? errno : ECONNRESET;
            close(fd);
            errno = error;
            return -1;
        }
        got += (size_t)n;
    }
    close(fd);
    return 0;
}
