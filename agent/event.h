/* SPDX-License-Identifier: GPL-2.0
 *
 * What the tap sends to user space. An event has the layout of a segment record (src/record/segments-format.ts), so
 * that user space only has to fill in the checksum and the time since 1970.
 */
#pragma once
#include "kernel.h"

#define RECORD_SYNC 0x53C0E5D1u

enum record_type {
  RECORD_OPEN = 1,     /* payload: endpoints; first sight of a socket */
  RECORD_DATA = 2,     /* payload: bytes of a stream at `offset` of its direction */
  RECORD_PACKET = 3,   /* payload: struct peer, then one datagram */
  RECORD_STDIO = 4,    /* payload: bytes; detail: descriptor */
  RECORD_CONNECT = 5,  /* payload: endpoints; detail: errno, 0 when connected, 115 while under way */
  RECORD_CLOSE = 6,    /* payload: struct position; detail: errno of the socket */
  RECORD_SHUTDOWN = 7, /* detail: how */
  RECORD_MARK = 8,     /* detail: enum mark; something passed that this tap cannot see */
  RECORD_POSITION = 9, /* payload: struct position; written by user space */
};

enum mark { MARK_IO_URING = 1, MARK_SENDFILE = 2, MARK_SPLICE = 3, MARK_TRUNCATED = 4 };
enum direction { DIRECTION_IN = 0, DIRECTION_OUT = 1 };
enum kind { KIND_IGNORED = 0, KIND_TCP = 1, KIND_UDP = 2, KIND_UNIX = 3 };
enum seen { SEEN_IN_USE = 0, SEEN_ACCEPT = 1, SEEN_CONNECT = 2 };

struct event {
  u32 sync;
  u32 tap; /* in the segment: CRC-32 of everything behind it */
  u32 length; /* of the payload */
  u8 type;
  u8 direction;
  u16 reserved;
  u32 pid;
  u32 tid;
  u64 time; /* nanoseconds since boot; in the segment: microseconds since 1970 */
  u64 connection;
  u64 offset;
  s32 detail;
  u32 spare;
};

struct peer {
  u16 family;
  u16 port; /* host order */
  u8 address[16]; /* IPv4 in the first four */
};

struct endpoints {
  u8 kind;
  u8 seen;
  u16 family;
  u16 local_port; /* host order */
  u16 remote_port;
  u8 local[16];
  u8 remote[16];
  /* Unix sockets only: sun_path with its length, 0 when unnamed. */
  u32 local_length;
  u32 remote_length;
  char local_path[128]; /* 108 used */
  char remote_path[128];
};
#define INET_ENDPOINTS 40

struct position {
  u64 in;
  u64 out;
  u64 lost;
};

/* Value of the map `socks`, by address of the kernel's struct sock. */
struct conn {
  u64 id;
  u64 inode;
  u64 in;
  u64 out;
  u64 lost;
  u32 tap;
  u32 pid; /* the last that used it */
  u8 kind;
  u8 closed;
  u8 marks;
  u8 family;
  u8 seen;
  u8 opened; /* its first sight was reported */
  u16 pad;
};
