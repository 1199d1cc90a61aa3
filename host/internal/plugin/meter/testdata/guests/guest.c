// A guest in C: vectors, bulk memory, function pointers, recursion.
#define EXPORT(name) __attribute__((export_name(#name)))
typedef unsigned long long u64;
typedef unsigned int u32;

static u32 numbers[1 << 16];
static u32 copies[1 << 16];
static double series[1 << 12];

static u32 next(u32 x) {
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ (x << 5);
}

static void fill(u32 n) {
  u32 x = 2463534242u;
  for (u32 i = 0; i < n; i++) numbers[i] = x = next(x);
}

static u32 bound(u32 n) { return n < (1 << 16) ? n : (1 << 16); }

EXPORT(vectors) u64 vectors(u32 n) {
  n = bound(n);
  fill(n);
  u32 sum = 0;
  for (u32 i = 0; i < n; i++) sum += numbers[i] * 3 + (numbers[i] >> 7);
  return sum;
}

EXPORT(floats) u64 floats(u32 n) {
  n = n < (1 << 12) ? n : (1 << 12);
  for (u32 i = 0; i < n; i++) series[i] = 1.0 / (i + 1);
  double sum = 0;
  for (u32 k = 0; k < 8; k++)
    for (u32 i = 0; i < n; i++) sum += series[i] * __builtin_sqrt(series[n - 1 - i] + k);
  return (u64)(sum * 1e9);
}

EXPORT(move) u64 move(u32 n) {
  n = bound(n);
  fill(n);
  __builtin_memcpy(copies, numbers, n * sizeof(u32));
  if (n > 2) __builtin_memmove(copies + 1, copies, (n - 1) * sizeof(u32));
  __builtin_memset(numbers, 0x5a, n * sizeof(u32));
  u64 h = 1469598103934665603ull;
  for (u32 i = 0; i < n; i++) h = (h ^ copies[i] ^ numbers[i]) * 1099511628211ull;
  return h;
}

static int up(u32 a, u32 b) { return a > b; }
static int down(u32 a, u32 b) { return a < b; }
static int low(u32 a, u32 b) { return (a & 0xffff) > (b & 0xffff); }
static int (*const orders[])(u32, u32) = {up, down, low};

static void sort(u32 *v, int lo, int hi, int (*after)(u32, u32)) {
  if (lo >= hi) return;
  u32 pivot = v[(lo + hi) / 2];
  int i = lo, j = hi;
  while (i <= j) {
    while (after(pivot, v[i])) i++;
    while (after(v[j], pivot)) j--;
    if (i <= j) {
      u32 t = v[i];
      v[i++] = v[j];
      v[j--] = t;
    }
  }
  sort(v, lo, j, after);
  sort(v, i, hi, after);
}

EXPORT(sorted) u64 sorted(u32 n) {
  n = bound(n);
  fill(n);
  sort(numbers, 0, (int)n - 1, orders[n % 3]);
  u64 h = 0;
  for (u32 i = 0; i < n; i++) h = h * 31 + numbers[i];
  return h;
}

static u32 ackermann(u32 m, u32 n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

EXPORT(recurse) u64 recurse(u32 n) { return ackermann(2, n % 60); }

// Two loads for metering: turns without calls, and calls without turns.
EXPORT(spin) u64 spin(u32 n) {
  u32 x = 2463534242u;
  for (u32 i = 0; i < n; i++) x = next(x);
  return x;
}

static __attribute__((noinline)) u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

EXPORT(fibonacci) u64 fibonacci(u32 n) { return fib(n % 31); }

EXPORT(grow) u64 grow(u32 n) {
  u32 before = __builtin_wasm_memory_size(0);
  u32 at = __builtin_wasm_memory_grow(0, n % 5);
  return (u64)before << 32 | at;
}

static __attribute__((noinline)) u32 strike(u32 n) { return *(volatile u32 *)(0xfffffff0u - n % 4); }

EXPORT(fail_in_c) u64 fail_in_c(u32 n) { return strike(n); }
