/* Runs compiled tasks for a host at the other end of standard input and output: the host sends the number of a task and
   application memory and gets memory back. Functions of libm are asked of the host, so that both sides have the same:
   C libraries of two architectures differ in the last bit, and it is the emitted code that is compared here. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { SINGLE = 64 };  /* added to a function's number for its 32-bit form; emulated.py counts alike */

static void get(void *to, size_t size) {
  for (char *at = to; size > 0;) {
    const ssize_t n = read(0, at, size);
    if (n <= 0) exit(n < 0);
    at += n;
    size -= (size_t)n;
  }
}

static void put(const void *from, size_t size) {
  for (const char *at = from; size > 0;) {
    const ssize_t n = write(1, at, size);
    if (n <= 0) exit(1);
    at += n;
    size -= (size_t)n;
  }
}

static double ask(int function, double x, double y) {
  struct { uint8_t kind, function; uint8_t none[6]; double x, y; } question = {'f', (uint8_t)function, {0}, x, y};
  double answer;
  put(&question, sizeof question);
  get(&answer, sizeof answer);
  return answer;
}

#define ONE(number, name)                                                                       \
  double voltscan_libm_##name(double x) { return ask(number, x, 0.0); }                          \
  float voltscan_libm_##name##f(float x) { return (float)ask(number + SINGLE, x, 0.0); }
#define TWO(number, name)                                                                       \
  double voltscan_libm_##name(double x, double y) { return ask(number, x, y); }                  \
  float voltscan_libm_##name##f(float x, float y) { return (float)ask(number + SINGLE, x, y); }

/* In alphabetical order of the language's names: ACOS ASIN ATAN ATAN2 CEIL COS EXP EXPT FLOOR LN LOG SIN SQRT TAN. */
ONE(0, acos) ONE(1, asin) ONE(2, atan) TWO(3, atan2) ONE(4, ceil) ONE(5, cos) ONE(6, exp) TWO(7, pow) ONE(8, floor)
ONE(9, log) ONE(10, log10) ONE(11, sin) ONE(12, sqrt) ONE(13, tan)

#define TASK(n) void vs_task_##n(char *) __attribute__((weak));
TASK(0) TASK(1) TASK(2) TASK(3)
static void (*const tasks[])(char *) = {vs_task_0, vs_task_1, vs_task_2, vs_task_3};

int main(void) {
  uint64_t size, task;
  get(&size, sizeof size);
  char *memory = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
  for (;;) {
    const uint64_t done = 'd';
    get(&task, sizeof task);
    get(memory, size);
    tasks[task](memory);
    put(&done, sizeof done);
    put(memory, size);
  }
}
