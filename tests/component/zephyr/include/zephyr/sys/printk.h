/* Of Zephyr's console what the sample uses. */
#ifndef HOST_ZEPHYR_PRINTK_H
#define HOST_ZEPHYR_PRINTK_H

void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
