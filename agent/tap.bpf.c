// SPDX-License-Identifier: GPL-2.0
/*
 * The passive tap. One program behind every system call of the machine, so the order of its checks is its price:
 * the call's number (one load), its result, then the caller's cgroup (one map look-up), and only then anything else.
 *
 * Work is done when the call returns: then it is known how much was really read or written, and on x86-64 the
 * arguments are still in the saved registers. Sockets are found through the caller's descriptor table and known by
 * their kernel object, so dup, fork, inherited and passed descriptors need no care, and a socket that was open before
 * the tap is met like any other. Every byte of a direction has an offset which is advanced before the copy is tried:
 * whatever is lost (full ring, unreadable memory) shows as a gap of exactly that many bytes.
 */
#include "event.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define CHUNK 32768 /* bytes of one event at most; a power of two */
#define MAX_STEPS (1 << 20) /* pieces that one call is copied in at most: 2 GiB in chunks and 1,024 vectors are far below */
#define MAX_MESSAGES 1024 /* UIO_MAXIOV, the kernel's own limit */
#define WAKE_BYTES (2 << 20) /* user space is woken when this much waits; otherwise it comes by itself */
#define MAX_LEVELS 24

struct watch {
  u32 tap;
  u32 descendants;
};

struct verdict {
  u32 generation;
  u32 tap;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 64 << 20);
} ring SEC(".maps");

/* Cgroup id → tap. Written by user space, which then advances `generation`. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, u64);
  __type(value, struct watch);
} watches SEC(".maps");

/* Cgroup id → what was found out about it, watched or not: one look-up for everybody else's system calls. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u64);
  __type(value, struct verdict);
} verdicts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __type(key, u64);
  __type(value, struct conn);
} socks SEC(".maps");

/* Process and descriptor → bytes written to it, so that lost output shows. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, u64);
  __type(value, u64);
} stdio SEC(".maps");

/* One call's data on its way into the ring: a buffer, or a vector of them, walked in steps. It lives
 * in a map and not on the stack, so that the verifier does not follow its numbers from step to step. */
struct copy {
  u64 vector; /* user address of struct iovec, 0 for one buffer */
  u32 vectors;
  u32 next;
  u64 base;
  u64 left;      /* of this buffer */
  u64 remaining; /* of the call */
  u64 offset;    /* in the direction, of the first byte that is in scratch */
  u64 lost;
  u64 connection;
  u32 fill;
  u32 tap;
  s32 detail;
  u8 type;
  u8 direction;
  u8 prefix; /* bytes in scratch that are not data: the peer of a datagram */
  u8 done;
};

struct scratch {
  struct copy copy;
  struct event head;
  u8 data[2 * CHUNK]; /* half is used; the rest is what the verifier cannot rule out */
};

/* One per CPU. Not a per-CPU map: their values may not be this large. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

/* Tap → bytes that passed and were not captured, of all its connections and output. Entries made by user space. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, u32);
  __type(value, u64);
} losses SEC(".maps");

/* Shared with user space, which maps it. */
struct shared {
  u64 next_id;
  u64 lost_events; /* of any kind; user space then looks through `socks` for ends that it missed */
  u32 generation;
  u32 levels; /* bit N: some watch at cgroup level N includes descendants */
  u32 woken; /* set here when user space was woken, cleared there when it came */
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, 1024 /* BPF_F_MMAPABLE */);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct shared);
} shared_map SEC(".maps");

static __always_inline struct shared *shared_state(void) {
  u32 zero = 0;
  return bpf_map_lookup_elem(&shared_map, &zero);
}

enum op {
  OP_NONE,
  OP_READ,
  OP_WRITE,
  OP_READV,
  OP_WRITEV,
  OP_RECVFROM,
  OP_SENDTO,
  OP_RECVMSG,
  OP_SENDMSG,
  OP_RECVMMSG,
  OP_SENDMMSG,
  OP_ACCEPT,
  OP_CONNECT,
  OP_SHUTDOWN,
  OP_SENDFILE,
  OP_SPLICE,
};

#define NR_CLOSE 3

