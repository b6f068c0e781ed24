/* Drives a compiled task as baseline.c drives its own scan: input row, clock, task. Returns ns a scan. */
#include <string.h>
#include <time.h>

enum { ROWS = 64, NOW_NS = 0, BUDGET = 40 };  /* fields of runtime/core/appmemory.py */

double drive(void (*task)(char *), char *memory, const char *rows, long row_size, long input,
             unsigned long tick, unsigned long batch) {
  struct timespec a, b;
  const long long budget = 1LL << 40;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (unsigned long end = tick + batch; tick < end; tick++) {
    const long long now = (long long)tick * 10000000LL;
    memcpy(memory + input, rows + (tick % ROWS) * row_size, row_size);
    memcpy(memory + NOW_NS, &now, sizeof now);
    memcpy(memory + BUDGET, &budget, sizeof budget);
    task(memory);
  }
  clock_gettime(CLOCK_MONOTONIC, &b);
  return ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / batch;
}
