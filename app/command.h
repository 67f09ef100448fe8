/*
 * The program's commands to one that runs: anklet status, sessions, end, log.
 */
#ifndef ANKLET_POSIX_COMMAND_H
#define ANKLET_POSIX_COMMAND_H

/* Is the first word of the command line one of them? */
int command_find(const char *word);

/* Does what args, without the program's name, say: the status to end with. */
int command_run(int command, char **args);

#endif
