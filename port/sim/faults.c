/*
 * The simulator's random numbers, and the faults that happen by them.
 */
#include "internal.h"

#include <assert.h>

#define BIT(answer) (1u << -(answer))
#define BROKEN (BIT(PORT_RESET) | BIT(PORT_TIMEOUT) | BIT(PORT_NOT_LOCAL) | BIT(PORT_FAILED))

/* Every state is 64 bits that are counted up and then mixed, so no seed is a bad one. */
static uint64_t random_next(struct sim *sim)
{
	uint64_t x = sim->random += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
	return x ^ (x >> 32);
}

uint32_t sim_random(struct sim *sim, uint32_t n)
{
	assert(n > 0);
	return (uint32_t)(random_next(sim) >> 32) % n;
}

bool sim_chance(struct sim *sim, uint32_t chance)
{
	return chance > 0 && sim_random(sim, 1000) < chance;
}

/* What each call may answer besides what it does in fair weather, as port.h says. */
static const uint32_t documented[SIM_CALLS] = {
	[SIM_CALL_INIT] = BIT(PORT_NO_RESOURCES) | BIT(PORT_FAILED),
	[SIM_CALL_LISTEN] = BIT(PORT_IN_USE) | BIT(PORT_NOT_LOCAL) | BIT(PORT_DENIED) |
			    BIT(PORT_UNREACHABLE) | BIT(PORT_NO_RESOURCES) | BIT(PORT_FAILED),
	[SIM_CALL_ACCEPT] = BIT(PORT_NO_RESOURCES),
	[SIM_CALL_CONNECT] = BROKEN | BIT(PORT_REFUSED) | BIT(PORT_UNREACHABLE) |
			     BIT(PORT_NO_NETWORK) | BIT(PORT_NO_RESOURCES) | BIT(PORT_IN_USE) |
			     BIT(PORT_DENIED),
	[SIM_CALL_CONNECTED] = BROKEN | BIT(PORT_REFUSED) | BIT(PORT_UNREACHABLE) |
			       BIT(PORT_NO_NETWORK) | BIT(PORT_DENIED),
	[SIM_CALL_PEEK] = BROKEN,
	[SIM_CALL_SEND] = BROKEN,
	[SIM_CALL_LOCAL] = BIT(PORT_FAILED),
	[SIM_CALL_LOCAL_FOR] = BIT(PORT_UNREACHABLE) | BIT(PORT_FAILED),
	[SIM_CALL_LOAD] = BIT(PORT_NO_NAME) | BIT(PORT_DENIED) | BIT(PORT_FAILED),
	[SIM_CALL_RANDOM] = BIT(PORT_NO_RANDOM),
	[SIM_CALL_NAMES_READ] =
		BIT(PORT_NO_NAME) | BIT(PORT_DENIED) | BIT(PORT_NO_RESOURCES) | BIT(PORT_FAILED),
	[SIM_CALL_DATAGRAM] = BIT(PORT_IN_USE) | BIT(PORT_NOT_LOCAL) | BIT(PORT_DENIED) |
			      BIT(PORT_UNREACHABLE) | BIT(PORT_NO_RESOURCES) | BIT(PORT_FAILED),
	[SIM_CALL_RECVFROM] = BIT(PORT_REFUSED) | BIT(PORT_UNREACHABLE) | BIT(PORT_FAILED),
	[SIM_CALL_SENDTO] = BIT(PORT_REFUSED) | BIT(PORT_UNREACHABLE) | BIT(PORT_FAILED),
};

static bool opens_a_socket(enum sim_call call)
{
	return call == SIM_CALL_LISTEN || call == SIM_CALL_ACCEPT || call == SIM_CALL_CONNECT ||
	       call == SIM_CALL_NAMES_READ || call == SIM_CALL_DATAGRAM;
}

int fault(struct port *p, enum sim_call call)
{
	const struct sim_faults *faults = &p->faults;

	if (faults->fail_with != 0 && (documented[call] & BIT(faults->fail_with)) != 0 &&
		++p->fail_count == faults->fail_at)
		return faults->fail_with;
	if (opens_a_socket(call) && sim_chance(p->sim, faults->no_sockets))
		return PORT_NO_RESOURCES;
	return 0;
}

uint32_t sim_failable_calls(const struct port *port)
{
	return port->fail_count;
}
