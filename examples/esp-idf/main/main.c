/*
 * anklet on an ESP32: connects to the network that menuconfig names, and serves it.
 */
#include "esp_event.h"
#include "esp_netif.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"

#include "anklet_esp.h"

#define STACK_SIZE 8192

static const char config[] = "listen tcp://0.0.0.0:1080\n"
			     "log info\n";

static void serve(void *arg)
{
	const struct anklet_esp what = {.config = config};

	(void)arg;
	(void)anklet_esp_run(&what); /* it has said why */
	vTaskDelete(NULL);
}

void app_main(void)
{
	ESP_ERROR_CHECK(nvs_flash_init());
	ESP_ERROR_CHECK(esp_netif_init());
	ESP_ERROR_CHECK(esp_event_loop_create_default());
	ESP_ERROR_CHECK(example_connect());
	xTaskCreate(serve, "anklet", STACK_SIZE, NULL, 5, NULL);
}
