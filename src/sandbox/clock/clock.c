/*
 * Moves the wall clock of the programs that the dynamic linker loads it into (/etc/ld.so.preload of the sandbox) by a
 * fixed number of nanoseconds, which the sandbox writes into its copy of this file, behind the marker. Only the wall
 * clock: monotonic clocks, timers and file times stay as they are, so that nothing that waits is disturbed.
 *
 * Uses no C library, so that the same file works in any image (glibc of any age, musl). libfaketime would do more, but
 * needs variables in the environment, by which a program could tell a replay from production.
 */
typedef long long i64;

struct timespec64 {
  i64 seconds;
  i64 nanoseconds;
};

/* `volatile`: the value is changed in the file, the compiler must not fold the zero. */
__attribute__((used, aligned(16))) static const volatile struct {
  char marker[16];
  i64 offset;
} moved = {"wall-clock-shift", 0};

static int is_wall_clock(int clock) {
  return clock == 0 /* REALTIME */ || clock == 5 /* REALTIME_COARSE */ || clock == 8 /* REALTIME_ALARM */ || clock == 11 /* TAI */;
}

#if defined(__x86_64__)
static long system_clock(int clock, struct timespec64 *time) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(228L), "D"((long)clock), "S"(time) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
static long system_clock(int clock, struct timespec64 *time) {
  register long number __asm__("x8") = 113;
  register long result __asm__("x0") = clock;
  register struct timespec64 *argument __asm__("x1") = time;
  __asm__ volatile("svc 0" : "+r"(result) : "r"(number), "r"(argument) : "memory");
  return result;
}
#endif

static void now(int clock, struct timespec64 *time) {
  system_clock(clock, time);
  i64 nanoseconds = time->nanoseconds + moved.offset % 1000000000;
  time->seconds += moved.offset / 1000000000;
  if (nanoseconds < 0) {
    nanoseconds += 1000000000;
    time->seconds -= 1;
  } else if (nanoseconds >= 1000000000) {
    nanoseconds -= 1000000000;
    time->seconds += 1;
  }
  time->nanoseconds = nanoseconds;
}

/* Of the C library, for errno of a wrong clock number. */
extern int *__errno_location(void) __attribute__((weak));

int clock_gettime(int clock, struct timespec64 *time) {
  if (is_wall_clock(clock)) {
    now(clock, time);
    return 0;
  }
  long result = system_clock(clock, time);
  if (result == 0) return 0;
  if (__errno_location) *__errno_location() = (int)-result;
  return -1;
}

int __clock_gettime(int clock, struct timespec64 *time) { return clock_gettime(clock, time); }

int gettimeofday(struct timespec64 *time, void *zone) {
  (void)zone;
  if (time) {
    now(0, time);
    time->nanoseconds /= 1000; /* a timeval: microseconds in the same place */
  }
  return 0;
}

i64 time(i64 *result) {
  struct timespec64 moment;
  now(0, &moment);
  if (result) *result = moment.seconds;
  return moment.seconds;
}

int timespec_get(struct timespec64 *time, int base) {
  if (base != 1 /* TIME_UTC */) return 0;
  now(0, time);
  return base;
}
