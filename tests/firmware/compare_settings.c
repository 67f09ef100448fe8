/*
 * compare_settings CONFIG NETWORK: is what the host has made of these two texts, with which this program is linked,
 * what is read of them here? Prints both configurations where they differ.
 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "network.h"

static void print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)fwrite(text, 1, len, stdout);
}

static size_t read_text(const char *name, char *buf, size_t size)
{
	FILE *file = fopen(name, "rb");
	size_t len = file != NULL ? fread(buf, 1, size, file) : 0;

	if (file != NULL)
		(void)fclose(file);
	return len;
}

int main(int argc, char **argv)
{
	static struct config config;
	static char text[65536];
	struct network network;
	size_t len;

	if (argc != 3)
		return 64;
	config_init(&config);
	config.tls = ANKLET_HAS_TLS;
	len = read_text(argv[1], text, sizeof text);
	if (config_read(&config, argv[1], text, len, print, NULL) > 0)
		return 2;
	len = read_text(argv[2], text, sizeof text);
	if (network_read(&network, text, len) > 0)
		return 3;
	/* Padding included: both are zero before anything is written to them. */
	if (memcmp(&config, &config_compiled, sizeof config) != 0) {
		printf("read:\n");
		config_print(&config, print, NULL);
		printf("compiled:\n");
		config_print(&config_compiled, print, NULL);
		return 1;
	}
	return memcmp(&network, &network_compiled, sizeof network) != 0;
}
