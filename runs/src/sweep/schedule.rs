//! Points in parallel, within a memory budget.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// A point that is still to be computed.
pub(super) struct Job {
    pub index: usize,
    pub bytes: u128,
}

/// What the caller of [`process`] is told.
pub(super) enum Event<'a, L> {
    /// These points are being computed.
    Started(&'a [usize]),
    /// A point has come out.
    Finished(L),
}

/// Computes every job on the current rayon pool, at most as many at once as it has threads and as
/// the budget holds, and tells `on_event`, on the calling thread. Jobs start in order. When `on_event`
/// breaks, no job is started any more; those that run are waited for and told of.
pub(super) fn process<L: Send>(
    jobs: Vec<Job>,
    budget: u128,
    compute: impl Fn(usize) -> L + Sync,
    mut on_event: impl FnMut(Event<'_, L>) -> ControlFlow<()>,
) {
    let mut waiting = VecDeque::from(jobs);
    let threads = rayon::current_num_threads();
    let compute = &compute;
    rayon::in_place_scope(|scope| {
        let (sender, receiver) = channel();
        let mut running: Vec<Job> = Vec::new();
        let mut stopped = false;
        loop {
            let mut used: u128 = running.iter().map(|job| job.bytes).sum();
            while running.len() < threads && !stopped {
                let fits = |job: &Job| used.saturating_add(job.bytes) <= budget;
                if !waiting.front().is_some_and(fits) {
                    break;
                }
                let Some(job) = waiting.pop_front() else { break };
                let (index, sender) = (job.index, sender.clone());
                // the receiver outlives every job
                scope.spawn(move |_| drop(sender.send((index, compute(index)))));
                used += job.bytes;
                running.push(job);
            }
            if running.is_empty() {
                return;
            }
            let indices: Vec<usize> = running.iter().map(|job| job.index).collect();
            stopped |= on_event(Event::Started(&indices)).is_break();
            let Some((index, line)) = receive(&receiver) else { return };
            running.retain(|job| job.index != index);
            stopped |= on_event(Event::Finished(line)).is_break();
        }
    });
}

/// The next result. A thread of the pool works while it waits, for it may be the only one.
fn receive<M>(receiver: &Receiver<M>) -> Option<M> {
    if rayon::current_thread_index().is_none() {
        return receiver.recv().ok();
    }
    loop {
        let patience = match rayon::yield_now() {
            Some(rayon::Yield::Executed) => Duration::ZERO,
            _ => Duration::from_millis(2),
        };
        match receiver.recv_timeout(patience) {
            Ok(message) => return Some(message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}
