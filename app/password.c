/*
 * 'anklet user NAME'. See password.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "password.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "policy/users.h"
#include "port.h"
#include "tls/tls.h"

#define SALT_BYTES 8

/* One byte more than the longest, so that a longer one is seen. */
struct password {
	char text[CONFIG_ANKLET_NAME_MAX + 1];
	size_t len;
};

/* ---- Reading it ---- */

/*
 * Up to the end of the line, or of the input: that without any byte is no password, but somebody who failed to say one.
 */
static bool read_line(struct password *password)
{
	for (password->len = 0; password->len < sizeof password->text;) {
		char c;
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == '\n')
			return n > 0 || (n == 0 && password->len > 0);
		password->text[password->len++] = c;
	}
	return true;
}

/* A terminal shows nothing of it, and is asked. */
static bool ask(struct password *password)
{
	struct output err = {.fd = STDERR_FILENO};
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0, right;

	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
		output_str(&err, "Password: ");
	}
	right = read_line(password);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		output_str(&err, "\n");
	}
	return right;
}

/* ---- Writing the line ---- */

static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

static const char *name_wrong(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > CONFIG_ANKLET_USERID_MAX)
		return "a name has 1 to CONFIG_ANKLET_USERID_MAX bytes";
	if (name[0] == '#' || strchr(name, ':') != NULL || has_control(name, len))
		return "a name has no ':' and no control character, and does not begin with '#'";
	return NULL;
}

static const char *password_wrong(const struct password *password)
{
	if (password->len > CONFIG_ANKLET_NAME_MAX)
		return "the password is longer than CONFIG_ANKLET_NAME_MAX";
	if (has_control(password->text, password->len))
		return "a password has no control character";
	if (!tls_built && password->len >= sizeof USERS_HASH - 1 &&
		memcmp(password->text, USERS_HASH, sizeof USERS_HASH - 1) == 0)
		return "a password that begins with '" USERS_HASH "' would be taken for a hash";
	return NULL;
}

static void text_hex(struct text *t, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		text_char(t, digits[bytes[i] >> 4]);
		text_char(t, digits[bytes[i] & 15]);
	}
}

/* Appends the hash; false: there are no random numbers for a salt. */
static bool text_hash(struct text *t, struct port *port, const struct password *password)
{
	char salted[2 * SALT_BYTES + 1 + CONFIG_ANKLET_NAME_MAX];
	uint8_t random[SALT_BYTES], hash[TLS_SHA256_LEN];
	struct text salt;

	if (port_random(port, random, sizeof random) != 0)
		return false;
	text_init(&salt, salted, sizeof salted);
	text_hex(&salt, random, sizeof random);
	text_str_str(t, USERS_HASH, salted);
	text_char(t, '$');
	memcpy(salted + salt.len, password->text, password->len);
	if (!tls_sha256(salted, salt.len + password->len, hash))
		return false;
	text_hex(t, hash, sizeof hash);
	return true;
}

static int write_line(const struct text *t)
{
	struct output out = {.fd = STDOUT_FILENO};

	output_bytes(&out, t->buf, t->len);
	return out.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int fail(const char *what, const char *why, int status)
{
	output_error(what, why);
	return status;
}

int password_line(struct port *port, char *const *words)
{
	static char buf[CONFIG_ANKLET_USERID_MAX + CONFIG_ANKLET_NAME_MAX + 128];
	static struct password password;
	const char *wrong;
	struct text t;

	if (words[0] == NULL || words[1] != NULL)
		return fail("user", "write 'anklet user NAME', and give the password as input",
			EXIT_USAGE);
	wrong = name_wrong(words[0]);
	if (wrong != NULL)
		return fail("user", wrong, EXIT_USAGE);
	if (!ask(&password))
		return fail("user",
			"there is no password in its input: an empty one is an empty line",
			EXIT_FAILURE);
	wrong = password_wrong(&password);
	if (wrong != NULL)
		return fail("user", wrong, EXIT_FAILURE);
	text_init(&t, buf, sizeof buf);
	text_str(&t, words[0]);
	text_char(&t, ':');
	if (!tls_built) {
		memcpy(t.buf + t.len, password.text, password.len);
		t.len += password.len;
	} else if (!text_hash(&t, port, &password)) {
		return fail("user", "the system gives no random numbers", EXIT_FAILURE);
	}
	text_char(&t, '\n');
	return write_line(&t);
}
