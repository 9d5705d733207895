//! What a well-behaved HTTP server does not do: connections that are reset, heads that are none, and bodies that
//! break off, trickle or never end.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Whole,
    /// It breaks off in the middle, before the length it was announced with.
    CutOff,
    /// A byte at a time, with so long a pause.
    Drip(Duration),
    /// It never ends; what is given is only its beginning.
    Endless,
}

/// A body.
pub(crate) struct Payload {
    data: Bytes,
    pace: Pace,
    /// What is awaited before it goes on.
    pause: Option<Pin<Box<Sleep>>>,
    begun: bool,
    length: u64,
}

/// How long the first half is on its way before a body breaks off.
const BEFORE_CUT: Duration = Duration::from_millis(30);

/// What an endless body is made of, and how often it comes: enough to tire a reader, without a processor for itself.
const ENDLESS: &[u8] = &[b' '; 16 << 10];
const ENDLESS_PAUSE: Duration = Duration::from_millis(2);

impl Payload {
    pub(crate) fn new(whole: Bytes, pace: Pace) -> Self {
        let length = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        let data = if pace == Pace::CutOff { whole.slice(..whole.len() / 2) } else { whole };
        Self { data, pace, pause: None, begun: false, length }
    }

    fn wait(&mut self, duration: Duration) {
        self.pause = Some(Box::pin(sleep(duration)));
    }
}

impl hyper::body::Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let first = !std::mem::replace(&mut self.begun, true);
        let chunk = match self.pace {
            Pace::Whole => std::mem::take(&mut self.data),
            Pace::CutOff if first => {
                self.wait(BEFORE_CUT);
                std::mem::take(&mut self.data)
            }
            Pace::CutOff => return Poll::Ready(Some(Err(io::Error::other("cut off on purpose")))),
            Pace::Drip(every) => {
                self.wait(every);
                let one = self.data.slice(..self.data.len().min(1));
                self.data.advance(one.len());
                one
            }
            Pace::Endless if first && !self.data.is_empty() => std::mem::take(&mut self.data),
            Pace::Endless => {
                self.wait(ENDLESS_PAUSE);
                Bytes::from_static(ENDLESS)
            }
        };
        if chunk.is_empty() && self.pace != Pace::CutOff {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.pace == Pace::Endless { SizeHint::default() } else { SizeHint::with_exact(self.length) }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.pace, Pace::Whole | Pace::Drip(_)) && self.data.is_empty()
    }
}

/// What is to happen to a connection besides HTTP.
#[derive(Clone, Default)]
pub(crate) struct Mischief {
    reset: Arc<AtomicBool>,
    swallow: Arc<AtomicBool>,
    first: Arc<Mutex<Bytes>>,
}

impl Mischief {
    /// It is reset (RST) when it ends, in place of being closed.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// These bytes are sent before anything else.
    pub(crate) fn send_first(&self, bytes: Vec<u8>) {
        *self.first() = bytes.into();
    }

    /// These bytes are sent in place of everything else.
    pub(crate) fn send_only(&self, bytes: Vec<u8>) {
        self.send_first(bytes);
        self.swallow.store(true, Ordering::Relaxed);
    }

    fn first(&self) -> std::sync::MutexGuard<'_, Bytes> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to which mischief can be done.
pub(crate) struct Socket {
    stream: TcpStream,
    mischief: Mischief,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, mischief: Mischief) -> Self {
        // An answer is small and is waited for.
        let _ = stream.set_nodelay(true);
        Self { stream, mischief }
    }

    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let first = self.mischief.first().clone();
            if first.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &first))?;
            self.mischief.first().advance(written);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.mischief.reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_first(context))?;
        if self.mischief.swallow.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(buffer.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_first(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.mischief.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_first(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
