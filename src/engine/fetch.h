/* The client's side of `fetch`: a connection of its own to the run's server, eight bytes there, eight back. */
#ifndef CONVIS_ENGINE_FETCH_H
#define CONVIS_ENGINE_FETCH_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The address of an abstract socket of that name; its length. */
socklen_t fetch_address(struct sockaddr_un *to, const char *name);
/* Connects and asks for an answer after ns. The descriptor (close it), or -1 and errno. */
int fetch_ask(const char *server, uint64_t ns);
/* Waits for the answer, and closes. 0, or -1 and errno. */
int fetch_answer(int fd);

#endif
