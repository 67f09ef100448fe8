# shellcheck shell=dash disable=SC1090,SC2317 # what calls these is the init script
# Stands in for OpenWrt's /lib/functions/network.sh, with interfaces of its own.

network_flush_cache() {
	:
}

network_is_up() { # INTERFACE
	case $1 in
	lan | guest | six | bare) ;;
	*) return 1 ;;
	esac
}

# 'down' keeps its address: a delegated prefix outlives the link.
network_get_ipaddrs_all() { # VARIABLE INTERFACE
	case $2 in
	lan) eval "$1='192.168.1.1 fd00:0:0:1::1 2001:db8::1'" ;;
	guest) eval "$1=192.168.2.1" ;;
	six) eval "$1=fd00:0:0:3::1" ;;
	down) eval "$1=192.168.4.1" ;;
	*) return 1 ;;
	esac
}
