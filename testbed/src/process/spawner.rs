//! The one thread that starts children.
//!
//! `PR_SET_PDEATHSIG` fires when the thread that spawned the child ends, and every Rust test is a thread of its
//! own: a shared control plane would die with the first test. This thread lives as long as the process.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

struct Order {
    command: Command,
    reply: Sender<io::Result<Child>>,
}

static SPAWNER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
    let (sender, orders) = channel::<Order>();
    thread::Builder::new()
        .name("spawner".into())
        .spawn(move || {
            for mut order in orders {
                // Nobody takes the child when whoever asked is gone; it then ends with this process.
                let _ = order.reply.send(order.command.spawn());
            }
        })
        .expect("a thread can be started");
    Mutex::new(sender)
});

/// Starts `command` from the thread that lives as long as this process.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let (reply, answer) = channel();
    SPAWNER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(Order { command, reply })
        .expect("the spawner runs as long as this process");
    answer.recv().expect("the spawner answers every order")
}
