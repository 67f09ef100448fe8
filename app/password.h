/*
 * 'anklet user NAME': a line for the file of users.
 */
#ifndef ANKLET_APP_PASSWORD_H
#define ANKLET_APP_PASSWORD_H

struct port;

/*
 * Reads a password from standard input, without showing it where that is a terminal, and writes the line to standard
 * output: with the password's hash where TLS is built in. words are those after 'user', with NULL at the end. The
 * status that the program is to end with; what is wrong has been said.
 */
int password_line(struct port *port, char *const *words);

#endif
