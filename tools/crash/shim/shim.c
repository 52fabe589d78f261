/* Stands between a process and the C library where files are written: counts calls, makes them fail, kills the process
 * at one of them, or writes down all of them. Preloaded (LD_PRELOAD) and dormant until a process arms it through the
 * dwf_* functions at the end, which tools/crash/shim/__init__.py calls by ctypes. A forked child is dormant again.
 *
 * Only files whose path begins with the prefix given are ours; of their folder, syncs are. What is written through a
 * memory map (the -shm: a cache that every opening rebuilds) is not seen, nor are writev and the like, which neither
 * SQLite nor Python uses on them.
 *
 * The recording's format is documented in tools/crash/recording.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__LP64__) == 0
#error "offsets are taken for 64 bits wide"
#endif

enum call { WRITE, SYNC, TRUNCATE, UNLINK, CALLS };
enum action { NOTHING, COUNT, KILL, TORN, FAIL_EIO, FAIL_ENOSPC };
enum kind { R_OPEN = 1, R_WRITE, R_SYNC, R_TRUNCATE, R_RENAME, R_UNLINK, R_MARK };

static const char *const names[CALLS] = {"write", "sync", "truncate", "unlink"};

static pid_t armed_pid;                /* what is armed below is armed in this process only */
static char prefix[PATH_MAX], folder[PATH_MAX];
static size_t prefix_length;
static enum action action;
static long when;                      /* the call that it happens at, counted from 1 over all of `wanted` */
static int sticky;                     /* at every later one, too */
static unsigned wanted;                /* bit mask of enum call */
static atomic_long seen, seen_of[CALLS], struck;

static pid_t recorder_pid;
static int recording = -1;
static uint64_t order;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t real_write(int fd, const void *bytes, size_t count) {
  REAL(write);
  return real(fd, bytes, count);
}

/* ---------------------------------------------------------------- whose file it is */

static int is_active(void) {
  pid_t me = getpid();
  return armed_pid == me || recorder_pid == me;
}

static int is_ours(const char *path) { return prefix_length && !strncmp(path, prefix, prefix_length); }

static int is_folder(const char *path) { return prefix_length && !strcmp(path, folder); }

/* The path of a descriptor, without what the kernel says of one that was unlinked; 0 if it has none. */
static int path_of(int fd, char *path) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  static const char gone[] = " (deleted)";
  size_t tail = sizeof gone - 1;
  if ((size_t)length > tail && !strcmp(path + length - tail, gone)) path[length - tail] = 0;
  return 1;
}

/* ---------------------------------------------------------------- faults */

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void tell(enum call call, const char *path, const char *what) {
  char line[PATH_MAX + 80];
  const char *name = strrchr(path, '/');
  int length = snprintf(line, sizeof line, "shim: %s at a %s of %s\n", what, names[call], name ? name + 1 : path);
  if (length > 0) (void)!real_write(2, line, (size_t)length);
}

/* What becomes of a call: 0 it is made, -1 half of it and then death, else the errno it fails with. */
static int strikes(enum call call, const char *path) {
  if (armed_pid != getpid()) return 0;
  atomic_fetch_add(&seen_of[call], 1);
  if (!(wanted & 1u << call)) return 0;
  long number = atomic_fetch_add(&seen, 1) + 1;
  if (action == NOTHING || action == COUNT || !(number == when || (sticky && number > when))) return 0;
  if (!atomic_fetch_add(&struck, 1))
    tell(call, path, action == KILL ? "SIGKILL" : action == TORN ? "torn" : action == FAIL_EIO ? "EIO" : "ENOSPC");
  if (action == KILL) die();
  if (action == TORN) return -1;
  return action == FAIL_EIO ? EIO : ENOSPC;
}

/* ---------------------------------------------------------------- recording */

struct record {
  uint64_t order;
  uint8_t kind, flag;
  uint16_t name_length;
  uint32_t unused;
  uint64_t device, inode;
  int64_t offset;
  uint64_t length;
} __attribute__((packed));

