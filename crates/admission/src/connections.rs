//! A limit on connections: whoever reaches the port may open sockets, and before a handshake nothing
//! else is known of them.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

/// Connections at once, those in their handshake among them. An API server keeps a few for each
/// webhook, so that a control plane of five needs about 20; the rest is for restarts and for
/// scrapers that lost their way. Each holds about 100 KiB of buffers: 128 make 13 MiB.
pub(crate) const CONNECTIONS_MAX: usize = 128;

/// A handshake is two round trips and about a millisecond of CPU; who takes longer than this holds
/// a place for nothing.
pub(crate) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(3);

/// Accepts connections as long as there are not too many. One too many is closed at once: whoever
/// opened it asks again, while waiting would keep its socket as well.
#[derive(Clone, Debug)]
pub(crate) struct Limited {
    places: Arc<Semaphore>,
}

impl Limited {
    pub(crate) fn new(connections: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(connections)) }
    }
}

impl<I, S> Accept<I, S> for Limited {
    type Stream = I;
    type Service = Placed<S>;
    type Future = Ready<io::Result<(I, Placed<S>)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let place = Arc::clone(&self.places).try_acquire_owned();
        ready(match place {
            Ok(place) => Ok((stream, Placed { service, _place: Arc::new(place) })),
            Err(_) => Err(io::Error::other("too many connections")),
        })
    }
}

/// A connection's service, and with it the connection's place: it is there from before the handshake
/// until the connection ends.
#[derive(Clone, Debug)]
pub(crate) struct Placed<S> {
    service: S,
    _place: Arc<OwnedSemaphorePermit>,
}

impl<S: Service<R>, R> Service<R> for Placed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.service.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let limited = Limited::new(2);
        let accept = || limited.accept((), ()).into_inner().map(|((), service)| service);
        let (first, second) = (accept().unwrap(), accept().unwrap());
        assert!(accept().is_err());
        let answering = first.clone();
        drop(first);
        assert!(accept().is_err(), "a request is still answered on it");
        drop(answering);
        assert!(accept().is_ok());
        drop(second);
    }
}
