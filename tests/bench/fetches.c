/* A bare libuv program that does the same fetches as a scenario: bench/fetches SERVER COUNT DELAY_NS. Starts the same server (SERVER
 * --server FD), asks COUNT times at once over its socket, each for an answer DELAY_NS later, and says the nanoseconds from the first to
 * the last, and those of CPU time. Connects as the engine does, in blocking mode: a refused connection is no part of the question. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

struct ask { uv_pipe_t pipe; uv_write_t write; uint64_t delay; char answer[8]; size_t got; };
static int left;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(3);
}

static void closed(uv_handle_t *h)
{
    free(h->data);
    left--;
}

static void room(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    struct ask *a = h->data;
    (void)size;
    *b = uv_buf_init(a->answer + a->got, (unsigned)(sizeof a->answer - a->got));
}

static void answered(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct ask *a = s->data;
    (void)b;
    if (n < 0)
        fail("bench: no answer");
    a->got += (size_t)n;
    if (a->got == sizeof a->answer)
        uv_close((uv_handle_t *)s, closed);
}

static void ask(uv_loop_t *loop, const struct sockaddr_un *to, uint64_t delay)
{
    struct ask *a = calloc(1, sizeof *a);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!a || fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to))
        fail("bench: connect");
    a->delay = delay;
    a->pipe.data = a;
    uv_pipe_init(loop, &a->pipe, 0);
    uv_buf_t b = uv_buf_init((char *)&a->delay, sizeof a->delay);
    if (uv_pipe_open(&a->pipe, fd) || uv_write(&a->write, (uv_stream_t *)&a->pipe, &b, 1, NULL) || uv_read_start((uv_stream_t *)&a->pipe, room, answered))
        fail("bench: ask");
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct rlimit files;
    int input[2], listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc < 4)
        return 2;
    int count = atoi(argv[2]);
    uint64_t delay = strtoull(argv[3], NULL, 10);
    snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "convis-bench-%d", (int)getpid());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (listener < 0 || bind(listener, (struct sockaddr *)&to, sizeof to) || listen(listener, 4096) || pipe(input))
        fail("bench: server");
    pid_t server = fork();
    if (server == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", listener);
        dup2(input[0], 0);
        close(input[0]), close(input[1]);
        execl(argv[1], argv[1], "--server", number, (char *)NULL);
        _exit(127);
    }
    close(listener), close(input[0]);
    uv_loop_t loop;
    uv_loop_init(&loop);
    left = 1; /* the server is there before the clock is read */
    ask(&loop, &to, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    left = count;
    uint64_t began = uv_hrtime(), cpu = cpu_ns();
    for (int i = 0; i < count; i++)
        ask(&loop, &to, delay);
    uv_run(&loop, UV_RUN_DEFAULT);
    printf("%llu %llu\n", (unsigned long long)(uv_hrtime() - began), (unsigned long long)(cpu_ns() - cpu));
    uv_loop_close(&loop);
    close(input[1]);
    waitpid(server, NULL, 0);
    return left == 0 ? 0 : 1;
}
