//! The threads of a computation.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{panic, process, thread};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// How often a computation is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Computes in another thread, while this one hands the messages of the computation to `seen`, and
/// nothing, many times a second, while there is none. The computation is told what `seen` returns.
pub fn watched<M: Send, T: Send>(
    seen: impl Fn(Option<M>) -> bool + Sync,
    f: impl FnOnce(&(dyn Fn(M) -> bool + Sync)) -> T + Send,
) -> T {
    // a function of the user that computes something: the threads would run out of threads
    if rayon::current_thread_index().is_some() {
        return f(&|message| seen(Some(message)));
    }
    thread::scope(|scope| {
        let (messages, received) = sync_channel::<(M, SyncSender<bool>)>(0);
        let computation = scope.spawn(move || {
            f(&|message| {
                let (answer, answered) = sync_channel(1);
                messages.send((message, answer)).is_ok() && answered.recv().unwrap_or(false)
            })
        });
        loop {
            match received.recv_timeout(LOOK) {
                Ok((message, answer)) => {
                    // the computation waits for it, or has ended
                    let _ = answer.send(seen(Some(message)));
                }
                Err(RecvTimeoutError::Timeout) => {
                    seen(None);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        computation.join().unwrap_or_else(|why| panic::resume_unwind(why))
    })
}

/// The process that was the first to compute, whose threads rayon's own are; and in a process forked
/// from it, where they do not come along, threads of its own.
static OWNER: Mutex<Option<(u32, Option<Arc<ThreadPool>>)>> = Mutex::new(None);

/// Computes in threads that this process has.
pub fn in_living_threads<T: Send>(
    f: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    match own_pool()? {
        Some(pool) => pool.install(f),
        None => f(),
    }
}

fn own_pool() -> Result<Option<Arc<ThreadPool>>, String> {
    let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    let here = process::id();
    if owner.as_ref().is_none_or(|(process, _)| *process != here) {
        let pool = match *owner {
            None => None,
            Some(_) => {
                let pool = ThreadPoolBuilder::new().build();
                Some(Arc::new(pool.map_err(|error| format!("no threads: {error}"))?))
            }
        };
        // threads that are not there cannot be told to end
        std::mem::forget(owner.replace((here, pool)));
    }
    Ok(owner.as_ref().and_then(|(_, pool)| pool.clone()))
}
