// SPDX-License-Identifier: GPL-2.0
/*
 * Egress of one sandbox: attached to its cgroup, one set of maps each. Every destination is looked up as (address,
 * port, stream or datagram); what has a rule goes to the rule's port on loopback, datagrams to port 53 go to the DNS
 * mock, connections to the sandbox's own listeners pass, and all else goes to the catch-all port and is reported.
 * IPv4 is handled as IPv4-mapped IPv6 throughout, as a dual-stack socket uses it.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define ECONNREFUSED 111
#define DNS_PORT 53

struct destination {
  u8 address[16];
  u16 port; /* host order */
  u16 pad;
};

enum action { ACTION_REDIRECT = 1, ACTION_REFUSE = 2 };

struct rule {
  u16 action;
  u16 to_port;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 8192);
  __type(key, struct destination);
  __type(value, struct rule);
} rules SEC(".maps");

/* Local ports: 1 passes always, 2 is one of the mocks and never counts as the app's own listener. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 16384);
  __type(key, u16);
  __type(value, u8);
} ports SEC(".maps");

struct settings {
  u16 catch_all;
  u16 dns;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct settings);
} settings_map SEC(".maps");

struct stray {
  u64 count;
  u64 first; /* nanoseconds since boot */
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 4096);
  __type(key, struct destination);
  __type(value, struct stray);
} strays SEC(".maps");

/* Strays that found no room in the map above. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} overflow SEC(".maps");

/* Socket and local port → where it was meant to go. */
struct origin_key {
  u64 cookie;
  u16 port;
  u16 pad[3];
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct origin_key);
  __type(value, struct destination);
} origins SEC(".maps");

static __always_inline bool is_v4(const struct destination *d) {
  const u32 *words = (const u32 *)d->address;
  return words[0] == 0 && words[1] == 0 && words[2] == __builtin_bswap32(0xffff);
}

static __always_inline bool is_loopback(const struct destination *d) {
  const u32 *words = (const u32 *)d->address;
  /* Connecting to "any" reaches this host, like 127.0.0.1. */
  if (is_v4(d)) return d->address[12] == 127 || words[3] == 0;
  return words[0] == 0 && words[1] == 0 && words[2] == 0 && (words[3] == 0 || words[3] == __builtin_bswap32(1));
}

static __always_inline void wanted(struct bpf_sock_addr *ctx, bool v6, struct destination *d) {
  u32 *words = (u32 *)d->address;
  if (v6) {
    words[0] = ctx->user_ip6[0];
    words[1] = ctx->user_ip6[1];
    words[2] = ctx->user_ip6[2];
    words[3] = ctx->user_ip6[3];
  } else {
    words[0] = words[1] = 0;
    words[2] = __builtin_bswap32(0xffff);
    words[3] = ctx->user_ip4;
  }
  d->port = __builtin_bswap16((u16)ctx->user_port);
  d->pad = 0;
}

static __always_inline void rewrite(struct bpf_sock_addr *ctx, bool v6, const struct destination *d) {
  const u32 *words = (const u32 *)d->address;
  if (v6) {
    ctx->user_ip6[0] = words[0];
    ctx->user_ip6[1] = words[1];
    ctx->user_ip6[2] = words[2];
    ctx->user_ip6[3] = words[3];
  } else {
    ctx->user_ip4 = words[3];
  }
  ctx->user_port = __builtin_bswap16(d->port);
}

/* Sends it to `port` on the loopback address of the same family, and remembers where it was meant to go. */
static __always_inline void send_to(struct bpf_sock_addr *ctx, bool v6, const struct destination *d, u16 port) {
  struct destination local = {.port = port};
  u32 *words = (u32 *)local.address;
  if (is_v4(d)) {
    words[2] = __builtin_bswap32(0xffff);
    words[3] = __builtin_bswap32(0x7f000001);
  } else {
    words[3] = __builtin_bswap32(1);
  }
  struct origin_key key = {.cookie = bpf_get_socket_cookie(ctx), .port = port};
  bpf_map_update_elem(&origins, &key, d, BPF_ANY);
  rewrite(ctx, v6, &local);
}

