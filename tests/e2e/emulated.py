"""
What cannot hold where the program runs under qemu-user, test by test, with the reason.

ANKLET_EMULATOR names the emulator, and the processor with it: 'make check-cross' sets it. Each of these is put
down to the emulation, not to the program; the same tests run natively in 'make check'.
"""
import os

MIPS = ("qemu-mips-static", "qemu-mipsel-static")
BIG_ENDIAN = ("qemu-mips-static",)
ANY = None

# EMULATORS, REASON, TESTS
LIMITS = (
    (ANY, "strace shows the emulator's system calls, and its threads", (
        "test_strace_of_one_curl",
    )),
    (ANY, "the emulator's own select() takes 1024 descriptors at most, and ends the program that has more", (
        "test_descriptors_past_the_size_of_a_set",
    )),
    (MIPS, "getsockopt(SO_ERROR) gives errno by the host's numbers: 111 and not mips' 146 is 'connection refused'", (
        "test_a_log_of_every_step",
    )),
    (BIG_ENDIAN, "rtnetlink's RTM_GETROUTE reaches the kernel with attributes in the program's byte order", (
        "test_a_client_that_leaves_ends_the_question",
        "test_a_lan_in_one_line",
        "test_a_lan_may_connect_and_not_to_the_inside",
        "test_a_new_address_of_ours_is_known_within_seconds",
        "test_an_allow_that_names_an_address_inside_opens_it",
        "test_bad_answers",
        "test_bind_is_asked_about_too",
        "test_good_answers_whole_and_byte_by_byte",
        "test_nobody_on_port_113",
        "test_oidentd_confirms",
        "test_oidentd_contradicts",
        "test_one_address_of_the_host_may_be_reached",
        "test_one_client_of_a_lan_may_be_connected_to",
        "test_rules_without_ident_do_not_ask",
        "test_silence_ends_at_the_limit",
        "test_the_question",
        "test_userids_of_identd_are_no_lines_of_the_log",
        "test_without_rules_neighbours_are_served",
        "test_without_rules_strangers_are_refused",
    )),
    (BIG_ENDIAN, "the index of an interface beside a datagram or an address is in the host's byte order", (
        "test_a_link_local_server_as_getaddrinfo",
        "test_link_local_addresses_on_both_sides",
    )),
    (BIG_ENDIAN, "the addresses in /proc/net/tcp are in the host's byte order", (
        "test_a_port_in_use_names_its_holder",
    )),
)


def reason(test):
    """Why the test of that name cannot hold here, or None."""
    emulator = os.environ.get("ANKLET_EMULATOR")
    for emulators, why, tests in LIMITS:
        if emulator and test in tests and (emulators is ANY or emulator in emulators):
            return f"{emulator}: {why}"
    return None
