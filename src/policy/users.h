/*
 * Who has a password here, and who guesses.
 *
 * Users are read once, from lines of NAME:PASSWORD. Which rules are for those who have proven who they are is a matter
 * of rules.h.
 */
#ifndef ANKLET_USERS_H
#define ANKLET_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "base/text.h"

#define USERS_HASH "sha256$" /* a password that begins so is a hash */
#define USERS_SALT_MAX 64
#define USERS_GUESSERS 8 /* addresses whose wrong passwords are remembered */
#define USERS_GUESSES 5  /* so many in a minute, and for a minute none is taken */
#define USERS_GUESSES_MS 60000

/* An address, or the /64 of one of IPv6, from which wrong passwords have come. All zero: nobody. */
struct guesser {
	struct ip key;
	uint8_t count;
	uint64_t since; /* the first of them; or, when there are enough, the last */
};

/* All zero: there are no users. */
struct users {
	bool given;     /* a file was read: a name in it is nobody else's */
	uint16_t bytes; /* of text */
	/* For each: the length of the name, that of the password, the name, the password. */
	uint8_t text[CONFIG_ANKLET_USERS > 0 ? CONFIG_ANKLET_USERS
					     : 512]; /* without passwords there is no such struct */
	struct guesser guesser[USERS_GUESSERS];
};

/*
 * Reads a whole file into users, who are forgotten first: lines of NAME:PASSWORD, which may be empty, up to the line's
 * end. Where there is TLS a password may stand there as its hash: USERS_HASH, a salt of at most USERS_SALT_MAX bytes,
 * '$', and the SHA-256 of the salt and the password in hexadecimal digits.
 * Empty lines and those that begin with '#' are skipped. False: it is none, and 'why' says where and what would be
 * right.
 */
bool users_read(struct users *users, const uint8_t *text, size_t len, struct text *why);

/* Is it a user's name? */
bool users_hold(const struct users *users, const char *name, size_t len);

/*
 * Is that the user's password? It takes as long whether it is or not, and whether there is such a user: only the file's
 * own lengths decide. Both are read up to the longest in the file, so they stand where there is room for the longest
 * userid and name of a request.
 */
bool users_prove(const struct users *users, const char *name, size_t name_len, const char *password,
	size_t password_len);

/* A wrong password has come from there at that time; has it been too many? (client_key(), loop_time()) */
void users_note_wrong(struct users *users, const struct ip *key, uint64_t now);
bool users_is_guessing(const struct users *users, const struct ip *key, uint64_t now);

#endif
