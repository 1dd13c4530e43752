//! Many questions, few at a time.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// Asks `ask` about each item, at most `width` at a time; the answers come in the order of the items.
///
/// A fixed set of workers draws from the list: joining one future per item would poll a thousand of them at every wake-up.
pub(crate) async fn pooled<'a, I, T, F>(items: &'a [I], width: usize, ask: impl Fn(&'a I) -> F) -> Vec<T>
where
    F: Future<Output = T>,
{
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<Option<T>>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || async {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let answer = ask(item).await;
            answers.lock().expect("no worker panics while it holds the lock")[index] = Some(answer);
        }
    };
    let mut workers: Vec<Pin<Box<_>>> = (0..width.min(items.len())).map(|_| Box::pin(worker())).collect();
    poll_fn(|context| {
        workers.retain_mut(|worker| worker.as_mut().poll(context).is_pending());
        if workers.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    drop(workers);
    let answers = answers.into_inner().expect("no worker panics while it holds the lock");
    answers.into_iter().map(|answer| answer.expect("every index was drawn by a worker that ran to its end")).collect()
}

/// Runs two futures side by side, the first one first at every wake-up.
pub(crate) async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(value) = first.as_mut().poll(context)
        {
            a = Some(value);
        }
        if b.is_none()
            && let Poll::Ready(value) = second.as_mut().poll(context)
        {
            b = Some(value);
        }
        if a.is_some() && b.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (a.expect("polled to its end"), b.expect("polled to its end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn order_and_width() {
        let busy = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let items: Vec<u64> = (0..50).collect();
        let answers = pooled(&items, 4, |item| {
            let (busy, most) = (&busy, &most);
            async move {
                most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(std::time::Duration::from_millis(50 - item)).await;
                busy.fetch_sub(1, Ordering::SeqCst);
                item * 2
            }
        })
        .await;
        assert_eq!(answers, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 4);
        let none: Vec<u64> = pooled(&[] as &[u64], 4, |item| async move { *item }).await;
        assert!(none.is_empty());
    }
}