/* By x86-64 system call number. */
const volatile u8 ops[512] = {
    [0] = OP_READ,      [1] = OP_WRITE,     [19] = OP_READV,     [20] = OP_WRITEV,   [40] = OP_SENDFILE,
    [42] = OP_CONNECT,  [43] = OP_ACCEPT,   [44] = OP_SENDTO,    [45] = OP_RECVFROM, [46] = OP_SENDMSG,
    [47] = OP_RECVMSG,  [48] = OP_SHUTDOWN, [275] = OP_SPLICE,   [288] = OP_ACCEPT,  [299] = OP_RECVMMSG,
    [307] = OP_SENDMMSG, [327] = OP_READV,  [328] = OP_WRITEV,
};

/* ── whose call is it ─────────────────────────────────────────────────────────────────────────────────────────── */

static __noinline u32 tap_of(u64 cgroup, struct shared *shared) {
  if (!shared) return 0;
  struct verdict verdict = {.generation = shared->generation, .tap = 0};
  struct watch *watch = bpf_map_lookup_elem(&watches, &cgroup);
  if (watch) verdict.tap = watch->tap;
  for (int level = 1; level < MAX_LEVELS && !verdict.tap; level++) {
    if (!(shared->levels & (1u << level))) continue;
    u64 ancestor = bpf_get_current_ancestor_cgroup_id(level);
    if (!ancestor) break;
    watch = bpf_map_lookup_elem(&watches, &ancestor);
    if (watch && watch->descendants) verdict.tap = watch->tap;
  }
  bpf_map_update_elem(&verdicts, &cgroup, &verdict, BPF_ANY);
  return verdict.tap;
}

static __always_inline u32 current_tap(void) {
  struct shared *shared = shared_state();
  if (!shared) return 0;
  u64 cgroup = bpf_get_current_cgroup_id();
  struct verdict *known = bpf_map_lookup_elem(&verdicts, &cgroup);
  if (known && known->generation == shared->generation) return known->tap;
  return tap_of(cgroup, shared);
}

/* ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static __always_inline void stamp(struct event *head, u8 type, u32 tap, u64 connection, u32 length) {
  u64 both = bpf_get_current_pid_tgid();
  head->sync = RECORD_SYNC;
  head->tap = tap;
  head->length = length;
  head->type = type;
  head->direction = 0;
  head->reserved = 0;
  head->pid = both >> 32;
  head->tid = (u32)both;
  head->time = bpf_ktime_get_ns();
  head->connection = connection;
  head->offset = 0;
  head->detail = 0;
  head->spare = 0;
}

/* Puts an event into the ring; 0, or negative when there is no room. Wakes user space once when much is waiting. */
static __always_inline long send(void *event, u64 size) {
  struct shared *shared = shared_state();
  if (!shared) return -1;
  u64 flags = BPF_RB_NO_WAKEUP;
  if (!shared->woken && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > WAKE_BYTES) {
    shared->woken = 1;
    flags = BPF_RB_FORCE_WAKEUP;
  }
  long result = bpf_ringbuf_output(&ring, event, size, flags);
  if (result) __sync_fetch_and_add(&shared->lost_events, 1);
  return result;
}

static __noinline void count_lost(u32 tap, u64 bytes) {
  u64 *lost = bpf_map_lookup_elem(&losses, &tap);
  if (lost) __sync_fetch_and_add(lost, bytes);
}

struct small {
  struct event head;
  struct position position;
};

static __always_inline long send_plain(u8 type, struct conn *conn, s32 detail) {
  struct event event;
  stamp(&event, type, conn->tap, conn->id, 0);
  event.detail = detail;
  return send(&event, sizeof(event));
}

/* The end of a connection, with how far each direction got. When it can't be sent, user space finds `closed` = 2. */
static __noinline void send_close(struct conn *conn, s32 error) {
  if (!conn) return;
  if (conn->closed || conn->kind == KIND_IGNORED) return;
  struct small event;
  stamp(&event.head, RECORD_CLOSE, conn->tap, conn->id, sizeof(event.position));
  event.head.pid = conn->pid; /* may run for another process, in an interrupt */
  event.head.detail = error;
  event.position.in = conn->in;
  event.position.out = conn->out;
  event.position.lost = conn->lost;
  conn->closed = send(&event, sizeof(event)) ? 2 : 1;
}

