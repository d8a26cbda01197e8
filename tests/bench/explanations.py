"""What each system call of a request is for, for the tables of the script `calls` beside this file."""

EXPLANATIONS = {
    ("phalanx", "worker"): {
        "recvmsg": "the message that brings a connection, and one buffered read of head and body (what the master has "
                   "read comes with the message)",
        "sendto": "head, body and end in one",
        "sendmsg": "the note that gives a kept connection back; an answer of several pieces",
        "fcntl": "opcache's lock, taken and given back by opcache itself",
        "chdir": "into the script's directory",
        "fchdir": "back, before shutdown functions run; the way back is a descriptor",
        "accept4": "takes the next connection, or finds that there is none",
        "close": "the connection, or the worker's copy of a kept one",
        "epoll_wait": "an idle worker's wait, for connections and for messages",
        "setitimer": "the ticking timer for time limits, started by a script that runs past a tick",
        "poll": "its wait for a kept connection's next request, or for a message, for 20 ms at most",
        "write": "wakes the master, when somebody is in its line, or this worker is not told of connections",
        "sched_yield": "lets a client that has just connected send its head; lets clients connect before a worker sleeps, and "
                       "run where workers go from request to request",
        "shutdown": "the answer's end over TCP, in one segment with its last bytes; elsewhere where bytes of the request "
                    "are still to come, which the master reads before it closes",
    },
    ("phalanx", "master"): {
        "epoll_wait": "waits for descriptors and for the nearest of its timers (a job that is not taken within 20 ms, the next "
                      "look at the line)",
        "epoll_ctl": "watches a parked connection; and the listener, when somebody comes and no worker waits, and when one "
                     "is idle again",
        "recvmsg": "a look at a request's head; a worker's note, and that there is no second one",
        "accept4": "takes a connection, or finds that there is none",
        "fcntl": "whether the listener, which workers share, still does not wait",
        "sendmsg": "gives a connection to a worker",
        "setsockopt": "no lingering when its copy is closed, whatever a worker has set",
        "close": "its copy of a short connection",
        "poll": "whether the client of a request that has waited for 50 ms is still there",
        "getsockopt": "the listener's kind, to ask for its queue; what it is that a worker gives to the master",
        "getsockname": "whether what a worker gives to the master was accepted at the pool's address",
        "newfstatat": "which socket's queue to ask for (a look each 10 to 40 ms at how fast workers are)",
        "sendto": "asks the kernel for the length of the listen queue (the same look)",
        "recvfrom": "its answer (the same look)",
        "shutdown": "nothing is read from a connection that is closed unread",
        "clock_nanosleep": "rests, while every worker has something before it",
        "timer_settime": "the alarm that would free it from a call that waits",
    },
    ("php-fpm", "worker"): {
        "rt_sigaction": "Zend's signal handlers, set and reset for each request",
        "read": "8 bytes of a record's head, then its content",
        "times": "CPU time for the status page, at the start and at the end",
        "write": "the answer; and to its log where a request ends",
        "setitimer": "max_execution_time, begun and ended",
        "fcntl": "opcache's lock",
        "chdir": "into the script's directory, and back",
        "recvfrom": "reads what is left before the close, and sees the client's end",
        "rt_sigprocmask": "around the time limit",
        "getcwd": "the way back",
        "accept": "the connection",
        "poll": "whether its head is here",
        "close": "the connection",
        "shutdown": "tells the client that this was all",
    },
    ("php-fpm", "master"): {},
}
