# What anklet is made of: one list, for this Makefile, for CMake (anklet.cmake) and for the build of a program of yours.
# Each line is 'NAME += FILE...', with nothing else in it, for not only make reads it.

# The core, a folder of src/ after the other; and one of the two below it.
CORE += src/base/address.c src/base/log_lines.c src/base/text.c src/base/word.c
CORE += src/protocol/dns.c src/protocol/hop.c src/protocol/http.c src/protocol/ident.c src/protocol/request.c src/protocol/socks4.c
CORE += src/protocol/socks5.c src/protocol/starttls.c
CORE += src/policy/pattern.c src/policy/routes.c src/policy/rules.c src/policy/users.c
CORE += src/config/clause.c src/config/config.c src/config/endpoint.c src/config/keywords.c src/config/value.c
CORE += src/config/reading.c src/config/value_rates.c
CORE += src/tls/stream.c
CORE += src/loop/budget.c src/loop/clients.c src/loop/loop.c src/loop/rates.c src/loop/timers.c
CORE += src/resolver/cache.c src/resolver/files.c src/resolver/literal.c
CORE += src/resolver/lookup.c src/resolver/query.c src/resolver/resolver.c src/resolver/servers.c
CORE += src/session/bind.c src/session/connect.c src/session/end.c src/session/greeting.c
CORE += src/session/hop.c src/session/ident.c src/session/pace.c
CORE += src/session/log.c src/session/permission.c src/session/relay.c src/session/request.c src/session/resolve.c
CORE += src/session/route.c src/session/seen.c src/session/session.c src/session/shared.c src/session/tls.c
CORE += src/proxy/anklet.c src/proxy/start.c src/proxy/tls.c src/proxy/udp_flow.c src/proxy/udp_forward.c
CORE += src/proxy/udp_log.c src/proxy/listeners.c src/proxy/reload.c src/proxy/reload_status.c src/proxy/udp_reload.c
CORE += src/proxy/sessions.c src/proxy/strerror.c
CORE += src/proxy/status.c src/proxy/status_control.c src/proxy/status_page.c
CORE += src/proxy/status_show.c src/proxy/users.c
TLS_none += src/tls/none.c
TLS_mbedtls += src/tls/mbedtls.c src/tls/mbedtls_context.c src/tls/mbedtls_files.c src/tls/mbedtls_parts.c
TLS_mbedtls += src/tls/mbedtls_random.c src/tls/mbedtls_reason.c src/tls/mbedtls_sha256.c src/tls/mbedtls_verify.c

# Over BSD sockets: what all systems share; Linux and POSIX; and the program.
PORT_BSD += port/bsd/addresses.c port/bsd/connections.c port/bsd/datagrams.c port/bsd/move.c port/bsd/port.c port/bsd/sockets.c
PORT_BSD += port/bsd/stream.c port/bsd/wait.c
# Of whom nobody is told, and who has the system's log; and the library that is installed, in place of these two.
PORT_BSD += port/bsd/alone.c port/bsd/log.c
LIBRARY += port/bsd/guest.c port/bsd/guest_wait.c app/library.c
BSD_INET6 += port/bsd/inet6.c
BSD_INET4 += port/bsd/inet6_none.c
BSD_UNIX += port/bsd/system_unix.c port/bsd/system_unix_files.c port/bsd/system_unix_path.c
TIME_local += port/bsd/time_local.c
TIME_utc += port/bsd/time_utc.c
BSD_linux += port/bsd/fdset.c port/bsd/move_linux.c port/bsd/system_linux.c port/bsd/wait_linux.c port/bsd/ways_linux.c
BSD_posix += port/bsd/system_plain.c port/bsd/no_pktinfo.c port/bsd/system_posix.c port/bsd/ways_none.c
PROGRAM += app/ask.c app/command.c app/failure.c app/main.c app/options.c app/output.c app/password.c app/top.c
PROGRAM += app/user.c
PROGRAM_linux += app/holder_linux.c app/lines.c
PROGRAM_posix += app/holder_posix.c
ACCOUNTS_system += app/accounts_system.c
ACCOUNTS_files += app/accounts_files.c app/lines.c

# The simulated network.
PORT_SIM += port/sim/calls.c port/sim/datagrams.c port/sim/events.c port/sim/faults.c port/sim/network.c
PORT_SIM += port/sim/bytes.c port/sim/sim.c port/sim/sockets.c

# lwIP's raw API; what depends on the families that lwIP is built with.
PORT_LWIP += port/lwip/accept.c port/lwip/chacha20.c port/lwip/datagrams.c port/lwip/embed.c port/lwip/load.c
PORT_LWIP += port/lwip/name_servers.c port/lwip/random.c port/lwip/sockets.c port/lwip/stream.c port/lwip/system.c
PORT_LWIP += port/lwip/table.c port/lwip/wait.c port/no_names_files.c
PORT_LWIP_DUAL += port/lwip/addresses_dual.c
PORT_LWIP_V4 += port/lwip/addresses_v4.c

