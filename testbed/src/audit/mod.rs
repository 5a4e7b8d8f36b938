//! What really reached the API server: its audit log.

mod event;
mod waves;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

pub use event::Event;
pub use waves::waves;

use crate::control_plane::ControlPlane;
use crate::poll::poll;

impl ControlPlane {
    /// Every request of a user so far, in the order of their arrival.
    ///
    /// The log is written after the answer, so a marker request must appear in it first. A request that is not
    /// answered yet is not in it, except for a watch, which is logged when it begins.
    pub fn audit(&self, user: &str) -> Vec<Event> {
        self.read_audit(0, &format!("{user:?}"), |event| event.user == user)
    }

    /// Every request so far for which `wanted` holds, in the order of their arrival.
    pub fn audit_where(&self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        self.read_audit(0, "", wanted)
    }

    /// The length of the audit log once it holds every request so far, for [`Self::audit_since`].
    pub fn audit_position(&self) -> u64 {
        self.write_markers();
        let log = self.audit_log().metadata();
        log.expect("the audit log is readable").len()
    }

    /// Every request after `position` by a client whose `User-Agent` begins with `user_agent`, in the order of their
    /// arrival. It does not read what is before, so that many runs against one control plane take the same time each.
    pub fn audit_since(&self, position: u64, user_agent: &str) -> Vec<Event> {
        self.read_audit(position, user_agent, |event| {
            event.user_agent.starts_with(user_agent)
        })
    }

    /// The events of lines after `start` that hold `needle`: most lines need not be parsed.
    fn read_audit(&self, start: u64, needle: &str, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        self.write_markers();
        let mut log = File::open(self.audit_log()).expect("the audit log is readable");
        log.seek(SeekFrom::Start(start))
            .expect("the audit log is a file");
        let mut events: Vec<Event> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for line in BufReader::new(log).lines() {
            let line = line.expect("the audit log is text");
            if !line.contains(needle) {
                continue;
            }
            let Some(event) = serde_json::from_str(&line)
                .ok()
                .and_then(|json: Value| Event::parse(&json))
            else {
                continue; // the line that is being written
            };
            if wanted(&event) {
                // A watch is written when it begins and when it ends.
                if let Some(&begun) = places.get(&event.id) {
                    events[begun] = event;
                } else {
                    places.insert(event.id.clone(), events.len());
                    events.push(event);
                }
            }
        }
        events.sort_by_key(|event| event.received);
        events
    }

    fn audit_log(&self) -> PathBuf {
        self.directory().join("audit.log")
    }

    /// The second marker is sent when the first one is written: what was answered before this call had its turn.
    fn write_markers(&self) {
        self.write_marker();
        self.write_marker();
    }

    fn write_marker(&self) {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let marker = format!("/version?marker={number}.");
        let log = self.audit_log();
        let start = log.metadata().map_or(0, |metadata| metadata.len());
        if let Err(failure) = self.admin().get(&marker) {
            panic!("{failure}");
        }
        poll(|| tail(&log, start).contains(&marker).then_some(()))
            .unwrap_or_else(|| panic!("{marker} does not appear in {}", log.display()));
    }
}

fn tail(log: &Path, start: u64) -> String {
    let mut bytes = Vec::new();
    let _ = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut bytes)
    });
    String::from_utf8_lossy(&bytes).into_owned()
}
