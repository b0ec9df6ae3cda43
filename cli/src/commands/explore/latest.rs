//! Which question of a page is its latest: work for an earlier one is given up.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// Open pages that are remembered.
const PAGES: usize = 32;

/// A question's number on its page; both are chosen by the page, and numbers grow.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    page: u64,
    number: u64,
}

/// The latest question of every page.
#[derive(Default)]
pub struct Latest {
    pages: Mutex<VecDeque<Ticket>>,
}

impl Latest {
    /// Remembers that this question was asked. The page that asked longest ago is forgotten when there
    /// are too many.
    pub fn asked(&self, ticket: Ticket) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pages.iter().position(|known| known.page == ticket.page);
        let known = known.and_then(|place| pages.remove(place)).map_or(0, |known| known.number);
        pages.push_back(Ticket { number: known.max(ticket.number), ..ticket });
        if pages.len() > PAGES {
            pages.pop_front();
        }
    }

    /// Whether the page has asked another question since.
    pub fn is_superseded(&self, ticket: Ticket) -> bool {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.iter().any(|known| known.page == ticket.page && known.number > ticket.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_questions_of_the_same_page_supersede() {
        let latest = Latest::default();
        let ticket = |page, number| Ticket { page, number };
        latest.asked(ticket(1, 5));
        latest.asked(ticket(2, 9));
        // arrives late
        latest.asked(ticket(1, 4));
        assert!(latest.is_superseded(ticket(1, 4)));
        assert!(!latest.is_superseded(ticket(1, 5)));
        assert!(!latest.is_superseded(ticket(2, 9)));
        assert!(!latest.is_superseded(ticket(3, 0)));
        (10..10 + PAGES as u64).for_each(|page| latest.asked(ticket(page, 0)));
        assert_eq!(latest.pages.lock().unwrap().len(), PAGES);
    }
}
