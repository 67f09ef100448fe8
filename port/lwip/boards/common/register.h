/*
 * Registers: those that every Cortex-M3 has (ARMv7-M Architecture Reference Manual, part B3),
 * and how one is reached.
 */
#ifndef BOARD_REGISTER_H
#define BOARD_REGISTER_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYSTICK_CONTROL REGISTER(0xE000E010)
#define SYSTICK_RELOAD REGISTER(0xE000E014)
#define SYSTICK_VALUE REGISTER(0xE000E018)
#define SYSTICK_ON 7u /* counts the processor's own clock and interrupts at zero */

#define NVIC_ENABLE(irq) REGISTER(0xE000E100 + (irq) / 32 * 4)
#define NVIC_BIT(irq) (1u << ((irq) % 32))

#define SCB_STATE REGISTER(0xE000ED04) /* ICSR: the low 9 bits are the exception being handled */
#define SCB_RESET REGISTER(0xE000ED0C) /* AIRCR */
#define SCB_RESET_NOW 0x05FA0004u
#define SCB_FAULT REGISTER(0xE000ED28)       /* CFSR */
#define SCB_FAULT_CAUSE REGISTER(0xE000ED2C) /* HFSR */
#define SCB_MEMORY_ADDRESS REGISTER(0xE000ED34)
#define SCB_BUS_ADDRESS REGISTER(0xE000ED38)

static inline void interrupts_off(void)
{
	__asm volatile("cpsid i" ::: "memory");
}

static inline void interrupts_on(void)
{
	__asm volatile("cpsie i" ::: "memory");
}

/* Sleeps until an interrupt is pending, also while they are off. */
static inline void wait_for_interrupt(void)
{
	__asm volatile("dsb\n\twfi" ::: "memory");
}

#endif
