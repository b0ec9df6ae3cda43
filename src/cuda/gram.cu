// Copies of matrices in another unit, type or order, and a Gram matrix in other units; compiled
// together with kernels.cu.

// out (rows x columns), row by row: entry (i, j) of w, which lies at i * down + j * right, times one
// times two.
template <typename T, typename S> __device__ void copy(const T* w, size down, size right, size rows,
    size columns, double one, double two, S* out) {
  for (size row = blockIdx.y; row < rows; row += gridDim.y)
    for (size j = thread_number(); j < columns; j += thread_count())
      out[row * columns + j] = (S)((double)w[row * down + j * right] * one * two);
}

#define COPIES(name, T) \
  extern "C" __global__ void widened_##name(const T* w, size down, size right, size rows, \
      size columns, double one, double two, double* out) { \
    copy(w, down, right, rows, columns, one, two, out); \
  } \
  extern "C" __global__ void scaled_##name(const T* w, size down, size right, size rows, \
      size columns, double one, double two, T* out) { \
    copy(w, down, right, rows, columns, one, two, out); \
  }
FOR_BOTH(COPIES)

// gram (count x count): entry (i, j) times the factors of i and of j.
extern "C" __global__ void scale_both_sides_f64(double* gram, size count, const double* factors) {
  for (size i = blockIdx.y; i < count; i += gridDim.y)
    for (size j = thread_number(); j < count; j += thread_count())
      gram[i * count + j] *= factors[i] * factors[j];
}
