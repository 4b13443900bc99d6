/* The server behind `fetch`: a process of its own, outside the run's accounts, so that it does not freeze with the loop.
 * Ends when its standard input does, which happens with the parent however that ends. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "convis/engine.h"

struct client {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    uint64_t delay, due;
    size_t got;
    int open_handles;
};

static void closed(uv_handle_t *h)
{
    struct client *c = h->data;
    if (--c->open_handles == 0)
        free(c);
}

static void drop(struct client *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->pipe)) {
        uv_close((uv_handle_t *)&c->pipe, closed);
        uv_close((uv_handle_t *)&c->timer, closed);
    }
}

static void written(uv_write_t *w, int status)
{
    (void)status;
    drop(w->data);
}

static void answer(uv_timer_t *t)
{
    struct client *c = t->data;
    uint64_t now = uv_hrtime();
    if (now < c->due) { /* timers count in milliseconds and may come early */
        uv_timer_start(t, answer, (c->due - now + 999999) / 1000000, 0);
        return;
    }
    uv_buf_t b = uv_buf_init((char *)&c->delay, sizeof c->delay);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &b, 1, written) < 0)
        drop(c);
}

static void room(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    struct client *c = h->data;
    (void)size;
    *b = uv_buf_init((char *)&c->delay + c->got, (unsigned)(sizeof c->delay - c->got));
}

static void asked(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct client *c = s->data;
    (void)b;
    if (n < 0) {
        drop(c);
        return;
    }
    c->got += (size_t)n;
    if (c->got < sizeof c->delay)
        return;
    uv_read_stop(s);
    c->due = uv_hrtime() + c->delay;
    uv_update_time(s->loop);
    uv_timer_start(&c->timer, answer, c->delay / 1000000, 0);
}

static void came(uv_stream_t *listener, int status)
{
    if (status < 0)
        return;
    struct client *c = cv_alloc(sizeof *c);
    uv_pipe_init(listener->loop, &c->pipe, 0);
    uv_timer_init(listener->loop, &c->timer);
    c->pipe.data = c->timer.data = c;
    c->open_handles = 2;
    if (uv_accept(listener, (uv_stream_t *)&c->pipe) < 0 || uv_read_start((uv_stream_t *)&c->pipe, room, asked) < 0)
        drop(c);
}

static void any_room(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    static char ignored[64];
    (void)h, (void)size;
    *b = uv_buf_init(ignored, sizeof ignored);
}

static void parent_gone(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    (void)b;
    if (n < 0)
        uv_stop(s->loop);
}

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, h->data ? closed : NULL);
}

int cv_server_main(int fd)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    uv_loop_t loop;
    uv_pipe_t listener, input;
    if (uv_loop_init(&loop) < 0)
        return 3;
    uv_pipe_init(&loop, &listener, 0);
    uv_pipe_init(&loop, &input, 0);
    listener.data = input.data = NULL;
    if (uv_pipe_open(&listener, fd) < 0 || uv_listen((uv_stream_t *)&listener, 4096, came) < 0 || uv_pipe_open(&input, 0) < 0 ||
        uv_read_start((uv_stream_t *)&input, any_room, parent_gone) < 0)
        return 3;
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_walk(&loop, close_handle, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return 0;
}
