/*
 * examples/esp-idf as a program of this machine's: its app_main() over lwIP's unix port, a client
 * and a server. Prints what the client was told.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "esp_netif.h"
#include "esp_random.h"
#include "freertos/task.h"
#include "lwip/sockets.h"
#include "lwip/sys.h"
#include "lwip/tcpip.h"

#define TRIES 100 /* to reach the proxy, 50 ms apart */

void app_main(void);

struct task {
	void (*run)(void *arg);
	void *arg;
};

static void *thread(void *arg)
{
	struct task *t = arg;

	t->run(t->arg);
	return NULL;
}

int xTaskCreate(void (*run)(void *arg), const char *name, uint32_t stack, void *arg,
	unsigned priority, void *handle)
{
	static struct task task;
	pthread_t id;

	(void)name;
	(void)stack;
	(void)priority;
	(void)handle;
	task = (struct task){.run = run, .arg = arg};
	return pthread_create(&id, NULL, thread, &task) == 0;
}

void vTaskDelete(void *handle)
{
	(void)handle;
	pthread_exit(NULL);
}

void esp_fill_random(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len)
		abort();
}

static void on_up(void *arg)
{
	sys_sem_signal(arg);
}

esp_err_t esp_netif_init(void)
{
	sys_sem_t up;

	if (sys_sem_new(&up, 0) != ERR_OK)
		return -1;
	tcpip_init(on_up, &up);
	sys_sem_wait(&up);
	sys_sem_free(&up);
	return 0;
}

static struct sockaddr_in place(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = lwip_htons(port)};

	at.sin_addr.s_addr = lwip_htonl(INADDR_LOOPBACK);
	return at;
}

static int to_proxy(void)
{
	struct sockaddr_in at = place(1080);

	for (int i = 0; i < TRIES; i++) {
		int fd = lwip_socket(AF_INET, SOCK_STREAM, 0);

		if (lwip_connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
			return fd;
		lwip_close(fd);
		sys_msleep(50);
	}
	return -1;
}

int main(void)
{
	static const uint8_t request[] = {4, 1, 8000 >> 8, 8000 & 255, 127, 0, 0, 1, 0};
	struct sockaddr_in at = place(8000);
	char said[16] = "";
	int listener, client, server;

	app_main();
	listener = lwip_socket(AF_INET, SOCK_STREAM, 0);
	if (lwip_bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
		lwip_listen(listener, 1) != 0)
		return 1;
	client = to_proxy();
	if (lwip_send(client, request, sizeof request, 0) != sizeof request)
		return 1;
	server = lwip_accept(listener, NULL, NULL);
	if (lwip_recv(client, said, 8, 0) != 8 || said[1] != 90)
		return 1;
	if (lwip_send(server, "hello", 5, 0) != 5 ||
		lwip_recv(client, said, sizeof said - 1, 0) != 5)
		return 1;
	said[5] = '\0';
	printf("said: %s\n", said);
	return strcmp(said, "hello") != 0;
}
