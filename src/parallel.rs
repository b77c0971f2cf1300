//! The same work on every item of a list, on as many threads as there are cores.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `work` on each item and gives its answers in the items' order. Each thread takes the next item that nobody has, with
/// a state of its own, made by `start`.
pub(crate) fn each<T: Sync, S, A: Send>(
    items: &[T],
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> A + Sync,
) -> Vec<A> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(items.len());
    let next = AtomicUsize::new(0);
    let take_all = || {
        let mut state = start();
        let mut answers = Vec::new();
        while let Some((at, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)))
        {
            answers.push((at, work(&mut state, item)));
        }
        answers
    };
    let mut answers = std::thread::scope(|scope| {
        // Where the system gives no more threads, those that there are do the work.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, take_all).ok();
        let others: Vec<_> = (1..threads).map_while(spawn).collect();
        let mut answers = take_all();
        for other in others {
            // A panic over there is one here.
            answers.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        answers
    });
    answers.sort_unstable_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn answers_come_in_the_items_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(each(&items, || (), |(), item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(each(&[] as &[usize], || (), |(), item| *item), [0; 0]);
    }
}
