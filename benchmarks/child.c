/* The supervised program. Its first act is to look at the clock; then it tells what it saw, one
 * line a report, on the FIFO that it is given: "S pid nanoseconds".
 *   child FIFO               and waits for its end
 *   child FIFO serve PORT    answers every HTTP request with 200, and reports each: "P pid ..."
 *   child FIFO flood COUNT   writes COUNT blocks of 64 KiB of log lines, and reports: "D pid ..."
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, LINE = 128 };

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void report(int fifo, char what, long long at) {
    char line[64];
    int length = snprintf(line, sizeof line, "%c %d %lld\n", what, (int)getpid(), at);
    if (write(fifo, line, (size_t)length) != length)
        _exit(3);
}

static void serve(int fifo, int port) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    int on = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 16))
        _exit(4);
    for (;;) {
        char request[4096];
        int client = accept(server, NULL, NULL);
        if (client < 0)
            continue;
        if (read(client, request, sizeof request) > 0)
            (void)!write(client, answer, sizeof answer - 1);
        close(client);
        report(fifo, 'P', now());
    }
}

static void flood(int fifo, long count) {
    static char block[BLOCK];
    for (int at = 0; at < BLOCK; at += LINE) {
        memset(block + at, '.', LINE - 1);
        memcpy(block + at, "2025-03-14 12:07:00,123 INFO bot.Updater: update from a chat ", 61);
        block[at + LINE - 1] = '\n';
    }
    for (; count > 0; count--)
        for (long done = 0, wrote; done < BLOCK; done += wrote)
            if ((wrote = write(1, block + done, (size_t)(BLOCK - done))) < 0)
                _exit(5);
    report(fifo, 'D', now());
}

int main(int argc, char **argv) {
    long long born = now();
    int fifo = argc > 1 ? open(argv[1], O_WRONLY | O_CLOEXEC) : -1;
    if (fifo < 0)
        return 2;
    report(fifo, 'S', born);
    if (argc > 3 && !strcmp(argv[2], "serve"))
        serve(fifo, atoi(argv[3]));
    if (argc > 3 && !strcmp(argv[2], "flood"))
        flood(fifo, atol(argv[3]));
    for (;;)
        pause();
}
