//! Tries a function of the user before the crate relies on it.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::error::InvalidSetting;

thread_local! {
    /// Whether a panic on this thread becomes an error and is not to be printed.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}
static HOOK: Once = Once::new();

/// The result of `f`, or [`InvalidSetting::Panicked`] with the message when `f` panics. Such a panic
/// is not printed; all other panics are. A program built with `panic = "abort"` ends all the same.
pub(crate) fn guarded<R>(
    name: impl FnOnce() -> String,
    f: impl FnOnce() -> R,
) -> Result<R, InvalidSetting> {
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                print(panic);
            }
        }));
    });
    let before = QUIET.replace(true);
    // after an error, nothing that `f` has changed is used
    let result = catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    result.map_err(|panic| InvalidSetting::Panicked { name: name(), message: message(&*panic) })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_panics_become_errors() {
        assert_eq!(guarded(|| "seven".into(), || 7), Ok(7));
        let empty: Vec<i32> = Vec::new();
        let error = guarded(|| "the link g".into(), || empty[2]).unwrap_err();
        assert!(error.to_string().starts_with("the link g panicked when it was tried: index"));
        let literal = guarded(|| "f".into(), || panic!("no")).map(|()| 0).unwrap_err();
        assert_eq!(literal, InvalidSetting::Panicked { name: "f".into(), message: "no".into() });
        assert!(!QUIET.get());
    }
}
