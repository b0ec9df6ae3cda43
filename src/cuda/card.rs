//! One card: context, streams, libraries, kernels.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cudarc::cublas::CudaBlas;
use cudarc::cusolver::DnHandle;
use cudarc::driver::sys::CUresult;
use cudarc::driver::{CudaContext, CudaStream, DriverError};

use super::error::{CudaError, OnCard};
use super::foreign::{Kernels, blas, check_libraries, driver, keep_freed_memory};

/// The cards that are open, by number.
static OPEN: Mutex<BTreeMap<usize, Weak<Card>>> = Mutex::new(BTreeMap::new());

/// A card that is open: its libraries are loaded and the kernels compiled.
pub struct Card {
    context: Arc<CudaContext>,
    /// Where everything is computed, in order.
    stream: Arc<CudaStream>,
    /// Where samples are copied while the other stream computes.
    copies: Arc<CudaStream>,
    blas: CudaBlas,
    solver: DnHandle,
    kernels: Kernels,
    name: String,
}

impl Card {
    /// Opens card number `ordinal`, from 0. While someone holds it, it is the same for everyone:
    /// opening it takes a second or two, and sharing it none.
    ///
    /// # Errors
    /// [`CudaError`] says what is missing: the driver, the card, one of the libraries.
    pub fn open(ordinal: usize) -> OnCard<Arc<Self>> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(card) = open.get(&ordinal).and_then(Weak::upgrade) {
            return Ok(card);
        }
        let card = Self::opened(ordinal)?;
        open.insert(ordinal, Arc::downgrade(&card));
        Ok(card)
    }

    fn opened(ordinal: usize) -> OnCard<Arc<Self>> {
        check_libraries()?;
        let absent = |DriverError(code)| match code {
            CUresult::CUDA_ERROR_NO_DEVICE => CudaError::NoCard,
            _ => driver("starting the driver")(DriverError(code)),
        };
        let count = CudaContext::device_count().map_err(absent)?;
        match usize::try_from(count).unwrap_or(0) {
            0 => return Err(CudaError::NoCard),
            count if ordinal >= count => return Err(CudaError::NoSuchCard { ordinal, count }),
            _ => {}
        }
        let context = CudaContext::new(ordinal).map_err(driver("opening the card"))?;
        keep_freed_memory(&context)?;
        let stream = || context.new_stream().map_err(driver("opening a stream"));
        let (stream, copies) = (stream()?, stream()?);
        let solver = DnHandle::new(stream.clone()).map_err(|error| CudaError::Call {
            call: "opening cuSOLVER",
            name: format!("{error:?}"),
            code: 0,
        })?;
        let name = context.name().map_err(driver("asking for the card's name"))?;
        Ok(Arc::new(Self {
            blas: blas(stream.clone())?,
            kernels: Kernels::compile(&context, &stream)?,
            context,
            stream,
            copies,
            solver,
            name,
        }))
    }

    /// The name of the card, as its driver gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes of its memory that are free.
    ///
    /// # Errors
    /// [`CudaError::Call`] when the driver does not answer.
    pub fn free_bytes(&self) -> OnCard<u128> {
        // memory that was given back is free once the card has come so far
        self.wait()?;
        let (free, _) = self.context.mem_get_info().map_err(driver("asking for free memory"))?;
        Ok(free as u128)
    }

    /// Checks that so many bytes are free.
    pub(crate) fn has_room(&self, needed: u128) -> OnCard<()> {
        let free = self.free_bytes()?;
        if needed <= free { Ok(()) } else { Err(CudaError::Memory { needed, free }) }
    }

    pub(super) fn context(&self) -> &Arc<CudaContext> {
        &self.context
    }

    pub(super) fn stream(&self) -> &Arc<CudaStream> {
        &self.stream
    }

    pub(super) fn copies(&self) -> &Arc<CudaStream> {
        &self.copies
    }

    pub(super) fn blas(&self) -> &CudaBlas {
        &self.blas
    }

    pub(super) fn solver(&self) -> &DnHandle {
        &self.solver
    }

    pub(super) fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// Waits until the card has done all that was asked of it.
    ///
    /// # Errors
    /// [`CudaError::Call`] when something before went wrong.
    pub fn wait(&self) -> OnCard<()> {
        self.stream.synchronize().map_err(driver("waiting for the card"))
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("name", &self.name).finish_non_exhaustive()
    }
}
