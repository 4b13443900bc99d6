/* See line.h. Where a terminal may not be opened again (it is another user's), the shared descriptions have to do. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ui/line.h"

enum { PATIENCE_MS = 500 };

static struct {
    int in, out;          /* both as long as it is open */
    bool open, own_in, own_out;
    struct cv_buf queue;
    size_t sent;          /* of the queue */
} line;

static int again(int fd, int how, bool *own)
{
    char name[128];
    int fresh = ttyname_r(fd, name, sizeof name) == 0 ? open(name, how | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
    *own = fresh >= 0;
    return *own ? fresh : fd;
}

void line_open(void)
{
    line_close();
    line.in = again(STDIN_FILENO, O_RDONLY, &line.own_in);
    line.out = again(STDOUT_FILENO, O_WRONLY, &line.own_out);
    line.open = true;
}

void line_close(void)
{
    if (line.open && line.own_in)
        close(line.in);
    if (line.open && line.own_out)
        close(line.out);
    line.open = false;
    line.sent = 0;
    cv_buf_release(&line.queue);
}

int line_keyboard(void) { return line.in; }

bool line_push(void)
{
    while (line.sent < line.queue.n) {
        ssize_t n = write(line.out, line.queue.at + line.sent, line.queue.n - line.sent);
        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0 && errno != EINTR)
            break; /* the terminal has gone: whoever reads its keys will hear */
        line.sent += n > 0 ? (size_t)n : 0;
    }
    line.sent = line.queue.n = 0;
    return true;
}

void line_send(const char *at, size_t n)
{
    cv_buf_add(&line.queue, at, n);
    line_push();
}

bool line_free(void)
{
    int queued = 0;
    struct pollfd p = {.fd = line.out, .events = POLLOUT};
    if (!line_push() || (ioctl(line.out, TIOCOUTQ, &queued) == 0 && queued > 0))
        return false;
    return poll(&p, 1, 0) != 0;
}

/* What the terminal was given and has not taken goes too, or the settings could not be changed. */
static void drop(void)
{
    tcflow(line.out, TCOON);
    tcflush(line.out, TCOFLUSH);
}

void line_settle(void)
{
    struct pollfd p = {.fd = line.out, .events = POLLOUT};
    uint64_t end = cv_mono_ns() + PATIENCE_MS * UINT64_C(1000000);
    while (!line_push()) {
        uint64_t now = cv_mono_ns();
        if (now >= end) {
            drop();
            line.sent = line.queue.n = 0;
            return;
        }
        poll(&p, 1, (int)((end - now) / 1000000) + 1);
    }
}

void line_urgent(const char *at, size_t n)
{
    for (bool dropped = false; n > 0;) {
        ssize_t done = write(line.out, at, n);
        if (done <= 0 && (dropped || errno != EAGAIN))
            return;
        if (done <= 0) {
            drop();
            dropped = true;
            continue;
        }
        at += done;
        n -= (size_t)done;
    }
}