# Small systems with such sockets: lwIP's; what ESP-IDF adds; and Zephyr's.
BSD_SMALL += port/bsd/fdset.c port/bsd/system_plain.c port/bsd/no_paths.c port/bsd/no_pktinfo.c port/bsd/platform.c
BSD_SMALL += port/bsd/system_small.c port/bsd/ways_none.c port/no_names_files.c
BSD_LWIP += port/bsd/system_lwip.c port/bsd/system_lwip_stack.c
ESP_IDF += port/esp-idf/platform_esp.c port/esp-idf/run.c
BSD_ZEPHYR += port/bsd/system_zephyr.c port/bsd/system_zephyr_names.c port/zephyr/platform_zephyr.c

# An image: all boards; the program; the same board without anklet, to compare with.
BOARD_COMMON += port/lwip/boards/common/checksum.c port/lwip/boards/common/clock.c port/lwip/boards/common/console.c
BOARD_COMMON += port/lwip/boards/common/ethernet.c port/lwip/boards/common/fault.c port/lwip/boards/common/files.c
BOARD_COMMON += port/lwip/boards/common/network.c port/lwip/boards/common/network_read.c
BOARD_COMMON += port/lwip/boards/common/seed.c port/lwip/boards/common/settings.c
BOARD_COMMON += port/lwip/boards/common/startup.c port/lwip/boards/common/strings.c port/lwip/boards/common/watchdog.c
FIRMWARE += port/lwip/firmware/figures.c port/lwip/firmware/main.c
COMPILE_SETTINGS += port/lwip/firmware/compile_settings.c port/lwip/boards/common/network_read.c
COMPILE_SETTINGS += src/base/address.c src/base/log_lines.c src/base/text.c src/base/word.c
COMPILE_SETTINGS += src/config/clause.c src/config/config.c src/config/endpoint.c src/config/keywords.c
COMPILE_SETTINGS += src/config/value.c src/config/reading.c src/config/value_rates.c
COMPILE_SETTINGS += src/policy/pattern.c src/policy/routes.c src/policy/rules.c src/policy/users.c
COMPILE_SETTINGS += src/protocol/dns.c src/tls/none.c
FIRMWARE_none += port/lwip/firmware/tls_heap_none.c
FIRMWARE_mbedtls += port/lwip/firmware/tls_heap.c
ECHO += port/lwip/boards/common/echo.c port/lwip/chacha20.c port/lwip/name_servers.c port/lwip/random.c
ECHO += src/base/address.c src/base/text.c

# Of lwIP, below its src/.
LWIP_CORE += core/def.c core/dns.c core/inet_chksum.c core/init.c core/ip.c core/mem.c core/memp.c core/netif.c
LWIP_CORE += core/pbuf.c core/raw.c core/stats.c core/sys.c core/tcp.c core/tcp_in.c core/tcp_out.c core/timeouts.c
LWIP_CORE += core/udp.c
LWIP_V4 += core/ipv4/icmp.c core/ipv4/ip4.c core/ipv4/ip4_addr.c core/ipv4/ip4_frag.c
LWIP_V6 += core/ipv6/ethip6.c core/ipv6/icmp6.c core/ipv6/inet6.c core/ipv6/ip6.c core/ipv6/ip6_addr.c
LWIP_V6 += core/ipv6/ip6_frag.c core/ipv6/mld6.c core/ipv6/nd6.c
LWIP_ETHERNET += core/ipv4/dhcp.c core/ipv4/etharp.c netif/ethernet.c
LWIP_API += api/api_lib.c api/api_msg.c api/err.c api/if_api.c api/netbuf.c api/netdb.c api/netifapi.c api/sockets.c
LWIP_API += api/tcpip.c

# Of Mbed TLS, below its library/, for an image. What a board's configuration leaves out is an empty object.
MBEDTLS_LIBRARY += aes.c asn1parse.c asn1write.c base64.c bignum.c bignum_core.c bignum_mod.c bignum_mod_raw.c
MBEDTLS_LIBRARY += block_cipher.c chacha20.c chachapoly.c cipher.c cipher_wrap.c constant_time.c ecdh.c ecdsa.c ecp.c
MBEDTLS_LIBRARY += ecp_curves.c gcm.c hkdf.c md.c oid.c pem.c pk.c pk_ecc.c pk_wrap.c pkparse.c platform.c
MBEDTLS_LIBRARY += platform_util.c poly1305.c psa_crypto.c psa_crypto_aead.c psa_crypto_cipher.c psa_crypto_client.c
MBEDTLS_LIBRARY += psa_crypto_driver_wrappers_no_static.c psa_crypto_ecp.c psa_crypto_hash.c psa_crypto_mac.c
MBEDTLS_LIBRARY += psa_crypto_rsa.c psa_crypto_slot_management.c psa_util.c rsa.c rsa_alt_helpers.c sha256.c sha512.c
MBEDTLS_LIBRARY += ssl_ciphersuites.c ssl_client.c ssl_msg.c ssl_ticket.c ssl_tls.c ssl_tls12_client.c
MBEDTLS_LIBRARY += ssl_tls12_server.c ssl_tls13_client.c ssl_tls13_generic.c ssl_tls13_keys.c ssl_tls13_server.c
MBEDTLS_LIBRARY += x509.c x509_crt.c
