#!/bin/bash
# The crate on an NVIDIA card: is it right, and how fast is it beside JAX and PyTorch?
#
#     benches/device/run.sh correctness    whole runs on the card against the same on the processor
#     benches/device/run.sh small          N = 4000, d = 2000, n = 6000
#     benches/device/run.sh large          N = 20000, d = 10000, n = 30000; 40 GB on card and host
#     benches/device/run.sh N,d,n,REPEATS  any other size
#
# Several parts may be named. The machine needs a card with its driver, and cuBLAS, cuSOLVER and NVRTC
# from the CUDA toolkit or from Python packages; no Rust. Build the program anywhere with
#
#     cargo build --release -p benches --bin device --features cuda
#
# and carry target/release/device with this folder: it is looked for beside this file, in
# target/release, and where DEVICE says. JAX and PyTorch are measured where `python3` has them. The
# last lines are Markdown tables. The exit status is 1 when the card and the processor differ, or the
# check numbers of the contestants.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(correctness small large)
# where the lines of the measurements are kept
out=${OUT:-$(mktemp -d)}

device=
for place in "${DEVICE:-}" "$here/device" "$here/../../target/release/device"; do
    if [ -n "$place" ] && [ -f "$place" ]; then device=$place && break; fi
done
[ -n "$device" ] || { echo "the program is not here; see the first lines of this file" >&2; exit 1; }
[ -x "$device" ] || chmod +x "$device"

# the folders of CUDA's libraries: Python packages first, which JAX and PyTorch use too
roots=$(python3 -c 'import nvidia; print(*nvidia.__path__)' 2>/dev/null)
folders=$(find $roots /usr/local/cuda*/ /usr/local/nvidia* -maxdepth 5 \
    \( -name 'libcublas.so*' -o -name 'libcusolver.so*' -o -name 'libnvrtc.so*' -o -name 'libcuda.so*' \
    -o -name 'libnvJitLink.so*' -o -name 'libcusparse.so*' \) -not -path '*/stubs/*' \
    -not -path '*/compat/*' \
    -printf '%h\n' 2>/dev/null | awk '!seen[$0]++' | paste -sd:)
libraries=$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
ours() { LD_LIBRARY_PATH=$libraries "$device" "$@"; }

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null
echo "$(nproc) cores; libraries in $folders"

status=0
for part in "${parts[@]}"; do
    case $part in
        correctness*)
            echo "== $part"
            # correctness,3 takes three settings in place of ten
            ours ${part//,/ } || status=1
            continue ;;
        small) size=4000,2000,6000,10 ;;
        large) size=20000,10000,30000,3 ;;
        *) size=$part ;;
    esac
    echo "== $part ($size)"
    lines=$out/$part.lines
    ours timings "$size" | tee "$lines"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    for peer in jax torch; do
        if python3 -c "import $peer" 2>/dev/null; then
            XLA_PYTHON_CLIENT_PREALLOCATE=false timeout "${PEER_SECONDS:-240}" \
                python3 "$here/${peer}_worker.py" "$size" | tee -a "$lines"
        else
            echo "python3 has no $peer: it is not among the contestants" >&2
        fi
    done
done
for part in "${parts[@]}"; do
    if [ -f "$out/$part.lines" ]; then
        echo && "$device" table "$out/$part.lines" || status=1
    fi
done
exit $status