static __always_inline void report(const struct destination *d) {
  struct stray *known = bpf_map_lookup_elem(&strays, d);
  if (known) {
    __sync_fetch_and_add(&known->count, 1);
    return;
  }
  struct stray fresh = {.count = 1, .first = bpf_ktime_get_ns()};
  if (bpf_map_update_elem(&strays, d, &fresh, BPF_ANY)) {
    u32 zero = 0;
    u64 *more = bpf_map_lookup_elem(&overflow, &zero);
    if (more) __sync_fetch_and_add(more, 1);
  }
}

/* Whether something of the sandbox's own listens there: an app may talk to itself. */
static __always_inline bool own_listener(struct bpf_sock_addr *ctx, const struct destination *d, bool stream) {
  u8 *kind = bpf_map_lookup_elem(&ports, &d->port);
  if (kind) return *kind == 1;
  struct bpf_sock_tuple tuple = {};
  u32 size;
  if (is_v4(d)) {
    tuple.ipv4.saddr = tuple.ipv4.daddr = __builtin_bswap32(0x7f000001);
    tuple.ipv4.dport = __builtin_bswap16(d->port);
    size = sizeof(tuple.ipv4);
  } else {
    tuple.ipv6.saddr[3] = tuple.ipv6.daddr[3] = __builtin_bswap32(1);
    tuple.ipv6.dport = __builtin_bswap16(d->port);
    size = sizeof(tuple.ipv6);
  }
  struct bpf_sock *found = stream ? bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0)
                                  : bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
  if (!found) return false;
  bpf_sk_release(found);
  return true;
}

/* 1 lets the call go on with the address as it now is, 0 refuses it with ECONNREFUSED. */
static __always_inline int decide(struct bpf_sock_addr *ctx, bool v6, bool connects) {
  struct destination d;
  u32 zero = 0;
  wanted(ctx, v6, &d);
  struct settings *settings = bpf_map_lookup_elem(&settings_map, &zero);
  if (!settings) return 0;
  bool stream = ctx->type == SOCK_STREAM;
  if (!stream && d.port == DNS_PORT) {
    send_to(ctx, v6, &d, settings->dns);
    return 1;
  }
  /* Resolvers sort addresses by "connecting" a datagram socket to each, to port 0: nothing is ever sent. */
  if (!stream && connects && d.port == 0) return 1;
  struct rule *rule = bpf_map_lookup_elem(&rules, &d);
  if (rule && rule->action == ACTION_REFUSE) {
    bpf_set_retval(-ECONNREFUSED);
    return 0;
  }
  if (rule) {
    send_to(ctx, v6, &d, rule->to_port);
    return 1;
  }
  if (is_loopback(&d) && own_listener(ctx, &d, stream)) return 1;
  report(&d);
  send_to(ctx, v6, &d, settings->catch_all);
  return 1;
}

/* Turns the address of a mock back into the one that the program asked for. */
static __always_inline int restore(struct bpf_sock_addr *ctx, bool v6) {
  struct destination now;
  wanted(ctx, v6, &now);
  if (!is_loopback(&now)) return 1;
  struct origin_key key = {.cookie = bpf_get_socket_cookie(ctx), .port = now.port};
  struct destination *origin = bpf_map_lookup_elem(&origins, &key);
  if (origin && (v6 || is_v4(origin))) rewrite(ctx, v6, origin);
  return 1;
}

SEC("cgroup/connect4") int on_connect4(struct bpf_sock_addr *ctx) { return decide(ctx, false, true); }
SEC("cgroup/connect6") int on_connect6(struct bpf_sock_addr *ctx) { return decide(ctx, true, true); }
SEC("cgroup/sendmsg4") int on_sendmsg4(struct bpf_sock_addr *ctx) { return decide(ctx, false, false); }
SEC("cgroup/sendmsg6") int on_sendmsg6(struct bpf_sock_addr *ctx) { return decide(ctx, true, false); }
SEC("cgroup/recvmsg4") int on_recvmsg4(struct bpf_sock_addr *ctx) { return restore(ctx, false); }
SEC("cgroup/recvmsg6") int on_recvmsg6(struct bpf_sock_addr *ctx) { return restore(ctx, true); }
SEC("cgroup/getpeername4") int on_getpeername4(struct bpf_sock_addr *ctx) { return restore(ctx, false); }
SEC("cgroup/getpeername6") int on_getpeername6(struct bpf_sock_addr *ctx) { return restore(ctx, true); }
