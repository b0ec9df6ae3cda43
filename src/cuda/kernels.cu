// The kernels of the crate, compiled by NVRTC when a card is opened. Each is written once for both
// number types; the names at the end carry the type. No sum depends on the order in which threads
// run: the same card gives the same bits again.

typedef unsigned long long size;

// A value and a derivative that are loaded at once.
template <typename T> struct Pair;
template <> struct alignas(16) Pair<double> { double value, derivative; };
template <> struct alignas(8) Pair<float> { float value, derivative; };

// The degree of the polynomials, as in activation_table.rs.
template <typename T> struct Degree;
template <> struct Degree<double> { static const int count = 8; };
template <> struct Degree<float> { static const int count = 4; };

// The number of this thread, and how many there are.
__device__ __forceinline__ size thread_number() { return blockIdx.x * (size)blockDim.x + threadIdx.x; }
__device__ __forceinline__ size thread_count() { return gridDim.x * (size)blockDim.x; }

// Whether x is above the maximum so far, or not a number; a NaN stays.
template <typename T> __device__ __forceinline__ T larger(T most, T x) {
  return !(x <= most) && most == most ? x : most;
}

// Value and derivative at z: the table is that of activation_table.rs, with 2 `octaves` cells.
template <typename T> __device__ __forceinline__ Pair<T> tabulated(const T* table, int octaves, T z) {
  const int header = 4, record = header + 2 * (Degree<T>::count + 1);
  T x = z < 0 ? -z : z;
  int octave = 0;
  T edge = 1;
  while (octave < octaves - 1 && x >= edge) { octave++; edge += edge; }
  const T* cell = table + 4 * (z < 0 ? octaves + octave : octave);
  // cell: start, pieces per unit, number of its first piece, number of its last piece from there
  T part = (x - cell[0]) * cell[1];
  T last = cell[3];
  int piece = (int)cell[2] + (int)(part < last ? part : last);
  const T* entry = table + 8 * octaves;
  // piece: last point, centre, 1 / half of the width, number of the piece that goes on
  const T* p = entry + (size)piece * record;
  while (x > p[0]) p = entry + (size)(int)p[3] * record;
  T u = (x - p[1]) * p[2];
  const Pair<T>* c = (const Pair<T>*)(p + header);
  Pair<T> sum = c[Degree<T>::count];
#pragma unroll
  for (int k = Degree<T>::count - 1; k >= 0; k--) {
    Pair<T> next = c[k];
    sum.value = fma(sum.value, u, next.value);
    sum.derivative = fma(sum.derivative, u, next.derivative);
  }
  return sum;
}

// The table in shared memory where the launch gives room for it, else where it is. All threads of a
// block call this.
template <typename T> __device__ const T* near_table(const T* table, int numbers, int shared) {
  extern __shared__ double room[];
  if (!shared) return table;
  T* copy = (T*)room;
  for (int i = threadIdx.x; i < numbers; i += blockDim.x) copy[i] = table[i];
  __syncthreads();
  return copy;
}

// The largest x of a block of 256 threads, or NaN. All threads of the block call this.
template <typename T> __device__ T largest_in_block(T x) {
  __shared__ T all[256];
  all[threadIdx.x] = x;
  for (int half = 128; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) all[threadIdx.x] = larger(all[threadIdx.x], all[threadIdx.x + half]);
  }
  __syncthreads();
  x = all[0];
  __syncthreads();
  return x;
}

// out[b]: the largest |a| that block b sees, or NaN.
template <typename T> __device__ void largest(const T* a, size count, T* out) {
  T most = 0;
  for (size i = thread_number(); i < count; i += thread_count()) {
    T x = a[i];
    most = larger(most, x < 0 ? -x : x);
  }
  most = largest_in_block(most);
  if (threadIdx.x == 0) out[blockIdx.x] = most;
}

// z (rows x samples): replaces z by the derivative of the activation. partial (groups x samples): the
// sum over a group of `group` rows of second_layer times the activation. A thread has one sample and
// one group.
template <typename T> __device__ void activate(T* z, size rows, size samples, const T* second_layer,
    const T* given, int octaves, int numbers, int shared, int group, T* partial) {
  const T* table = near_table(given, numbers, shared);
  size sample = thread_number();
  if (sample >= samples) return;
  size first = blockIdx.y * (size)group;
  size end = first + group < rows ? first + group : rows;
  T sum = 0;
#pragma unroll 4
  for (size row = first; row < end; row++) {
    T* place = z + row * samples + sample;
    Pair<T> both = tabulated(table, octaves, *place);
    *place = both.derivative;
    sum = fma(second_layer[row], both.value, sum);
  }
  partial[blockIdx.y * samples + sample] = sum;
}

