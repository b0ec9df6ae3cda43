//! Launches of the kernels of kernels.cu, one safe function each.

use std::sync::{Arc, OnceLock};

use cudarc::driver::{
    CudaContext, CudaFunction, CudaModule, CudaSlice, CudaStream, CudaView, CudaViewMut,
    LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::{CompileError, CompileOptions, Ptx, compile_ptx_with_opts};

use super::{CardNumber, driver, zeros};
use crate::cuda::error::{CudaError, OnCard};

/// The kernels; those of the second file use functions of the first.
const SOURCE: &str = concat!(include_str!("../kernels.cu"), include_str!("../gram.cu"));

/// Threads of a block, as kernels.cu has them.
const BLOCK: usize = 256;
/// Rows whose products with the second layer one thread adds up.
const GROUP: usize = 128;
/// Threads of a reduction, of which each block leaves one number.
const REDUCTION: usize = 1024 * BLOCK;
/// Bytes of shared memory that every card has for a block.
const SHARED_BYTES: usize = 48 << 10;

/// The table of an activation on the card.
pub(in crate::cuda) struct TableOnCard<T> {
    pub numbers: CudaSlice<T>,
    /// Cells on each side of 0.
    pub octaves: usize,
}

impl<T: CardNumber> TableOnCard<T> {
    /// Bytes of shared memory a block takes for the table, 0 where it does not fit.
    fn shared_bytes(&self) -> u32 {
        let bytes = self.numbers.num_bytes();
        if bytes <= SHARED_BYTES { bytes as u32 } else { 0 }
    }
}

/// The kernels in the form that every card reads.
fn compiled() -> OnCard<Ptx> {
    // without contraction, so that a sum is rounded as on the CPU where it is written alike
    let options = CompileOptions { fmad: Some(false), ..CompileOptions::default() };
    compile_ptx_with_opts(SOURCE, options).map_err(|error| match error {
        CompileError::CompileError { log, .. } => {
            CudaError::Kernels { log: log.to_string_lossy().into_owned() }
        }
        other => CudaError::Kernels { log: format!("{other:?}") },
    })
}

/// The compiled kernels.
pub(in crate::cuda) struct Kernels {
    module: Arc<CudaModule>,
    pub(super) stream: Arc<CudaStream>,
}

impl Kernels {
    /// Compiles the kernels for a card.
    pub fn compile(context: &Arc<CudaContext>, stream: &Arc<CudaStream>) -> OnCard<Self> {
        // which takes most of the time of opening a card
        static COMPILED: OnceLock<OnCard<Ptx>> = OnceLock::new();
        let compiled = COMPILED.get_or_init(compiled).clone()?;
        let module = context.load_module(compiled).map_err(driver("loading the kernels"))?;
        Ok(Self { module, stream: stream.clone() })
    }

    /// The kernel of this name for numbers of type `T`.
    pub(super) fn find<T: CardNumber>(&self, name: &str) -> OnCard<CudaFunction> {
        let name = format!("{name}_{}", T::SUFFIX);
        self.module.load_function(&name).map_err(driver("finding a kernel"))
    }

    /// The largest |a|; NaN when an entry is.
    pub fn largest<T: CardNumber>(&self, a: CudaView<'_, T>) -> OnCard<T> {
        self.largest_of(&self.start_largest(a)?)
    }

    /// Starts looking for the largest |a|, which [`largest_of`](Self::largest_of) waits for.
    pub fn start_largest<T: CardNumber>(&self, a: CudaView<'_, T>) -> OnCard<CudaSlice<T>> {
        let kernel = self.find::<T>("largest")?;
        let count = a.len() as u64;
        // each block leaves one number, and a second launch of one block reduces them
        let threads = REDUCTION.min(a.len().next_multiple_of(BLOCK)).max(BLOCK);
        let mut partial = zeros::<T>(&self.stream, threads / BLOCK)?;
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(&a).arg(&count).arg(&mut partial);
        // SAFETY: `a` has `count` numbers, `partial` one for each block
        unsafe { launch.launch(grid(threads, 1, 0)) }.map_err(driver("the kernel largest"))?;
        let (mut one, left) = (zeros::<T>(&self.stream, 1)?, (threads / BLOCK) as u64);
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(&partial).arg(&left).arg(&mut one);
        // SAFETY: as before
        unsafe { launch.launch(grid(BLOCK, 1, 0)) }.map_err(driver("the kernel largest"))?;
        Ok(one)
    }

    /// The number that [`start_largest`](Self::start_largest) leaves.
    pub fn largest_of<T: CardNumber>(&self, one: &CudaSlice<T>) -> OnCard<T> {
        Ok(self.download(one)?[0])
    }

    /// Replaces the pre-activations `z` (rows x samples) by the derivatives and returns, for groups
    /// of rows, the sums of the second layer times the activation (groups x samples).
    pub fn activate<T: CardNumber>(
        &self,
        z: &mut CudaViewMut<'_, T>,
        (rows, samples): (usize, usize),
        second_layer: &CudaSlice<T>,
        table: &TableOnCard<T>,
        partial: &mut CudaSlice<T>,
    ) -> OnCard<()> {
        let groups = groups(rows);
        assert!(z.len() >= rows * samples && second_layer.len() >= rows, "pre-activations");
        assert!(partial.len() >= groups * samples, "partial sums");
        let kernel = self.find::<T>("activate")?;
        let shared = table.shared_bytes();
        let sizes = (rows as u64, samples as u64);
        let (octaves, numbers) = (table.octaves as i32, table.numbers.len() as i32);
        let (near, group) = (i32::from(shared > 0), GROUP as i32);
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(z).arg(&sizes.0).arg(&sizes.1).arg(second_layer).arg(&table.numbers);
        launch.arg(&octaves).arg(&numbers).arg(&near).arg(&group).arg(partial);
        // SAFETY: a thread reads and writes one column of `group` rows of `z`, and one number of
        // `partial`, whose lengths were checked; the table holds the places it points to
        unsafe { launch.launch(grid(samples, groups, shared)) }
            .map_err(driver("the kernel activate"))?;
        Ok(())
    }

    /// Replaces `z` by `factor` times the activation.
    pub fn feature<T: CardNumber>(
        &self,
        z: &mut CudaViewMut<'_, T>,
        table: &TableOnCard<T>,
        factor: T,
    ) -> OnCard<()> {
        let kernel = self.find::<T>("feature")?;
        let (count, shared) = (z.len() as u64, table.shared_bytes());
        let threads = REDUCTION.min(z.len());
        let (octaves, numbers) = (table.octaves as i32, table.numbers.len() as i32);
        let near = i32::from(shared > 0);
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(z).arg(&count).arg(&table.numbers).arg(&octaves).arg(&numbers);
        launch.arg(&near).arg(&factor);
        // SAFETY: `z` has `count` numbers; the table holds the places it points to
        unsafe { launch.launch(grid(threads, 1, shared)) }.map_err(driver("the kernel feature"))?;
        Ok(())
    }

    /// residual = (y - factor * the sum over groups of `partial`) * share.
    pub fn residual<T: CardNumber>(
        &self,
        (partial, groups): (&CudaSlice<T>, usize),
        y: CudaView<'_, T>,
        factor: T,
        share: T,
        residual: &mut CudaSlice<T>,
    ) -> OnCard<()> {
        let samples = y.len();
        assert!(partial.len() >= groups * samples && residual.len() >= samples, "residuals");
        let kernel = self.find::<T>("residual")?;
        let sizes = (groups as u64, samples as u64);
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(partial).arg(&sizes.0).arg(&sizes.1).arg(&y).arg(&factor).arg(&share);
        launch.arg(residual);
        // SAFETY: a thread reads one column of `partial`, whose length was checked
        unsafe { launch.launch(grid(samples, 1, 0)) }.map_err(driver("the kernel residual"))?;
        Ok(())
    }

    /// out = x (rows x columns) with each row times its factor.
    pub fn scale_rows<T: CardNumber>(
        &self,
        x: CudaView<'_, T>,
        (rows, columns): (usize, usize),
        factors: &CudaSlice<T>,
        out: &mut CudaSlice<T>,
    ) -> OnCard<()> {
        assert!(x.len().min(out.len()) >= rows * columns && factors.len() >= rows, "rows");
        let kernel = self.find::<T>("scale_rows")?;
        let sizes = (rows as u64, columns as u64);
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(&x).arg(&sizes.0).arg(&sizes.1).arg(factors).arg(out);
        // SAFETY: all three lengths were checked
        unsafe { launch.launch(grid(columns, rows.min(1 << 14), 0)) }
            .map_err(driver("the kernel scale_rows"))?;
        Ok(())
    }

    /// w += eta diag(second_layer) direction, in place.
    pub fn update<T: CardNumber>(
        &self,
        w: &mut CudaSlice<T>,
        direction: &CudaSlice<T>,
        second_layer: &CudaSlice<T>,
        (rows, columns): (usize, usize),
        eta: T,
    ) -> OnCard<Moved<T>> {
        let count = rows * columns;
        assert!(w.len().min(direction.len()) >= count && second_layer.len() >= rows, "weights");
        let kernel = self.find::<T>("update")?;
        let threads = REDUCTION.min(count.next_multiple_of(BLOCK)).max(BLOCK);
        let blocks = threads / BLOCK;
        let mut partial = zeros::<T>(&self.stream, 3 * blocks)?;
        let sizes = (rows as u64, columns as u64);
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(w).arg(direction).arg(second_layer).arg(&sizes.0).arg(&sizes.1).arg(&eta);
        launch.arg(&mut partial);
        // SAFETY: the lengths were checked; `partial` has three numbers for each block
        unsafe { launch.launch(grid(threads, 1, 0)) }.map_err(driver("the kernel update"))?;
        // all three are started before the first is waited for
        let most = |k: usize| self.start_largest(partial.slice(k * blocks..(k + 1) * blocks));
        let [moved, largest, gradient] = [most(0)?, most(1)?, most(2)?];
        Ok(Moved {
            moved: self.largest_of(&moved)?,
            largest: self.largest_of(&largest)?,
            gradient: self.largest_of(&gradient)? != T::zero(),
        })
    }

    /// A copy of a slice in memory of the host.
    pub fn download<T: CardNumber>(&self, slice: &CudaSlice<T>) -> OnCard<Vec<T>> {
        let failed = driver("copying from the card");
        let copy = self.stream.clone_dtoh(slice);
        copy.and_then(|copy| self.stream.synchronize().map(|()| copy)).map_err(failed)
    }
}

/// What an update did.
pub(in crate::cuda) struct Moved<T> {
    /// The largest change of a weight.
    pub moved: T,
    /// The largest new |w|, or NaN.
    pub largest: T,
    /// Whether the direction is not 0.
    pub gradient: bool,
}

/// How many groups of rows [`Kernels::activate`] adds up by themselves.
pub(in crate::cuda) fn groups(rows: usize) -> usize {
    rows.div_ceil(GROUP)
}

/// At least so many threads along x, and so many blocks along y.
pub(super) fn grid(threads: usize, y: usize, shared: u32) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (threads.div_ceil(BLOCK).max(1) as u32, y.max(1) as u32, 1),
        block_dim: (BLOCK as u32, 1, 1),
        shared_mem_bytes: shared,
    }
}
