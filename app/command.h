/*
 * The program's commands to one that runs: anklet status, sessions, top, end, log.
 */
#ifndef ANKLET_POSIX_COMMAND_H
#define ANKLET_POSIX_COMMAND_H

/* Is the first word of the command line one of them? */
int command_find(const char *word);

/* Does what args, without the program's name, say: the status to end with. memory: as top_run() has it. */
int command_run(int command, char **args, void *memory);

#endif