// Replaces z by factor times the activation.
template <typename T> __device__ void feature(T* z, size count, const T* given, int octaves,
    int numbers, int shared, T factor) {
  const T* table = near_table(given, numbers, shared);
  for (size i = thread_number(); i < count; i += thread_count())
    z[i] = factor * tabulated(table, octaves, z[i]).value;
}

// residual[i] = (y[i] - factor * sum of the partial sums of sample i) * share
template <typename T> __device__ void residual(const T* partial, size groups, size samples,
    const T* y, T factor, T share, T* out) {
  size i = thread_number();
  if (i >= samples) return;
  T sum = 0;
  for (size group = 0; group < groups; group++) sum += partial[group * samples + i];
  out[i] = (y[i] - factor * sum) * share;
}

// out (rows x columns): each row of x times its factor.
template <typename T> __device__ void scale_rows(const T* x, size rows, size columns,
    const T* factors, T* out) {
  for (size row = blockIdx.y; row < rows; row += gridDim.y)
    for (size j = thread_number(); j < columns; j += thread_count())
      out[row * columns + j] = x[row * columns + j] * factors[row];
}

// w += eta a_j g in row j. Block b writes three numbers: the largest change it made, the largest new
// |w| (or NaN), and whether a row with a_j not 0 has a g that is not 0.
template <typename T> __device__ void update(T* w, const T* g, const T* second_layer, size rows,
    size columns, T eta, T* out) {
  T moved = 0, most = 0, gradient = 0;
  size count = rows * columns;
  for (size i = thread_number(); i < count; i += thread_count()) {
    T a = second_layer[i / columns];
    T old = w[i], direction = g[i];
    T next = old + eta * a * direction;
    T change = next - old;
    moved = larger(moved, change < 0 ? -change : change);
    most = larger(most, next < 0 ? -next : next);
    if (a != 0 && direction != 0) gradient = 1;
    w[i] = next;
  }
  moved = largest_in_block(moved);
  most = largest_in_block(most);
  gradient = largest_in_block(gradient);
  if (threadIdx.x > 0) return;
  out[blockIdx.x] = moved;
  out[gridDim.x + blockIdx.x] = most;
  out[2 * gridDim.x + blockIdx.x] = gradient;
}

#define FOR_BOTH(KERNEL) KERNEL(f32, float) KERNEL(f64, double)

#define LARGEST(name, T) \
  extern "C" __global__ void largest_##name(const T* a, size count, T* out) { largest(a, count, out); }
FOR_BOTH(LARGEST)

#define ACTIVATE(name, T) \
  extern "C" __global__ void activate_##name(T* z, size rows, size samples, const T* second_layer, \
      const T* table, int octaves, int numbers, int shared, int group, T* partial) { \
    activate(z, rows, samples, second_layer, table, octaves, numbers, shared, group, partial); \
  }
FOR_BOTH(ACTIVATE)

#define FEATURE(name, T) \
  extern "C" __global__ void feature_##name(T* z, size count, const T* table, int octaves, \
      int numbers, int shared, T factor) { \
    feature(z, count, table, octaves, numbers, shared, factor); \
  }
FOR_BOTH(FEATURE)

#define RESIDUAL(name, T) \
  extern "C" __global__ void residual_##name(const T* partial, size groups, size samples, \
      const T* y, T factor, T share, T* out) { \
    residual(partial, groups, samples, y, factor, share, out); \
  }
FOR_BOTH(RESIDUAL)

#define SCALE_ROWS(name, T) \
  extern "C" __global__ void scale_rows_##name(const T* x, size rows, size columns, \
      const T* factors, T* out) { \
    scale_rows(x, rows, columns, factors, out); \
  }
FOR_BOTH(SCALE_ROWS)

#define UPDATE(name, T) \
  extern "C" __global__ void update_##name(T* w, const T* g, const T* second_layer, size rows, \
      size columns, T eta, T* out) { \
    update(w, g, second_layer, rows, columns, eta, out); \
  }
FOR_BOTH(UPDATE)