static __always_inline void mark(struct conn *conn, u8 reason) {
  if (conn->marks & (1 << reason)) return;
  if (!send_plain(RECORD_MARK, conn, reason)) conn->marks |= 1 << reason;
}

/* ── sockets ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static __always_inline struct file *file_of(s32 fd) {
  struct task_struct *task = (void *)bpf_get_current_task_btf();
  struct fdtable *table = BPF_CORE_READ(task, files, fdt);
  if (!table || fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds)) return 0;
  struct file **slots = BPF_CORE_READ(table, fd);
  struct file *file = 0;
  bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
  return file;
}

/* The socket behind a descriptor, or 0 when it is something else. */
static __always_inline struct sock *sock_of_file(struct file *file, u64 *number) {
  struct inode *inode = BPF_CORE_READ(file, f_inode);
  if (!inode || (BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFSOCK) return 0;
  *number = BPF_CORE_READ(inode, i_ino);
  struct socket *socket = BPF_CORE_READ(file, private_data);
  return socket ? BPF_CORE_READ(socket, sk) : 0;
}

static __always_inline void unix_name(struct sock *sk, u32 *length, char *path) {
  struct unix_address *address = BPF_CORE_READ((struct unix_sock *)sk, addr);
  *length = 0;
  if (!address) return;
  int size = BPF_CORE_READ(address, len) - 2; /* without the family */
  if (size <= 0 || size > 108) return;
  *length = size;
  barrier_var(size);
  bpf_probe_read_kernel(path, size & 127, (char *)address + bpf_core_field_offset(struct unix_address, name) + 2);
}

/* Scratch memory of this CPU. Only for programs behind system calls, which do not interrupt one another. */
static __always_inline struct scratch *scratch(void) {
  u32 cpu = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&scratches, &cpu);
}