static void put(const void *bytes, uint64_t count) {
  const char *at = bytes;
  while (count) {
    ssize_t done = real_write(recording, at, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) { /* a recording with a hole is worth nothing */
      static const char text[] = "shim: the recording cannot be written\n";
      (void)!real_write(2, text, sizeof text - 1);
      die();
    }
    at += done;
    count -= (uint64_t)done;
  }
}

/* `length` bytes of data follow for writes, renames (the new name) and marks; a truncation's length is its offset. */
static void note(enum kind kind, int flag, const char *path, const struct stat *file, int64_t offset, const void *data,
                 uint64_t length) {
  struct record record = {.order = ++order, .kind = (uint8_t)kind, .flag = (uint8_t)flag,
                          .name_length = (uint16_t)strlen(path), .offset = offset, .length = length};
  if (file) {
    record.device = file->st_dev;
    record.inode = file->st_ino;
  }
  put(&record, sizeof record);
  put(path, record.name_length);
  put(data, length);
}

static int begin_recording(void) {
  if (recorder_pid != getpid() || recording < 0) return 0;
  pthread_mutex_lock(&one_at_a_time);
  return 1;
}

static void end_recording(void) {
  int kept = errno;
  pthread_mutex_unlock(&one_at_a_time);
  errno = kept;
}

static void note_descriptor(enum kind kind, int flag, int fd, const char *path, int64_t offset, const void *data,
                            uint64_t length) {
  int kept = errno;
  struct stat file;
  note(kind, flag, path, fstat(fd, &file) ? NULL : &file, offset, data, length);
  errno = kept;
}

/* ---------------------------------------------------------------- write */

typedef ssize_t write_at(int fd, const void *bytes, size_t count, off64_t offset);

static ssize_t plain_write(int fd, const void *bytes, size_t count, off64_t offset) {
  (void)offset;
  return real_write(fd, bytes, count);
}

static ssize_t plain_pwrite(int fd, const void *bytes, size_t count, off64_t offset) {
  REAL(pwrite64);
  return real(fd, bytes, count, offset);
}

static off64_t where(int fd) {
  struct stat64 file;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat64(fd, &file) ? 0 : file.st_size;
  return lseek64(fd, 0, SEEK_CUR);
}

static ssize_t written(int fd, const void *bytes, size_t count, off64_t offset, write_at *real) {
  char path[PATH_MAX];
  if (!is_active() || !path_of(fd, path) || !is_ours(path)) return real(fd, bytes, count, offset);
  int error = strikes(WRITE, path);
  if (error == -1) {
    (void)!real(fd, bytes, count / 2, offset);
    die();
  }
  if (error) {
    errno = error;
    return -1;
  }
  if (!begin_recording()) return real(fd, bytes, count, offset);
  off64_t at = offset < 0 ? where(fd) : offset;
  ssize_t done = real(fd, bytes, count, offset);
  if (done >= 0) note_descriptor(R_WRITE, 0, fd, path, at, bytes, (uint64_t)done);
  end_recording();
  return done;
}

