//! Ctrl-C, SIGTERM and SIGHUP.

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use crate::engine::Cancel;
use crate::report;

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
