/*
 * Runs a fuzz target over the files and directories named on the command line.
 *
 * With it the corpora are ordinary tests, for any compiler: an input that fails
 * stops the program. Directories are not searched for directories.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536 /* bytes; a longer input is an error, not cut short */
#define PATH_SIZE 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned replayed;

static void give_up(const char *what, const char *name)
{
	fprintf(stderr, "replay: %s: %s\n", name, what);
	exit(EXIT_FAILURE);
}

/* The input stands in memory of just its size, so that a sanitizer sees a read past its end. */
static void replay_file(const char *name)
{
	static uint8_t buf[INPUT_MAX + 1];
	FILE *file = fopen(name, "rb");
	uint8_t *input;
	size_t len;

	if (file == NULL)
		give_up("cannot be opened", name);
	len = fread(buf, 1, sizeof buf, file);
	if (ferror(file) || len > INPUT_MAX)
		give_up("cannot be read, or is too long", name);
	fclose(file);
	input = malloc(len > 0 ? len : 1);
	if (input == NULL)
		give_up("no memory", name);
	memcpy(input, buf, len);
	LLVMFuzzerTestOneInput(input, len);
	free(input);
	replayed++;
}

static void replay_directory(DIR *directory, const char *name)
{
	const struct dirent *entry;
	char path[PATH_SIZE];

	while ((entry = readdir(directory)) != NULL) {
		int len = snprintf(path, sizeof path, "%s/%s", name, entry->d_name);

		if (len < 0 || (size_t)len >= sizeof path)
			give_up("a path in it is too long", name);
		if (entry->d_name[0] != '.')
			replay_file(path);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *directory = opendir(argv[i]);

		if (directory == NULL) {
			replay_file(argv[i]);
			continue;
		}
		replay_directory(directory, argv[i]);
		closedir(directory);
	}
	printf("%u inputs replayed\n", replayed);
	return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
