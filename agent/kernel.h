/* SPDX-License-Identifier: GPL-2.0
 *
 * The few kernel types that the programs look into, with only the members they use. libbpf finds each member in the
 * running kernel's BTF when the object is loaded (CO-RE). Written by hand and not dumped from a kernel, so that the
 * object is the same bytes wherever it is built.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;
typedef signed long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

enum {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_LRU_HASH = 9,
  BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

/* linux/bpf.h */
#define BPF_F_NO_PREALLOC 1
#define BPF_F_CURRENT_NETNS (-1L)

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define S_IFMT 00170000
#define S_IFSOCK 0140000
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define TCP_LISTEN 10

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
  unsigned long r10, r9, r8, dx, si, di, orig_ax;
};

struct in6_addr {
  union {
    u8 u6_addr8[16];
  } in6_u;
};

struct sock_common {
  u32 skc_daddr;
  u32 skc_rcv_saddr;
  u16 skc_dport;
  u16 skc_num;
  u16 skc_family;
  volatile u8 skc_state;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
};

struct socket;

struct sock {
  struct sock_common __sk_common;
  u16 sk_type;
  int sk_err;
  struct socket *sk_socket;
};

struct socket {
  struct sock *sk;
};

struct sockaddr_un {
  u16 sun_family;
  char sun_path[108];
};

struct unix_address {
  int len;
  struct sockaddr_un name[0];
};

struct unix_sock {
  struct unix_address *addr;
  struct sock *peer;
};

struct inode {
  u16 i_mode;
  unsigned long i_ino;
};

typedef struct {
  s64 counter;
} atomic64_t;

typedef struct {
  atomic64_t refcnt;
} file_ref_t;

struct file {
  void *private_data;
  struct inode *f_inode;
};

/* Since 6.13 a file counts from 0 in f_ref; before, from 1 in f_count. */
struct file___ref {
  file_ref_t f_ref;
};

struct file___count {
  atomic64_t f_count;
};

struct fdtable {
  u32 max_fds;
  struct file **fd;
};

struct files_struct {
  struct fdtable *fdt;
};

struct task_struct {
  struct files_struct *files;
};

struct io_cqe {
  s32 fd;
};

struct io_kiocb {
  u8 opcode;
  struct io_cqe cqe;
};

#pragma clang attribute pop

/* Layout fixed by the user-space interface (linux/bpf.h). */
struct bpf_sock_addr {
  u32 user_family;
  u32 user_ip4;
  u32 user_ip6[4];
  u32 user_port;
  u32 family;
  u32 type;
  u32 protocol;
  u32 msg_src_ip4;
  u32 msg_src_ip6[4];
  u64 sk;
};

struct bpf_sock_tuple {
  union {
    struct {
      u32 saddr, daddr;
      u16 sport, dport;
    } ipv4;
    struct {
      u32 saddr[4], daddr[4];
      u16 sport, dport;
    } ipv6;
  };
};

struct bpf_sock;
