/*
 * Sends and reads over every call that a socket can be used with. `record-calls PORT FILE` connects to 127.0.0.1:PORT,
 * which answers the line `go` with 4 KiB of known bytes, in one piece, as often as it is asked. With `uring` for FILE
 * it sends one line by io_uring instead, and nothing else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static void ask(int fd) { must(send(fd, "go\n", 3, 0), "send"); }

static void readall(int fd, long missing) {
  char buffer[4096];
  while (missing > 0) {
    long n = read(fd, buffer, missing < 4096 ? missing : 4096);
    must(n <= 0 ? -1 : n, "read");
    missing -= n;
  }
}

/* One IORING_OP_SEND through a ring made by hand (io_uring(7)), and the wait for it. */
static void send_by_ring(int fd, const char *text) {
  struct io_uring_params params = {};
  int ring = syscall(SYS_io_uring_setup, 1, &params);
  must(ring, "io_uring_setup");
  char *queue = mmap(0, params.sq_off.array + 64, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe *entry = mmap(0, sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  must(queue == MAP_FAILED || entry == MAP_FAILED ? -1 : 0, "mmap");
  *entry = (struct io_uring_sqe){.opcode = IORING_OP_SEND, .fd = fd, .addr = (unsigned long)text, .len = strlen(text)};
  *(unsigned *)(queue + params.sq_off.array) = 0;
  __atomic_store_n((unsigned *)(queue + params.sq_off.tail), 1, __ATOMIC_RELEASE);
  must(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0), "io_uring_enter");
  close(ring);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  must(connect(fd, (void *)&to, sizeof(to)), "connect");

  if (strcmp(argv[2], "uring") == 0) {
    send_by_ring(fd, "unseen\n");
    must(write(fd, "seen\n", 5), "write");
    close(fd);
    return 0;
  }

  /* writev: 1,000 vectors, some of them empty */
  static struct iovec many[1000];
  static char letters[] = "abcdefghijklmnopqrstuvwxyz";
  for (int i = 0; i < 1000; i++) many[i] = (struct iovec){letters + i % 20, i % 7};
  must(writev(fd, many, 1000), "writev");

  /* one vector larger than an event */
  static char large[100000];
  memset(large, 'L', sizeof(large));
  struct iovec three[3] = {{"head", 4}, {large, sizeof(large)}, {"tail\n", 5}};
  struct msghdr message = {.msg_iov = three, .msg_iovlen = 3};
  for (long sent = 0; sent < 1; sent++) must(sendmsg(fd, &message, 0), "sendmsg");

  /* sendmmsg */
  struct iovec one = {"first", 5}, two[2] = {{"sec", 3}, {"ond\n", 4}};
  struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = two, .msg_iovlen = 2}}};
  must(sendmmsg(fd, messages, 2, 0), "sendmmsg");

  /* a duplicate, and a child that inherits it */
  int copy = dup(fd);
  must(write(copy, "by dup\n", 7), "write");
  pid_t child = fork();
  if (child == 0) {
    must(write(copy, "by child\n", 9), "write");
    _exit(0);
  }
  waitpid(child, 0, 0);
  close(copy);

  /* recv with a peek first, recvfrom, readv, recvmsg, recvmmsg, read */
  char buffer[4096];
  ask(fd);
  must(recv(fd, buffer, 100, MSG_PEEK), "peek");
  must(recvfrom(fd, buffer, 100, MSG_WAITALL, 0, 0), "recvfrom");
  struct iovec into[3] = {{buffer, 10}, {buffer + 10, 0}, {buffer + 10, 90}};
  long got = readv(fd, into, 3);
  must(got, "readv");
  struct msghdr receive = {.msg_iov = into, .msg_iovlen = 3};
  long more = recvmsg(fd, &receive, 0);
  must(more, "recvmsg");
  char second[50];
  struct iovec other = {second, sizeof(second)};
  struct mmsghdr some[2] = {{.msg_hdr = receive}, {.msg_hdr = {.msg_iov = &other, .msg_iovlen = 1}}};
  long count = recvmmsg(fd, some, 2, MSG_WAITFORONE, 0);
  must(count, "recvmmsg");
  long read_so_far = 100 + got + more;
  for (long i = 0; i < count; i++) read_so_far += some[i].msg_len;
  readall(fd, 4096 - read_so_far);

  /* what is sent by the kernel itself, then something more behind it */
  int file = open(argv[2], O_RDONLY);
  must(file, "open");
  must(sendfile(fd, file, 0, 1000), "sendfile");
  must(write(fd, "after\n", 6), "write");
  must(shutdown(fd, SHUT_WR), "shutdown");
  readall(fd, 0);
  while (read(fd, buffer, sizeof(buffer)) > 0);
  close(fd);
  return 0;
}
