/* The least that a supervisor can be: fork, exec, waitpid, and again. What is slower than this has
 * its own doing to thank for it. `floor COUNT COMMAND ARG...` keeps COUNT copies running; SIGTERM
 * ends them and, once they are gone, it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t *children;
static int count;
static volatile sig_atomic_t stopping;

static void stop(int number) {
    stopping = 1;
    for (int i = 0; i < count; i++)
        if (children[i] > 0)
            kill(children[i], number);
}

static void spawn(int i, char **command, const sigset_t *term) {
    sigprocmask(SIG_BLOCK, term, NULL); /* a child that is not noted yet could not be stopped */
    if (!stopping && (children[i] = fork()) == 0) {
        sigprocmask(SIG_UNBLOCK, term, NULL);
        execvp(command[0], command);
        _exit(127);
    }
    sigprocmask(SIG_UNBLOCK, term, NULL);
}

int main(int argc, char **argv) {
    if (argc < 3 || (count = atoi(argv[1])) < 1)
        return 2;
    children = calloc((size_t)count, sizeof *children);
    signal(SIGTERM, stop);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    for (int i = 0; i < count; i++)
        spawn(i, argv + 2, &term);
    for (pid_t dead; (dead = waitpid(-1, NULL, 0)) > 0;)
        for (int i = 0; i < count; i++)
            if (children[i] == dead) {
                children[i] = 0;
                spawn(i, argv + 2, &term);
                break;
            }
    return 0;
}
