//! The only unsafe code of the crate: calls of CUDA's libraries.
//!
//! The argument. `cudarc` owns handles, streams and memory, and frees them; this module adds three
//! kinds of calls. (1) Memory that is new is filled with zeros before anyone can read it. (2) A
//! product or decomposition gets pointers of slices whose lengths were compared, in the safe function around the
//! call, with all that the library reads and writes for these dimensions. (3) A kernel is launched
//! by the one safe function that has its name, which passes the arguments of its signature in
//! kernels.cu, in order and of the same sizes, after it has checked the lengths of the slices; a
//! slice that a kernel writes is borrowed mutably. Slices carry events, by which `cudarc` lets
//! each stream wait for the other's use of the same memory; a copy of host memory that
//! goes on in the background is one of pinned memory, which waits for it in the same way.
#![allow(unsafe_code)]

mod copies;
mod decompositions;
mod kernels;
mod memory;
mod number;
mod products;

pub(super) use self::copies::Part;
pub(super) use self::decompositions::{add_gram, symmetric_eigen};
pub(super) use self::kernels::{Kernels, TableOnCard, groups};
pub(super) use self::memory::{check_libraries, driver, keep_freed_memory, pinned, zeros};
pub use self::number::CardNumber;
pub(super) use self::number::Numbers;
pub(super) use self::products::{Block, blas, product};
