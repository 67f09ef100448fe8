/*
 * Who has a password here, and who guesses. See users.h.
 */
#include "policy/users.h"
#include "tls/tls.h"

#include <string.h>

#define HASH_LEN (sizeof USERS_HASH - 1)
#define DIGITS (2 * TLS_SHA256_LEN)

/* ---- Hashes ---- */

static bool is_hash(const uint8_t *password, size_t len)
{
	return len >= HASH_LEN && memcmp(password, USERS_HASH, HASH_LEN) == 0;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What is wrong with a hash; NULL: nothing. */
static const char *hash_wrong(const uint8_t *hash, size_t len)
{
	static const char form[] =
		"a hash is '" USERS_HASH "', a salt, '$' and 64 hexadecimal digits";
	const uint8_t *salt = hash + HASH_LEN;
	size_t salt_len = len - HASH_LEN - 1 - DIGITS;

	if (!ANKLET_HAS_TLS || !tls_built)
		return "a hash needs TLS, which is not built in: write the password itself";
	if (len < HASH_LEN + 1 + DIGITS || salt_len > USERS_SALT_MAX || salt[salt_len] != '$' ||
		memchr(salt, '$', salt_len) != NULL)
		return form;
	for (size_t i = 0; i < DIGITS; i++)
		if (digit(salt[salt_len + 1 + i]) < 0)
			return form;
	return NULL;
}

/* 0: it is the password's. */
static unsigned hash_differs(
	const uint8_t *stored, size_t len, const char *password, size_t password_len)
{
	uint8_t salted[USERS_SALT_MAX + CONFIG_ANKLET_NAME_MAX], hash[TLS_SHA256_LEN];
	size_t salt_len = len - HASH_LEN - 1 - DIGITS;
	const uint8_t *digits = stored + len - DIGITS;
	unsigned difference = 0;

	memcpy(salted, stored + HASH_LEN, salt_len);
	memcpy(salted + salt_len, password, password_len);
	if (!tls_sha256(salted, salt_len + password_len, hash))
		return 1;
	for (size_t i = 0; i < TLS_SHA256_LEN; i++)
		difference |= hash[i] ^ ((unsigned)digit(digits[2 * i]) << 4 |
						(unsigned)digit(digits[2 * i + 1]));
	return difference;
}

/* ---- The file ---- */

/* What one line comes to; NULL: it is right. */
static const char *add_line(struct users *users, const uint8_t *line, size_t len)
{
	const uint8_t *colon = memchr(line, ':', len);
	size_t name_len, password_len;

	for (size_t i = 0; i < len; i++)
		if (line[i] < 0x20 || line[i] == 0x7f)
			return "a control character: write NAME:PASSWORD, and end lines with LF "
			       "alone";
	if (colon == NULL)
		return "there is no ':': write NAME:PASSWORD";
	name_len = (size_t)(colon - line);
	password_len = len - name_len - 1;
	if (name_len == 0)
		return "there is no name: write NAME:PASSWORD";
	if (name_len > CONFIG_ANKLET_USERID_MAX)
		return "the name is longer than CONFIG_ANKLET_USERID_MAX";
	if (password_len > CONFIG_ANKLET_NAME_MAX)
		return "the password is longer than CONFIG_ANKLET_NAME_MAX";
	if (is_hash(colon + 1, password_len) && hash_wrong(colon + 1, password_len) != NULL)
		return hash_wrong(colon + 1, password_len);
	if (users_hold(users, (const char *)line, name_len))
		return "that user stands there twice: leave one line";
	if (2 + name_len + password_len > sizeof users->text - users->bytes)
		return "no room for so many: they are more than CONFIG_ANKLET_USERS bytes";
	users->text[users->bytes] = (uint8_t)name_len;
	users->text[users->bytes + 1] = (uint8_t)password_len;
	memcpy(users->text + users->bytes + 2, line, name_len);
	memcpy(users->text + users->bytes + 2 + name_len, colon + 1, password_len);
	users->bytes = (uint16_t)(users->bytes + 2 + name_len + password_len);
	return NULL;
}

bool users_read(struct users *users, const uint8_t *text, size_t len, struct text *why)
{
	unsigned number = 0;

	memset(users, 0, sizeof *users);
	users->given = true;
	while (len > 0) {
		const uint8_t *end = memchr(text, '\n', len);
		size_t line = end != NULL ? (size_t)(end - text) : len;
		const char *wrong =
			line == 0 || text[0] == '#' ? NULL : add_line(users, text, line);

		number++;
		if (wrong != NULL) {
			text_str_num(why, "line ", number);
			text_str_str(why, ": ", wrong);
			return false;
		}
		line += end != NULL;
		text += line;
		len -= line;
	}
	return true;
}

/* ---- Passwords ---- */

/* 0: they are the same. It takes as long as a is, whatever b is. */
static unsigned differ(const uint8_t *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned difference = (unsigned)(a_len ^ b_len);

	for (size_t i = 0; i < a_len; i++)
		difference |= a[i] ^ (uint8_t)b[i];
	return difference;
}

bool users_hold(const struct users *users, const char *name, size_t len)
{
	for (size_t at = 0; at < users->bytes; at += 2u + users->text[at] + users->text[at + 1])
		if (users->text[at] == len && memcmp(users->text + at + 2, name, len) == 0)
			return true;
	return false;
}

bool users_prove(const struct users *users, const char *name, size_t name_len, const char *password,
	size_t password_len)
{
	unsigned proven = 0;

	/* None is passed over, and none ends it. */
	for (size_t at = 0; at < users->bytes;) {
		const uint8_t *user = users->text + at, *stored = user + 2 + user[0];
		unsigned other = differ(user + 2, user[0], name, name_len);

		if (ANKLET_HAS_TLS && is_hash(stored, user[1]))
			other |= hash_differs(stored, user[1], password, password_len);
		else
			other |= differ(stored, user[1], password, password_len);
		proven |= other == 0;
		at += 2u + user[0] + user[1];
	}
	return proven != 0;
}

/* ---- Guessing ---- */

static bool is_of(const struct guesser *guesser, const struct ip *key, uint64_t now)
{
	return guesser->count > 0 && ip_equal(&guesser->key, key) &&
	       now - guesser->since < USERS_GUESSES_MS;
}

void users_note_wrong(struct users *users, const struct ip *key, uint64_t now)
{
	struct guesser *guesser = &users->guesser[0];

	/* Its own entry; else the one that is free, or the oldest. */
	for (unsigned i = 0; i < USERS_GUESSERS && !is_of(guesser, key, now); i++) {
		struct guesser *other = &users->guesser[i];

		if (is_of(other, key, now) || other->count == 0 ||
			(guesser->count > 0 && other->since < guesser->since))
			guesser = other;
	}
	if (!is_of(guesser, key, now))
		*guesser = (struct guesser){.key = *key, .since = now};
	if (guesser->count < USERS_GUESSES && ++guesser->count == USERS_GUESSES)
		guesser->since = now;
}

bool users_is_guessing(const struct users *users, const struct ip *key, uint64_t now)
{
	for (unsigned i = 0; i < USERS_GUESSERS; i++)
		if (users->guesser[i].count == USERS_GUESSES && is_of(&users->guesser[i], key, now))
			return true;
	return false;
}
