//! Work for all processors. Tasks are called through a pointer, so that rayon's machinery is compiled once and not for each
//! of them.

use std::sync::Mutex;

use rayon::prelude::*;

/// Tasks that wait at a time: as many as the prototype's prefetch threads.
const WAITING: usize = 16;

/// Does a task for each index below `count`.
pub(crate) fn for_each(count: usize, task: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().for_each(task);
}

/// The results of a task for each item, in order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], task: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::default()).collect();
    for_each(items.len(), &|at| {
        let result = task(&items[at]);
        if let Ok(mut slot) = results[at].lock() {
            *slot = Some(result);
        }
    });
    results.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect()
}

/// The same for tasks that wait for a network and not for a processor.
pub(crate) fn map_waiting<T: Sync, R: Send>(items: &[T], task: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    match rayon::ThreadPoolBuilder::new().num_threads(items.len().clamp(1, WAITING)).build() {
        Ok(pool) => pool.install(|| map(items, task)),
        Err(_) => map(items, task),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    #[test]
    fn as_many_wait_at_once_as_there_are_threads_for_it() {
        // Whoever comes too late waits for ever.
        let barrier = Barrier::new(super::WAITING);
        let items: Vec<usize> = (0..super::WAITING).collect();
        let task = |item: &usize| {
            barrier.wait();
            *item
        };
        assert_eq!(super::map_waiting(&items, task), items);
    }

    #[test]
    fn results_are_in_the_order_of_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(super::map(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
    }
}