ssize_t write(int fd, const void *bytes, size_t count) { return written(fd, bytes, count, -1, plain_write); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  if (offset < 0) return plain_pwrite(fd, bytes, count, offset);
  return written(fd, bytes, count, offset, plain_pwrite);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

/* ---------------------------------------------------------------- sync and truncate */

static int synced(int fd, int data_only, int (*real)(int)) {
  char path[PATH_MAX];
  if (!is_active() || !path_of(fd, path) || !(is_ours(path) || is_folder(path))) return real(fd);
  int error = strikes(SYNC, path);
  if (error > 0) {
    errno = error;
    return -1;
  }
  if (!begin_recording()) return real(fd);
  int done = real(fd);
  if (!done) note_descriptor(R_SYNC, data_only, fd, path, 0, NULL, 0);
  end_recording();
  return done;
}

int fsync(int fd) {
  REAL(fsync);
  return synced(fd, 0, real);
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return synced(fd, 1, real);
}

int ftruncate64(int fd, off64_t length) {
  REAL(ftruncate64);
  char path[PATH_MAX];
  if (!is_active() || !path_of(fd, path) || !is_ours(path)) return real(fd, length);
  int error = strikes(TRUNCATE, path);
  if (error > 0) {
    errno = error;
    return -1;
  }
  if (!begin_recording()) return real(fd, length);
  int done = real(fd, length);
  if (!done) note_descriptor(R_TRUNCATE, 0, fd, path, length, NULL, 0);
  end_recording();
  return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* ---------------------------------------------------------------- names */

static int removed(const char *path, int (*real)(const char *, int), int flags) {
  if (!is_active() || !is_ours(path)) return real(path, flags);
  int error = strikes(UNLINK, path);
  if (error > 0) {
    errno = error;
    return -1;
  }
  if (!begin_recording()) return real(path, flags);
  struct stat file;
  int known = !lstat(path, &file);
  int done = real(path, flags);
  if (!done) note(R_UNLINK, 0, path, known ? &file : NULL, 0, NULL, 0);
  end_recording();
  return done;
}

static int plain_unlink(const char *path, int flags) {
  (void)flags;
  REAL(unlink);
  return real(path);
}
static int plain_unlinkat(const char *path, int flags) {
  REAL(unlinkat);
  return real(AT_FDCWD, path, flags);
}
int unlink(const char *path) { return removed(path, plain_unlink, 0); }
int unlinkat(int at, const char *path, int flags) {
  REAL(unlinkat);
  if (path[0] != '/') return real(at, path, flags);
  return removed(path, plain_unlinkat, flags);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  if (!is_active() || !(is_ours(from) || is_ours(to)) || !begin_recording()) return real(from, to);
  struct stat file;
  int known = !lstat(from, &file);
  int done = real(from, to);
  if (!done) note(R_RENAME, 0, from, known ? &file : NULL, 0, to, strlen(to));
  end_recording();
  return done;
}

/* flag of an opening: 1 it made the file, 2 it emptied it */
static int opened(int at, const char *path, int flags, mode_t mode) {
  REAL(openat64);
  int writes = (flags & O_ACCMODE) != O_RDONLY;
  if (!writes || !is_active() || !is_ours(path) || !begin_recording()) return real(at, path, flags, mode);
  struct stat before;
  int was = !lstat(path, &before);
  int fd = real(at, path, flags, mode);
  if (fd >= 0) note_descriptor(R_OPEN, !was ? 1 : flags & O_TRUNC ? 2 : 0, fd, path, 0, NULL, 0);
  end_recording();
  return fd;
}

#define MODE_OF(flags) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | __O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open64(const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(AT_FDCWD, path, flags, mode);
}
int open(const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(AT_FDCWD, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(at, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(at, path, flags, mode);
}

/* ---------------------------------------------------------------- for the harness */

static void look_at(const char *path) {
  prefix_length = 0;
  snprintf(prefix, sizeof prefix, "%s", path);
  snprintf(folder, sizeof folder, "%s", path);
  char *end = strrchr(folder, '/');
  if (end) *(end == folder ? end + 1 : end) = 0;
  prefix_length = strlen(prefix);
}

void dwf_arm(const char *path, int what, long number, int for_good, unsigned calls) {
  look_at(path);
  for (int call = 0; call < CALLS; call++) seen_of[call] = 0;
  seen = 0;
  struck = 0;
  action = (enum action)what;
  when = number;
  sticky = for_good;
  wanted = calls;
  armed_pid = getpid();
}

void dwf_disarm(void) { armed_pid = 0; }

/* How many of the wanted calls there were (-1), or how many of one kind. */
long dwf_seen(int call) { return call < 0 ? seen : seen_of[call]; }

long dwf_struck(void) { return struck; }

/* Record into `log`, which is made; 0, or an errno. NULL ends it. */
int dwf_record(const char *path, const char *log) {
  recorder_pid = 0;
  if (recording >= 0) close(recording);
  recording = -1;
  if (!log) return 0;
  int low = open(log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (low < 0) return errno;
  recording = fcntl(low, F_DUPFD_CLOEXEC, 200); /* out of the way of the numbers that the victim counts on */
  if (recording < 0) return errno;
  close(low);
  look_at(path);
  order = 0;
  put("DWFREC1\n", 8);
  recorder_pid = getpid();
  return 0;
}

void dwf_mark(const char *text, long length) {
  if (!begin_recording()) return;
  note(R_MARK, 0, "", NULL, 0, text, (uint64_t)length);
  end_recording();
}
