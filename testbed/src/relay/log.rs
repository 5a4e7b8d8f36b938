//! The requests that arrived, for tests that wait for them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Request;

#[derive(Default)]
pub(super) struct Log {
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
}

impl Log {
    /// Gives the request its number and keeps it.
    pub(super) fn add(&self, mut request: Request) -> Request {
        let mut requests = self.requests();
        request.number = requests.len() + 1;
        requests.push(request.clone());
        self.arrived.notify_all();
        request
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.requests().clone()
    }

    /// What `find` makes of the requests so far, as soon as it makes something of them.
    pub(super) fn wait<T>(
        &self,
        timeout: Duration,
        find: impl Fn(&[Request]) -> Option<T>,
    ) -> Option<T> {
        let unfound = |requests: &mut Vec<Request>| find(requests).is_none();
        let waited = self
            .arrived
            .wait_timeout_while(self.requests(), timeout, unfound);
        let (requests, _) = waited.unwrap_or_else(PoisonError::into_inner);
        find(&requests)
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
