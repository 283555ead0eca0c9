//! Ctrl-C, SIGTERM and SIGHUP.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use super::exit::{Exit, Stop};
use crate::engine::Cancel;
use crate::report;

/// A question is open: nothing runs that a signal would have to wait for.
static IS_ASKING: AtomicBool = AtomicBool::new(false);

/// Asks on the terminal ([`report::ask`]). A signal ends the question, and the run with it.
pub async fn ask(cancel: &Cancel, question: String) -> Result<Option<String>, Stop> {
    IS_ASKING.store(true, Ordering::Relaxed);
    // Reading blocks, and nothing but the end of the program ends it.
    let answer = tokio::task::spawn_blocking(move || report::ask(&question));
    let answer = tokio::select! {
        answer = answer => Ok(answer.ok().flatten()),
        () = cancel.stopped() => Err(Stop::said(Exit::Interrupted)),
    };
    IS_ASKING.store(false, Ordering::Relaxed);
    answer
}

/// Listens for the rest of the run: the first signal stops it gently, the second leaves what is
/// running to the hosts, the third ends the program.
pub fn listen(cancel: &Cancel) {
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let cancel = cancel.clone();
        tokio::spawn(async move {
            let Ok(mut signals) = signal(kind) else { return };
            let mut count = 0;
            while signals.recv().await.is_some() {
                count += 1;
                match count {
                    // The cursor stands behind the question.
                    1 if IS_ASKING.load(Ordering::Relaxed) => {
                        report::err("");
                        cancel.stop();
                    }
                    1 => {
                        report::err(
                            "stopping: no new step begins; running ones get 8 s (once more to leave them at once)",
                        );
                        cancel.stop();
                    }
                    2 => cancel.leave(),
                    _ => leave(),
                }
            }
        });
    }
}

/// Waits for the first signal, for verbs that have nothing to wind up.
pub async fn first() {
    let cancel = Cancel::default();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let cancel = cancel.clone();
        tokio::spawn(async move {
            let Ok(mut signals) = signal(kind) else { return };
            if signals.recv().await.is_some() {
                cancel.stop();
            }
        });
    }
    cancel.stopped().await;
}

#[expect(clippy::exit, reason = "the operator asked three times")]
fn leave() {
    std::process::exit(Exit::Interrupted as i32)
}
