/*
 * The least that it costs to read what a source reads: the same system calls in C, on kept descriptors, from one buffer.
 * bench/sources.ts compiles it, sends it what to read, and asks for times. One command a line:
 *
 *   plan            forget the last plan; the lines after it are its steps, until a line "."
 *   read N PARSE    read all of it N times; PARSE is 1 where every number in the files is to be parsed too
 *   paced N MS      the same without parsing, MS milliseconds apart
 *
 * It answers with nanoseconds and bytes of one reading: median, 95th percentile, mean of the CPU time, bytes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

struct step {
  char call;
  char *path;
  int fd;
};

static struct step *steps;
static size_t step_count;
static char *buffer;
static size_t capacity = 64 * 1024;
static uint64_t bytes;
static volatile uint64_t numbers;

static uint64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Up to the end, as src/host.ts does: the last pread is the one that gives nothing. */
static ssize_t fill(int fd) {
  size_t length = 0;
  for (;;) {
    if (length == capacity) buffer = realloc(buffer, capacity *= 2);
    ssize_t count = pread(fd, buffer + length, capacity - length, (off_t)length);
    if (count < 0) return -1;
    if (count == 0) return (ssize_t)length;
    length += (size_t)count;
  }
}

static void parse_numbers(size_t length) {
  uint64_t sum = 0;
  for (size_t at = 0; at < length; at++) {
    uint64_t value = 0;
    for (; at < length && buffer[at] >= '0' && buffer[at] <= '9'; at++) value = value * 10 + (uint64_t)(buffer[at] - '0');
    sum += value;
  }
  numbers += sum;
}

static void forget(struct step *step) {
  if (step->fd >= 0) close(step->fd);
  step->fd = -1;
}

/* Through a descriptor that is kept; 'o' keeps none. */
static void read_file(struct step *step, int parse) {
  for (int attempt = 0; attempt < 2; attempt++) {
    int was_open = step->fd >= 0;
    if (!was_open) step->fd = open(step->path, (step->call == 'p' ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
    if (step->fd < 0) return;
    ssize_t length = fill(step->fd);
    if (length >= 0) {
      bytes += (uint64_t)length;
      if (parse) parse_numbers((size_t)length);
      if (step->call == 'p' && write(step->fd, "reset\n", 6) < 0) perror(step->path);
      if (step->call == 'o') forget(step);
      return;
    }
    forget(step);
    if (!was_open) return;
  }
}

static void list(const char *path) {
  struct dirent **names;
  int count = scandir(path, &names, NULL, alphasort);
  if (count < 0) return;
  while (count > 0) free(names[--count]);
  free(names);
}

static void run(int parse) {
  for (size_t i = 0; i < step_count; i++) {
    struct step *step = &steps[i];
    struct statfs sizes;
    char target[4096];
    switch (step->call) {
      case 'r':
      case 'o':
      case 'p': read_file(step, parse); break;
      case 'l': list(step->path); break;
      case 'k': numbers += (uint64_t)readlink(step->path, target, sizeof target); break;
      case 's': numbers += (uint64_t)statfs(step->path, &sizes); break;
      case 'e': numbers += (uint64_t)access(step->path, F_OK); break;
      case 'a': numbers += (uint64_t)access(step->path, R_OK); break;
    }
  }
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void measure(size_t count, int parse, long pause) {
  uint64_t *times = malloc(count * sizeof *times);
  uint64_t cpu = 0;
  bytes = 0;
  for (size_t i = 0; i < count; i++) {
    struct timespec wait = {pause / 1000, pause % 1000 * 1000000};
    if (pause > 0) nanosleep(&wait, NULL);
    uint64_t cpu_before = i == 0 || pause > 0 ? now(CLOCK_PROCESS_CPUTIME_ID) : 0;
    uint64_t before = now(CLOCK_MONOTONIC);
    run(parse);
    times[i] = now(CLOCK_MONOTONIC) - before;
    cpu -= cpu_before;
    if (i == count - 1 || pause > 0) cpu += now(CLOCK_PROCESS_CPUTIME_ID);
  }
  qsort(times, count, sizeof *times, by_size);
  printf("%llu %llu %llu %llu\n", (unsigned long long)times[count / 2],
         (unsigned long long)times[(count * 95 + 99) / 100 - 1], (unsigned long long)(cpu / count),
         (unsigned long long)(bytes / count));
  fflush(stdout);
  free(times);
}

static void forget_plan(void) {
  for (size_t i = 0; i < step_count; i++) {
    forget(&steps[i]);
    free(steps[i].path);
  }
  step_count = 0;
}

int main(void) {
  char *line = NULL;
  size_t size = 0;
  int in_plan = 0;
  buffer = malloc(capacity);
  for (ssize_t length; (length = getline(&line, &size, stdin)) > 0;) {
    size_t count;
    long other;
    line[length - 1] = '\0';
    if (strcmp(line, "plan") == 0) {
      forget_plan();
      in_plan = 1;
    } else if (strcmp(line, ".") == 0) {
      in_plan = 0;
    } else if (in_plan) {
      steps = realloc(steps, (step_count + 1) * sizeof *steps);
      steps[step_count++] = (struct step){line[0], strdup(line + 1), -1};
    } else if (sscanf(line, "read %zu %ld", &count, &other) == 2) {
      measure(count, other == 1, 0);
    } else if (sscanf(line, "paced %zu %ld", &count, &other) == 2) {
      measure(count, 0, other);
    } else {
      return 1;
    }
  }
  return 0;
}