static __always_inline void inet_endpoints(struct endpoints *ends, struct sock *sk) {
  ends->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
  ends->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
  if (ends->family == AF_INET) {
    *(u32 *)ends->local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
    *(u32 *)ends->remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
  } else {
    BPF_CORE_READ_INTO(&ends->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
    BPF_CORE_READ_INTO(&ends->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
  }
}

/* Where the program asked to be connected to, which may be elsewhere than where it got. */
static __always_inline void asked_for(struct endpoints *ends, u64 address, u32 size) {
  u16 family = 0;
  if (!address || bpf_probe_read_user(&family, 2, (void *)address)) return;
  if (ends->kind == KIND_UNIX) {
    if (family != AF_UNIX || size <= 2 || size > 110) return;
    u32 length = size - 2;
    ends->remote_length = length;
    barrier_var(length); /* the mask below is for the verifier, which does not remember the check above */
    bpf_probe_read_user(ends->remote_path, length & 127, (void *)(address + 2));
  } else if (family == AF_INET && ends->family == AF_INET) {
    u16 port = 0;
    bpf_probe_read_user(&port, 2, (void *)(address + 2));
    ends->remote_port = __builtin_bswap16(port);
    bpf_probe_read_user(ends->remote, 4, (void *)(address + 4));
  } else if (family == AF_INET6 && ends->family == AF_INET6) {
    u16 port = 0;
    bpf_probe_read_user(&port, 2, (void *)(address + 2));
    ends->remote_port = __builtin_bswap16(port);
    bpf_probe_read_user(ends->remote, 16, (void *)(address + 8));
  }
}

static __always_inline long send_endpoints(u8 type, struct conn *conn, struct sock *sk, u8 seen, s32 detail, u64 asked,
                                           u32 asked_size) {
  struct scratch *s = scratch();
  if (!s) return -1;
  struct endpoints *ends = (void *)s->data;
  __builtin_memset(ends, 0, sizeof(*ends));
  ends->kind = conn->kind;
  ends->seen = seen;
  ends->family = conn->family;
  u32 length = INET_ENDPOINTS;
  if (conn->kind == KIND_UNIX) {
    length = sizeof(*ends);
    unix_name(sk, &ends->local_length, ends->local_path);
    struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
    if (peer) unix_name(peer, &ends->remote_length, ends->remote_path);
  } else {
    inet_endpoints(ends, sk);
  }
  if (asked) asked_for(ends, asked, asked_size);
  stamp(&s->head, type, conn->tap, conn->id, length);
  s->head.detail = detail;
  return send(&s->head, sizeof(s->head) + (conn->kind == KIND_UNIX ? sizeof(*ends) : INET_ENDPOINTS));
}

static __always_inline u8 kind_of(struct sock *sk, u16 family, u8 seen) {
  u16 type = BPF_CORE_READ(sk, sk_type);
  if (family == AF_UNIX) {
    if (seen == SEEN_CONNECT) return KIND_UNIX;
    /* A pair without names is a pipe between processes of the app, not a way to a neighbour. */
    if (BPF_CORE_READ((struct unix_sock *)sk, addr)) return KIND_UNIX;
    struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
    return peer && BPF_CORE_READ((struct unix_sock *)peer, addr) ? KIND_UNIX : KIND_IGNORED;
  }
  if (family != AF_INET && family != AF_INET6) return KIND_IGNORED;
  return type == SOCK_STREAM ? KIND_TCP : type == SOCK_DGRAM ? KIND_UDP : KIND_IGNORED;
}

/* A socket that a call was made on, and what is known from that call. */
struct sight {
  u64 address; /* of the kernel's struct sock */
  u64 inode;
  u64 asked; /* connect: user address of the sockaddr */
  u32 asked_size;
  u32 tap;
  u8 seen;
};

/* The entry of a socket; made, and its first sight reported, when it is new. 0 when there is no room for it. */
static __noinline struct conn *conn_of(struct sight *sight) {
  if (!sight) return 0;
  u64 address = sight->address, inode = sight->inode;
  u32 tap = sight->tap;
  u8 seen = sight->seen;
  struct conn *conn = bpf_map_lookup_elem(&socks, &address);
  struct sock *sk = (void *)address;
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  bool same = conn && conn->inode == inode && conn->tap == tap;
  if (same && seen == SEEN_CONNECT && (conn->closed || conn->kind == KIND_IGNORED)) same = false; /* a second life */
  if (!same) {
    struct shared *shared = shared_state();
    if (!shared) return 0;
    if (conn) send_close(conn, 0); /* its end was missed */
    struct conn fresh = {.inode = inode, .tap = tap, .seen = seen};
    fresh.family = BPF_CORE_READ(sk, __sk_common.skc_family);
    fresh.kind = kind_of(sk, fresh.family, seen);
    if (fresh.kind == KIND_TCP && seen == SEEN_IN_USE) {
      u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
      if (state == TCP_LISTEN || state == TCP_CLOSE) return 0;
    }
    fresh.id = __sync_fetch_and_add(&shared->next_id, 1);
    if (bpf_map_update_elem(&socks, &address, &fresh, BPF_ANY)) {
      count_lost(tap, 1); /* no room for it: not known how much, but not nothing */
      return 0;
    }
    conn = bpf_map_lookup_elem(&socks, &address);
    if (!conn) return 0;
  }
  conn->pid = pid;
  if (!conn->opened && conn->kind != KIND_IGNORED)
    conn->opened = !send_endpoints(RECORD_OPEN, conn, sk, conn->seen, 0, sight->asked, sight->asked_size);
  return conn;
}

/* ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static __always_inline void send_chunk(struct copy *c, struct scratch *s) {
  u32 size = c->fill;
  if (size > CHUNK + sizeof(struct peer)) return;
  stamp(&s->head, c->type, c->tap, c->connection, size);
  s->head.direction = c->direction;
  s->head.offset = c->offset;
  s->head.detail = c->detail;
  u64 data = size - c->prefix;
  if (send(&s->head, sizeof(s->head) + size)) c->lost += data;
  c->offset += data;
  c->fill = 0;
  if (c->prefix) c->done = 1; /* what does not fit into one event of a datagram is a gap */
  c->prefix = 0;
}

static long copy_step(u32 step, void *unused) {
  struct scratch *s = scratch();
  if (!s) return 1;
  struct copy *c = &s->copy;
  if (c->remaining == 0 || c->done) return 1;
  if (c->left == 0) {
    if (c->next >= c->vectors) return 1;
    u64 iovec[2];
    if (bpf_probe_read_user(iovec, sizeof(iovec), (void *)(c->vector + 16 * (u64)c->next))) return 1;
    c->next++;
    c->base = iovec[0];
    c->left = iovec[1] < c->remaining ? iovec[1] : c->remaining;
    return 0;
  }
  u32 fill = c->fill & (CHUNK - 1);
  u64 size = CHUNK - fill;
  if (size > c->left) size = c->left;
  if (size > CHUNK) size = CHUNK;
  if (bpf_probe_read_user(s->data + fill, size, (void *)c->base)) {
    if (c->fill > c->prefix) send_chunk(c, s);
    c->offset += size; /* not readable now: a gap */
    c->lost += size;
  } else {
    c->fill = fill + size;
  }
  c->base += size;
  c->left -= size;
  c->remaining -= size;
  if (c->fill >= CHUNK || (c->remaining == 0 && c->fill > c->prefix)) send_chunk(c, s);
  return 0;
}

static __always_inline void run_copy(struct copy *c, struct scratch *s) {
  bpf_loop(MAX_STEPS, copy_step, 0, 0);
  if (c->fill > c->prefix) send_chunk(c, s); /* a vector that was shorter than the call's result */
  c->lost += c->remaining;
  if (c->lost) count_lost(c->tap, c->lost);
}

/*
 * Where the datagram came from or went to: the call's own address, else the one that the socket is connected to. What
 * a connected socket receives comes from there, whatever the call is told (an egress redirect tells the old address).
 */
static __always_inline void peer_of(struct peer *peer, struct conn *conn, struct sock *sk, u64 name, u8 direction) {
  u8 raw[28] = {};
  __builtin_memset(peer, 0, sizeof(*peer));
  if (direction == DIRECTION_IN && BPF_CORE_READ(sk, __sk_common.skc_dport)) name = 0;
  if (name && !bpf_probe_read_user(raw, 16, (void *)name)) {
    u16 family = *(u16 *)raw;
    if (family == AF_INET) {
      peer->family = family;
      peer->port = __builtin_bswap16(*(u16 *)(raw + 2));
      __builtin_memcpy(peer->address, raw + 4, 4);
      return;
    }
    if (family == AF_INET6 && !bpf_probe_read_user(raw, 28, (void *)name)) {
      peer->family = family;
      peer->port = __builtin_bswap16(*(u16 *)(raw + 2));
      __builtin_memcpy(peer->address, raw + 8, 16);
      return;
    }
  }
  peer->family = conn->family;
  peer->port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
  if (conn->family == AF_INET)
    *(u32 *)peer->address = BPF_CORE_READ(sk, __sk_common.skc_daddr);
  else
    BPF_CORE_READ_INTO(&peer->address, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
}

/* `size` bytes of the buffer or vector in `c` passed over the connection. */
static __noinline void record(u64 size, u64 address, u64 inode, u64 name) {
  struct scratch *s = scratch();
  if (!s) return;
  struct copy *c = &s->copy;
  struct sight sight = {.address = address, .inode = inode, .tap = c->tap, .seen = SEEN_IN_USE};
  struct conn *conn = conn_of(&sight);
  if (!conn) return;
  if (conn->kind == KIND_IGNORED) return;
  c->connection = conn->id;
  c->remaining = size;
  c->offset = c->direction == DIRECTION_OUT ? __sync_fetch_and_add(&conn->out, size) : __sync_fetch_and_add(&conn->in, size);
  c->type = RECORD_DATA;
  c->prefix = 0;
  if (conn->kind == KIND_UDP) {
    peer_of((struct peer *)s->data, conn, (struct sock *)address, name, c->direction);
    c->type = RECORD_PACKET;
    c->prefix = c->fill = sizeof(struct peer);
  }
  run_copy(c, s);
  if (c->lost) __sync_fetch_and_add(&conn->lost, c->lost);
}

static __noinline void record_stdio(u64 size) {
  struct scratch *s = scratch();
  if (!s) return;
  struct copy *c = &s->copy;
  u64 key = (bpf_get_current_pid_tgid() & 0xffffffff00000000ull) | (u32)c->detail;
  u64 *written = bpf_map_lookup_elem(&stdio, &key);
  c->offset = written ? *written : 0;
  u64 end = c->offset + size;
  bpf_map_update_elem(&stdio, &key, &end, BPF_ANY);
  c->type = RECORD_STDIO;
  c->remaining = size;
  run_copy(c, s);
}

/* The members of struct msghdr (64-bit) that matter. */
struct msghdr {
  u64 name;
  u32 name_length;
  u32 pad;
  u64 vector;
  u64 vectors;
  u64 control;
  u64 control_length;
  u32 flags;
};

#define MSG_PEEK 2
#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000

struct messages {
  u64 user;
  u64 address;
  u64 inode;
  u32 tap;
  u32 count;
  u8 direction;
};

static __always_inline void record_message(u64 user, u64 size, u32 tap, u8 direction, u64 address, u64 inode) {
  struct msghdr message;
  struct scratch *s = scratch();
  if (!s) return;
  if (bpf_probe_read_user(&message, sizeof(message), (void *)user)) message = (struct msghdr){};
  s->copy = (struct copy){.tap = tap, .direction = direction, .vector = message.vector, .vectors = message.vectors};
  record(size, address, inode, message.name);
}

static long message_step(u32 step, struct messages *m) {
  if (step >= m->count) return 1;
  u32 size = 0;
  u64 user = m->user + 64 * (u64)step; /* struct mmsghdr: a msghdr of 56 bytes, then the length, padded */
  if (bpf_probe_read_user(&size, sizeof(size), (void *)(user + 56))) return 1;
  record_message(user, size, m->tap, m->direction, m->address, m->inode);
  return 0;
}

/* ── the programs ─────────────────────────────────────────────────────────────────────────────────────────────── */

/* Bytes that the kernel moved by itself between descriptors: they count, and the connection says why they are missing. */
static __always_inline void moved(s32 fd, u8 direction, u64 size, u32 tap, u8 reason) {
  u64 inode = 0;
  struct sock *sk = sock_of_file(file_of(fd), &inode);
  if (!sk) return;
  struct sight sight = {.address = (u64)sk, .inode = inode, .tap = tap, .seen = SEEN_IN_USE};
  struct conn *conn = conn_of(&sight);
  if (!conn || conn->kind == KIND_IGNORED) return;
  if (direction == DIRECTION_OUT)
    __sync_fetch_and_add(&conn->out, size);
  else
    __sync_fetch_and_add(&conn->in, size);
  __sync_fetch_and_add(&conn->lost, size);
  count_lost(tap, size);
  mark(conn, reason);
}

static __noinline int connected(struct pt_regs *regs, s64 ret, u32 tap) {
  s32 error = -ret;
  u64 inode = 0;
  u64 asked = regs->si;
  u32 size = regs->dx;
  if (error == 106 /* EISCONN */ || error == 114 /* EALREADY */ || error == 9 || error == 22 || error == 14 || error > 500) return 0;
  struct sock *sk = sock_of_file(file_of(regs->di), &inode);
  if (!sk) return 0;
  u16 family = 0;
  if (bpf_probe_read_user(&family, 2, (void *)asked) || family == 0) return 0; /* AF_UNSPEC: undone */
  struct sight sight = {
      .address = (u64)sk, .inode = inode, .tap = tap, .seen = SEEN_CONNECT, .asked = asked, .asked_size = size};
  struct conn *conn = conn_of(&sight);
  if (!conn || (conn->kind != KIND_TCP && conn->kind != KIND_UNIX)) return 0;
  if (error == 115 && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_ESTABLISHED) error = 0;
  if (error == 115 && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE) {
    error = BPF_CORE_READ(sk, sk_err);
    if (!error) error = 111;
  }
  if (error == 11 /* EAGAIN: a unix listener's queue is full */ || error == 4) return 0;
  send_endpoints(RECORD_CONNECT, conn, sk, SEEN_CONNECT, error, asked, size);
  if (error && error != 115) send_close(conn, error);
  return 0;
}

static __always_inline bool is_stdio(u8 op, s32 fd) {
  return (op == OP_WRITE || op == OP_WRITEV) && (fd == 1 || fd == 2);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret) {
  u64 number = regs->orig_ax;
  if (number >= 512) return 0;
  u8 op = ops[number & 511];
  if (op == OP_NONE) return 0;
  if (ret <= 0 && op != OP_CONNECT && op != OP_ACCEPT && op != OP_SHUTDOWN) return 0;
  u32 tap = current_tap();
  if (!tap) return 0;
  s32 fd = regs->di;
  u64 second = regs->si;
  u32 flags = 0;
  u64 name = 0;
  struct scratch *s = scratch();
  if (!s) return 0;
  struct copy *c = &s->copy;
  *c = (struct copy){.tap = tap, .base = second, .left = ret, .direction = DIRECTION_IN};

  switch (op) {
  case OP_CONNECT:
    return connected(regs, ret, tap);
  case OP_ACCEPT:
    if (ret < 0) return 0;
    fd = ret;
    break;
  case OP_SENDFILE:
    moved(fd, DIRECTION_OUT, ret, tap, MARK_SENDFILE);
    return 0;
  case OP_SPLICE:
    moved(fd, DIRECTION_IN, ret, tap, MARK_SPLICE);
    moved(regs->dx, DIRECTION_OUT, ret, tap, MARK_SPLICE);
    return 0;
  case OP_WRITE:
  case OP_SENDTO:
  case OP_WRITEV:
  case OP_SENDMSG:
  case OP_SENDMMSG:
    c->direction = DIRECTION_OUT;
    break;
  default:
    break;
  }
  if (op == OP_READV || op == OP_WRITEV) {
    c->vector = second;
    c->vectors = regs->dx;
    c->base = c->left = 0;
  } else if (op == OP_SENDTO || op == OP_RECVFROM) {
    flags = regs->r10;
    name = regs->r8;
    u64 room = regs->dx;
    if (c->left > room) c->left = room; /* MSG_TRUNC reports more than it copied */
  } else if (op == OP_SENDMSG || op == OP_RECVMSG) {
    flags = regs->dx;
  } else if (op == OP_SENDMMSG || op == OP_RECVMMSG) {
    flags = regs->r10;
  }
  if (c->direction == DIRECTION_IN && (flags & (MSG_PEEK | MSG_ERRQUEUE))) return 0;
  if (is_stdio(op, fd)) {
    c->detail = fd;
    record_stdio(ret);
    return 0;
  }
  u64 inode = 0;
  struct sock *sk = sock_of_file(file_of(fd), &inode);
  if (!sk) return 0;
  if (op == OP_ACCEPT) {
    struct sight sight = {.address = (u64)sk, .inode = inode, .tap = tap, .seen = SEEN_ACCEPT};
    conn_of(&sight);
  } else if (op == OP_SHUTDOWN) {
    u64 key = (u64)sk;
    struct conn *conn = bpf_map_lookup_elem(&socks, &key);
    if (conn && ret == 0 && conn->inode == inode && conn->kind != KIND_IGNORED) send_plain(RECORD_SHUTDOWN, conn, second);
  } else if (op == OP_SENDMSG || op == OP_RECVMSG) {
    record_message(second, ret, tap, c->direction, (u64)sk, inode);
  } else if (op == OP_SENDMMSG || op == OP_RECVMMSG) {
    struct messages m = {.user = second, .address = (u64)sk, .inode = inode, .tap = tap, .count = ret, .direction = c->direction};
    bpf_loop(MAX_MESSAGES, message_step, &m, 0);
  } else {
    if ((flags & MSG_TRUNC) && c->direction == DIRECTION_IN) {
      /* On a stream the bytes were thrown away and the buffer was not written. */
      if (BPF_CORE_READ(sk, sk_type) == SOCK_STREAM) {
        moved(fd, DIRECTION_IN, ret, tap, MARK_TRUNCATED);
        return 0;
      }
    }
    record(ret, (u64)sk, inode, name);
  }
  return 0;
}

/* Only close: what it closes is gone when it returns. It ends the socket when this was the last descriptor. */
SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number) {
  if (number != NR_CLOSE) return 0;
  if (!current_tap()) return 0;
  struct file *file = file_of(regs->di);
  if (!file) return 0;
  u64 inode = 0;
  struct sock *sk = sock_of_file(file, &inode);
  if (!sk) return 0;
  bool last;
  if (bpf_core_field_exists(struct file___ref, f_ref))
    last = BPF_CORE_READ((struct file___ref *)file, f_ref.refcnt.counter) == 0;
  else
    last = BPF_CORE_READ((struct file___count *)file, f_count.counter) == 1;
  if (!last) return 0;
  u64 key = (u64)sk;
  struct conn *conn = bpf_map_lookup_elem(&socks, &key);
  if (!conn || conn->inode != inode) return 0;
  send_close(conn, 0);
  /* An entry whose end could not be sent stays for user space to find. */
  if (conn->closed != 2) bpf_map_delete_elem(&socks, &key);
  return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, struct sock *sk, int before, int after) {
  if (after != TCP_CLOSE && !(before == TCP_SYN_SENT && after == TCP_ESTABLISHED)) return 0;
  u64 key = (u64)sk;
  struct conn *conn = bpf_map_lookup_elem(&socks, &key);
  if (!conn || conn->kind != KIND_TCP || conn->closed) return 0;
  s32 error = after == TCP_CLOSE ? sk->sk_err : 0;
  if (before == TCP_SYN_SENT) {
    struct {
      struct event head;
      u8 ends[INET_ENDPOINTS];
    } event;
    struct endpoints *ends = (void *)event.ends;
    __builtin_memset(&event, 0, sizeof(event));
    ends->kind = KIND_TCP;
    ends->seen = SEEN_IN_USE; /* the address that was asked for is already known */
    ends->family = conn->family;
    inet_endpoints(ends, sk);
    if (after == TCP_CLOSE && !error) error = 103; /* closed by the program before there was an answer */
    stamp(&event.head, RECORD_CONNECT, conn->tap, conn->id, INET_ENDPOINTS);
    event.head.pid = conn->pid;
    event.head.detail = error;
    send(&event, sizeof(event));
  }
  if (after != TCP_CLOSE) return 0;
  send_close(conn, error);
  if (!sk->sk_socket && conn->closed != 2) bpf_map_delete_elem(&socks, &key); /* nobody can read from it any more */
  return 0;
}

/* io_uring moves data without a system call for each: what it moves on a socket is not captured, and that is said. */
SEC("?tp_btf/io_uring_submit_req")
int BPF_PROG(on_io_uring, struct io_kiocb *request) {
  u32 tap = current_tap();
  if (!tap) return 0;
  u8 opcode = BPF_CORE_READ(request, opcode);
  /* READV, WRITEV, READ_FIXED, WRITE_FIXED, SENDMSG, RECVMSG, READ, WRITE, SEND, RECV, SPLICE, SEND_ZC, SENDMSG_ZC, READ_MULTISHOT */
  u64 moves = 1ull << 1 | 1ull << 2 | 1ull << 4 | 1ull << 5 | 1ull << 9 | 1ull << 10 | 1ull << 22 | 1ull << 23 | 1ull << 26 |
              1ull << 27 | 1ull << 30 | 1ull << 47 | 1ull << 48 | 1ull << 49;
  if (opcode >= 64 || !(moves >> opcode & 1)) return 0;
  u64 inode = 0;
  struct sock *sk = sock_of_file(file_of(BPF_CORE_READ(request, cqe.fd)), &inode);
  if (!sk) return 0;
  struct sight sight = {.address = (u64)sk, .inode = inode, .tap = tap, .seen = SEEN_IN_USE};
  struct conn *conn = conn_of(&sight);
  if (conn && conn->kind != KIND_IGNORED) mark(conn, MARK_IO_URING);
  return 0;
}
