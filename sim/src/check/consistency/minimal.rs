//! As few operations as can be found that no history of a level has.

use super::history::Call;
use super::prepare::Prepared;

/// Takes away, or takes for unanswered, as much of a history as leaves it broken: from halves to single operations. Whoever is not answered may or may not have
/// happened, so a history is never broken for what was taken away. Who was met by others stays, and then may just as well be answered: that may spare somebody else.
/// Returns what is left, with the places.
pub(super) fn minimal(history: &[Call], mut is_broken: impl FnMut(&[Call]) -> bool) -> (Vec<u32>, Vec<Call>) {
    let mut left = Left { places: (0..history.len() as u32).collect(), calls: history.to_vec() };
    left.tidy();
    let mut size = left.answered().len().div_ceil(2).max(1);
    loop {
        let mut changed = false;
        let mut end = left.answered().len();
        while end > 0 {
            let answered = left.answered();
            // Less may have been left than was taken.
            end = end.min(answered.len());
            let begin = end.saturating_sub(size);
            let tried = left.without(&answered[begin..end]);
            if tried.calls.len() < left.calls.len() && is_broken(&tried.calls) {
                let whole = tried.as_it_was(history);
                left = if is_broken(&whole.calls) { whole } else { tried };
                changed = true;
            }
            end = begin;
        }
        match size {
            1 if !changed => return (left.places, left.calls),
            _ => size = size.div_ceil(2),
        }
    }
}

/// What is left of a history.
struct Left {
    places: Vec<u32>,
    calls: Vec<Call>,
}

impl Left {
    /// Where the answered operations are.
    fn answered(&self) -> Vec<usize> {
        (0..self.calls.len()).filter(|&at| self.calls[at].answered).collect()
    }

    fn without(&self, some: &[usize]) -> Left {
        let mut calls = self.calls.clone();
        some.iter().for_each(|&at| calls[at].answered = false);
        let mut left = Left { places: self.places.clone(), calls };
        left.tidy();
        left
    }

    /// The same operations, answered if they were.
    fn as_it_was(&self, history: &[Call]) -> Left {
        let calls = self.places.iter().map(|&place| history[place as usize]).collect();
        Left { places: self.places.clone(), calls }
    }

    /// Drops what cannot matter.
    fn tidy(&mut self) {
        let matter: Vec<usize> = Prepared::new(&self.calls).ops.iter().map(|op| op.place as usize).collect();
        self.places = matter.iter().map(|&at| self.places[at]).collect();
        self.calls = matter.iter().map(|&at| self.calls[at]).collect();
    }
}
